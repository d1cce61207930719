import { toIso } from '../clock.ts';
import { HOUR_MS } from '../core/time.ts';
import { type CheckedRequest, paymentData, WORDS } from './contract.ts';
import type { Behaviour } from './options.ts';
import type { GatewayPayment, Payments, Status } from './payments.ts';
import type { Draw } from './random.ts';
import type { Traffic } from './traffic.ts';

/** What happens to a payment after it was accepted: a final status, then one callback. */
export class Processing {
  readonly #behaviour: Behaviour;
  readonly #payments: Payments;
  readonly #traffic: Traffic;
  readonly #stopped = new AbortController();
  readonly #cancels = new Set<() => void>();

  constructor(behaviour: Behaviour, payments: Payments, traffic: Traffic) {
    this.#behaviour = behaviour;
    this.#payments = payments;
    this.#traffic = traffic;
  }

  /** Records a payment as PENDING and begins to process it. There is no idempotency: each call is another charge. */
  accept(checked: CheckedRequest, userId: string, draw: Draw): GatewayPayment {
    const { clock, delays } = this.#behaviour;
    const { callbackUrl, ...asked } = checked;
    const payment: GatewayPayment = {
      ...asked,
      userId,
      transactionKey: this.#newKey(draw),
      status: 'PENDING',
      reason: null,
      createdAt: clock.now(),
    };
    this.#payments.record(payment);
    this.#later(delays.processing?.(draw) ?? 0, () => {
      const [status, reason] = this.#fate(draw('fate'));
      const settled = this.#payments.settle(payment.transactionKey, status, reason);
      if (settled !== undefined) this.#call(callbackUrl, settled, draw);
    });
    return payment;
  }

  /** What is being processed stays PENDING; callbacks on their way are lost. */
  stop(): void {
    this.reset();
    this.#stopped.abort();
  }

  /** Forgets what is being processed. */
  reset(): void {
    for (const cancel of this.#cancels) cancel();
    this.#cancels.clear();
  }

  #fate(drawn: number): readonly [Status, string] {
    const { limitExceededRate, invalidCardRate } = this.#behaviour;
    if (drawn < limitExceededRate) return ['FAILED', WORDS.limitExceeded];
    if (drawn < limitExceededRate + invalidCardRate) return ['FAILED', WORDS.invalidCard];
    return ['SUCCESS', WORDS.approved];
  }

  #later(waitMs: number, call: () => void): void {
    const cancel = this.#behaviour.clock.after(waitMs, () => {
      this.#cancels.delete(cancel);
      call();
    });
    this.#cancels.add(cancel);
  }

  /** The day in Seoul and six hex digits, one after the other until a key is free. */
  #newKey(draw: Draw): string {
    const day = seoulDay(this.#behaviour.clock.now());
    let digits = Math.floor(draw('key') * KEYS_PER_DAY);
    for (;;) {
      const key = `${day}:TR:${digits.toString(16).padStart(6, '0')}`;
      if (!this.#payments.has(key)) return key;
      digits = (digits + 1) % KEYS_PER_DAY;
    }
  }

  /** One POST, without an envelope, a signature, a time-out or a second try; trouble is dropped. */
  #call(callbackUrl: string, payment: GatewayPayment, draw: Draw): void {
    const { callbacks, lostCallbackRate, callbackOrigin } = this.#behaviour;
    if (!callbacks) return;
    const counts = this.#traffic.callbacks;
    if (draw('callback lost') < lostCallbackRate) {
      counts.lost += 1;
      return;
    }
    const url =
      callbackOrigin === null ? callbackUrl : callbackUrl.replace(SHOP_ORIGIN, callbackOrigin);
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(paymentData(payment)),
      redirect: 'manual',
      signal: this.#stopped.signal,
    })
      .then(async (response) => {
        await response.body?.cancel();
        if (response.ok) counts.sent += 1;
        else counts.failed += 1;
      })
      .catch(() => {
        counts.failed += 1;
      });
  }
}

/** Six hex digits. */
const KEYS_PER_DAY = 16 ** 6;

const SHOP_ORIGIN = /^http:\/\/localhost:8080/;

/** Korea has no summer time. */
function seoulDay(now: number): string {
  return toIso(now + 9 * HOUR_MS)
    .slice(0, 10)
    .replaceAll('-', '');
}

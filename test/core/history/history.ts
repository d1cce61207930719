import { deepStrictEqual, equal, ok } from 'node:assert/strict';
import { decide, holdForInternalError } from '../../../lib/core/decide.ts';
import type { Case, Decision } from '../../../lib/core/decision.ts';
import type { Heard, Transaction } from '../../../lib/core/gateway.ts';
import { assertDecision } from '../../../lib/core/invariants.ts';
import { isUnresolved, type Payment, pendingPayment } from '../../../lib/core/payment.ts';
import type { Policy } from '../../../lib/core/policy.ts';
import { MAX_ROUNDS, questions } from '../../../lib/core/questions.ts';
import { applyRequest } from '../../../lib/core/request.ts';
import { recordRefund, resolve } from '../../../lib/core/resolve.ts';
import { apply } from '../apply.ts';
import { deepFreeze } from '../freeze.ts';
import { situation } from '../language.ts';
import { AMOUNT, CURRENCY, duration, NOW } from '../words.ts';
import { answerOf, type Reply, type Step } from './steps.ts';

/** Decisions in a row until the same answers change nothing more. */
const MAX_DECISIONS_TO_QUIET = 3;

/** Payments that a history records; further ones are left out to keep histories small. */
const MAX_RECORDED = 6;

/** One order through a history of steps, with everything checked that must hold after each of them. */
export class History {
  #case: Case;
  #now = NOW;
  #recorded = 0;
  #completions = 0;
  #taken = 0;
  readonly #policy: Policy;
  readonly #told = new Set<string>();
  /** What each gateway last said of each transaction of ours. */
  readonly #money = new Map<string, Transaction>();

  constructor(stored: string) {
    const { theCase, policy } = situation(
      `${stored}; bank is configured too; wallet is configured too; pg is configured too`,
      '',
    );
    this.#case = deepFreeze(theCase);
    this.#policy = deepFreeze(policy);
  }

  get theCase(): Case {
    return this.#case;
  }

  take(step: Step): void {
    const payment = 'which' in step ? this.#payment(step.which) : undefined;
    switch (step.kind) {
      case 'wait':
        this.#now += duration(step.howLong);
        break;
      case 'look':
        this.#look(step.nudged, step.replies);
        break;
      case 'resolve': {
        const resolution = { state: step.state, paymentId: payment?.id ?? null };
        const outcome = resolve(this.#case, resolution, this.#policy, this.#now);
        if (!('refused' in outcome)) this.#commit(outcome);
        break;
      }
      case 'refund_by_hand': {
        if (payment === undefined) break;
        const outcome = recordRefund(this.#case, payment.id, 'R-1', this.#policy, this.#now);
        if (outcome !== 'same' && !('refused' in outcome)) this.#commit(outcome);
        break;
      }
      case 'request_ended':
        if (payment !== undefined) {
          this.#commit(applyRequest(this.#case, payment.id, step.result, this.#now));
        }
        break;
      case 'pay_again':
        this.#record(step.gateway, step.key);
        break;
      case 'callback':
        this.#set({ noticed: [...this.#case.noticed, { gateway: step.gateway, key: step.key }] });
        break;
      case 'stock':
        this.#set({ stock: this.#case.stock.map((one) => ({ ...one, onHand: step.onHand })) });
        break;
      case 'bug':
        this.#commit(holdForInternalError(this.#case, this.#now));
        break;
    }
  }

  #look(nudged: boolean, replies: readonly Reply[]): void {
    const heard = deepFreeze(this.#ask(nudged, replies));
    const before = this.#case;
    const decision = decide(before, heard, this.#policy, this.#now);
    deepStrictEqual(decide(before, heard, this.#policy, this.#now), decision, 'deterministic');
    this.#hear(heard);
    this.#commit(decision);
    this.#comesToRest(heard);
  }

  #ask(nudged: boolean, replies: readonly Reply[]): Heard[] {
    const heard: Heard[] = [];
    for (let round = 0; ; round += 1) {
      const asked = questions(this.#case, heard, this.#policy, this.#now, nudged);
      if (asked.length === 0) break;
      ok(round < MAX_ROUNDS, 'a look has an end');
      for (const question of asked) {
        if (question.kind === 'inquire') {
          ok(!heard.some((one) => one.question.gateway === question.gateway), 'asked once');
        } else {
          const due = this.#case.payments.find(
            (one) => one.gateway === question.gateway && one.transactionKey === question.key,
          );
          equal(due?.state, 'refund_due', 'a refund is asked for only when committed as due');
          equal(question.amount, due?.refundDue, 'what is due goes back, and no more');
        }
        const reply = replies[heard.length % replies.length];
        if (reply === undefined) throw new Error('a look needs a reply');
        heard.push({ question, answer: answerOf(question, reply, this.#now) });
      }
    }
    return heard;
  }

  #hear(heard: readonly Heard[]): void {
    for (const { question, answer } of heard) {
      if (question.kind !== 'inquire' || answer.kind !== 'statement') continue;
      const first = new Map(answer.transactions.toReversed().map((one) => [one.key, one]));
      for (const [key, one] of first) this.#money.set(`${question.gateway} ${key}`, one);
    }
  }

  #commit(decision: Decision): void {
    const before = this.#case;
    assertDecision(before, decision);
    deepFreeze(decision);
    this.#case = deepFreeze(apply(before, decision));
    const completes = before.order.state !== 'completed' && decision.order.state === 'completed';
    if (completes) this.#completions += 1;
    this.#taken += decision.take.reduce((sum, { quantity }) => sum + quantity, 0);
    for (const { key, topic, paymentId, reason } of decision.effects) {
      ok(!this.#told.has(key), `${key} is told once`);
      this.#told.add(key);
      if (topic !== 'order.attention') continue;
      const what = `${paymentId} ${reason}`;
      ok(!this.#told.has(what), `a person is told once of ${what}`);
      this.#told.add(what);
    }
    this.#check();
  }

  #check(): void {
    const { order, payments, stock, items } = this.#case;
    ok(this.#completions <= 1, 'an order completes at most once');
    const due = this.#completions * items.reduce((sum, { quantity }) => sum + quantity, 0);
    equal(this.#taken, due, 'stock is taken once, by completing');
    ok(
      stock.every(({ onHand }) => onHand >= 0),
      'stock is never negative',
    );
    const keys = payments.filter(({ transactionKey }) => transactionKey !== null);
    const distinct = new Set(keys.map((one) => `${one.gateway} ${one.transactionKey}`));
    equal(distinct.size, keys.length, 'a transaction belongs to one payment');
    equal(new Set(payments.map(({ id }) => id)).size, payments.length, 'ids are unique');
    const lasting = payments.some((one) => isUnresolved(one) && one.presumedAt === null);
    const owed = payments.some(({ state }) => state === 'refund_due');
    const final = order.state === 'completed' || order.state === 'failed';
    ok(order.lookAt !== null || (final && !lasting && !owed), 'what is unresolved is looked at');
    if (final) this.#accountForMoney(payments);
  }

  /** Captured money pays for the order, or goes back, whoever forgot about it. */
  #accountForMoney(payments: readonly Payment[]): void {
    for (const [where, { status, orderId, amount, currency }] of this.#money) {
      if (status !== 'succeeded' || amount === 0) continue;
      if (orderId !== this.#case.order.id || currency !== CURRENCY) continue;
      const payment = payments.find((one) => `${one.gateway} ${one.transactionKey}` === where);
      const accounted = ['succeeded', 'refund_due', 'refunded'];
      ok(accounted.includes(payment?.state ?? ''), `the money of ${where} is accounted for`);
    }
  }

  /** The same answers again soon change nothing more. */
  #comesToRest(heard: readonly Heard[]): void {
    let again = this.#case;
    for (let count = 0; count <= MAX_DECISIONS_TO_QUIET; count += 1) {
      const decision = decide(again, heard, this.#policy, this.#now);
      assertDecision(again, decision);
      if (!decision.changed) return;
      again = apply(again, decision);
    }
    throw new Error('the same answers change the order for ever');
  }

  #record(gateway: string | null, key: string | null): void {
    const { payments, order } = this.#case;
    const taken = payments.some((one) => one.gateway === gateway && one.transactionKey === key);
    if ((key !== null && taken) || payments.length >= MAX_RECORDED) return;
    this.#recorded += 1;
    const payment = pendingPayment({
      id: `recorded-${this.#recorded}`,
      gateway,
      method: 'CARD',
      amount: AMOUNT,
      transactionKey: key,
      requestedAt: this.#now,
    });
    this.#set({
      order: { ...order, version: order.version + 1, lookAt: this.#now },
      payments: [...payments, payment],
    });
  }

  #payment(which: number): Payment | undefined {
    return this.#case.payments[which % (this.#case.payments.length || 1)];
  }

  #set(change: Partial<Case>): void {
    this.#case = deepFreeze({ ...this.#case, ...change });
  }
}

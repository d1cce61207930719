import type { Test } from 'tap';
import type { Answer } from '../../lib/core/gateway.ts';
import type { Gateway, GatewayKind, GatewaySettings } from '../../lib/gateways/port.ts';
import { inquiry, paymentRequest } from './settings.ts';

/** What a gateway of some kind is told to hold, in words of all gateways. */
export interface Staged {
  readonly key: string;
  readonly orderId: string;
  readonly amount: number;
  readonly status: 'succeeded' | 'failed' | 'pending';
}

/** A real gateway of the kind, started for one test. */
export interface Stage {
  readonly settings: GatewaySettings;
  /** Bodies of the callbacks that it sent. */
  nextCallback(): Promise<Uint8Array>;
  close(): Promise<void>;
}

export interface Troubles {
  /** Never answers a lookup. */
  readonly hangs?: boolean;
}

export type Start = (staged: readonly Staged[], troubles: Troubles) => Promise<Stage>;

/** A payment by card that the gateway sees, and whose digits may never come back from the adapter. */
const CARD_DIGITS = ['1234567898141451', '1234-5678-9814-1451'];

/** What every kind of gateway promises, tried against a real one. */
export function gatewayContract(t: Test, kind: GatewayKind, start: Start): void {
  async function withGateway(
    t: Test,
    staged: readonly Staged[],
    run: (gateway: Gateway, stage: Stage) => Promise<void>,
    troubles: Troubles = {},
    changes: Partial<GatewaySettings> = {},
  ): Promise<void> {
    const stage = await start(staged, troubles);
    t.teardown(() => stage.close());
    const gateway = kind.connect({ ...stage.settings, ...changes });
    t.teardown(() => gateway.close());
    await run(gateway, stage);
  }

  const captured: Staged = { key: 'K1', orderId: 'ORDER000001', amount: 5000, status: 'succeeded' };
  const declined: Staged = { ...captured, key: 'K2', status: 'failed' };
  const open: Staged = { ...captured, key: 'K3', status: 'pending' };
  const second: Staged = { ...captured, key: 'K4', amount: 7000 };
  const foreign: Staged = { ...captured, key: 'K5', orderId: 'ORDER000002' };

  for (const staged of [captured, declined, open]) {
    t.test(`a ${staged.status} payment is found by its key`, (t) =>
      withGateway(t, [staged], async (gateway) => {
        const { outcome } = await gateway.inquire(inquiry({ keys: [staged.key] }));
        t.match(statement(outcome).transactions, [{ ...staged, currency: 'KRW' }]);
        t.strictSame(statement(outcome).absentKeys, []);
        t.strictSame(statement(outcome).silentKeys, []);
      }),
    );
  }

  t.test('a captured key costs one request', (t) =>
    withGateway(t, [captured, declined], async (gateway) => {
      const { exchanges } = await gateway.inquire(inquiry({ keys: ['K1'] }));
      t.strictSame(
        exchanges.map(({ kind, result, retryAfterMs }) => ({ kind, result, retryAfterMs })),
        [{ kind: 'lookup', result: 'answered', retryAfterMs: null }],
      );
      t.ok(exchanges.every(({ durationMs }) => durationMs > 0 && durationMs < 60_000));
    }),
  );

  t.test('a key that the gateway never heard of is absent, in its own words', (t) =>
    withGateway(t, [], async (gateway) => {
      const { outcome, exchanges } = await gateway.inquire(inquiry({ keys: ['K9'] }));
      t.strictSame(statement(outcome).absentKeys, ['K9']);
      t.strictSame(statement(outcome).silentKeys, []);
      t.ok(exchanges.every(({ result }) => result === 'answered'));
    }),
  );

  t.test('the transaction of another order is reported as it is', (t) =>
    withGateway(t, [foreign], async (gateway) => {
      const { outcome } = await gateway.inquire(inquiry({ keys: ['K5'] }));
      t.match(statement(outcome).transactions, [{ key: 'K5', orderId: 'ORDER000002' }]);
    }),
  );

  if (kind.capabilities.canList) {
    t.test('a payment without a key is found by its order id, with its amount', (t) =>
      withGateway(t, [captured, foreign], async (gateway) => {
        const { outcome } = await gateway.inquire(inquiry({ keys: [] }));
        t.match(statement(outcome).transactions, [captured]);
        t.equal(statement(outcome).transactions.length, 1);
        t.equal(statement(outcome).complete, true);
      }),
    );

    t.test('an order that the gateway never heard of: a complete list of nothing', (t) =>
      withGateway(t, [foreign], async (gateway) => {
        const { outcome } = await gateway.inquire(inquiry({ keys: [] }));
        t.strictSame(outcome, {
          kind: 'statement',
          transactions: [],
          absentKeys: [],
          silentKeys: [],
          complete: true,
        });
      }),
    );

    t.test('a key that is not captured makes it list what else there is', (t) =>
      withGateway(t, [declined, captured], async (gateway) => {
        const { outcome } = await gateway.inquire(inquiry({ keys: ['K2'] }));
        t.match(statement(outcome).transactions, [declined, captured]);
        t.equal(statement(outcome).complete, true);
      }),
    );

    t.test('asked for all, a second capture is seen beside the first', (t) =>
      withGateway(t, [captured, second], async (gateway) => {
        const { outcome } = await gateway.inquire(inquiry({ keys: ['K1'], listAll: true }));
        t.match(statement(outcome).transactions, [captured, second]);
        t.equal(statement(outcome).complete, true);
      }),
    );
  }

  t.test('a gateway that hangs is silent when the deadline has passed', (t) =>
    withGateway(
      t,
      [captured],
      async (gateway) => {
        const { outcome, exchanges } = await gateway.inquire(inquiry({ keys: ['K1'] }));
        t.strictSame(outcome, { kind: 'silent', cause: 'timeout' });
        t.ok(exchanges.every(({ result, status }) => result === 'timeout' && status === null));
      },
      { hangs: true },
      { lookupTimeoutMs: 50 },
    ),
  );

  t.test('a gateway that is gone is silent', async (t) => {
    const stage = await start([], {});
    await stage.close();
    const gateway = kind.connect(stage.settings);
    t.teardown(() => gateway.close());
    t.strictSame((await gateway.inquire(inquiry())).outcome, {
      kind: 'silent',
      cause: 'connection',
    });
  });

  t.test('a closed gateway is silent, and can be closed again', (t) =>
    withGateway(t, [captured], async (gateway) => {
      await gateway.close();
      const { outcome } = await gateway.inquire(inquiry({ keys: ['K1'] }));
      t.strictSame(outcome, { kind: 'silent', cause: 'stopping' });
    }),
  );

  t.test('no card number comes out of it', (t) =>
    withGateway(t, [captured, declined], async (gateway) => {
      const asked = await gateway.inquire(inquiry({ keys: ['K1'], listAll: true }));
      for (const digits of CARD_DIGITS) t.notMatch(JSON.stringify(asked), digits);
    }),
  );

  t.test('a callback that is not one is refused with a reason', async (t) => {
    for (const body of [
      '',
      '{',
      '[]',
      'null',
      '"text"',
      '{}',
      '{"transactionKey":7}',
      '\xff',
      '{"orderId":"\xff"}',
    ]) {
      const reading = kind.readCallback(Buffer.from(body, 'latin1'));
      t.match(
        reading,
        { kind: 'unreadable', flaw: /^(not_json|names_nothing)$/, problem: /\w/ },
        body,
      );
    }
  });

  t.test('an accepted request can be found, and its callback names it', (t) =>
    withGateway(t, [], async (gateway, stage) => {
      const asked = await gateway.request?.(paymentRequest());
      const key = asked?.outcome.kind === 'accepted' ? asked.outcome.key : 'not accepted';
      const body = await stage.nextCallback();
      const reading = kind.readCallback(body);
      t.match(reading, { kind: 'notice', key, orderId: 'ORDER000001', eventId: /^.{8,}$/ });
      t.strictSame(kind.readCallback(body), reading, 'a repeat is recognised');
      const { outcome } = await gateway.inquire(inquiry({ keys: [key] }));
      t.match(statement(outcome).transactions, [{ key, orderId: 'ORDER000001', amount: 5000 }]);
      for (const digits of CARD_DIGITS) {
        t.notMatch(JSON.stringify([asked, reading, outcome]), digits);
      }
    }),
  );

  t.test('a refused request is told with the reason, and nothing is recorded', (t) =>
    withGateway(t, [], async (gateway) => {
      const asked = await gateway.request?.(paymentRequest({ cardNo: 'no card at all' }));
      t.match(asked?.outcome, { kind: 'refused', reason: /./ });
      const { outcome } = await gateway.inquire(inquiry({ keys: [] }));
      t.strictSame(statement(outcome).transactions, []);
    }),
  );

  t.test('a request to a gateway that is gone has not reached it', async (t) => {
    const stage = await start([], {});
    await stage.close();
    const gateway = kind.connect(stage.settings);
    t.teardown(() => gateway.close());
    const asked = await gateway.request?.(paymentRequest());
    t.strictSame(asked?.outcome, { kind: 'not_reached', cause: 'connection' });
  });
}

/** The statement that an answer is; fails the test when it is none. */
export function statement(answer: Answer): Extract<Answer, { kind: 'statement' }> {
  if (answer.kind !== 'statement') throw new Error(`no statement but ${JSON.stringify(answer)}`);
  return answer;
}

import fc from 'fast-check';
import t from 'tap';
import type { Exchange } from '../../lib/gateways/port.ts';
import type { Permit } from '../../lib/pools/circuit.ts';
import { GatewayLimits, type LimitChange, type LimitSettings } from '../../lib/pools/limits.ts';

// What users settled on, with a minimum that a test can count.
const SETTINGS: LimitSettings = {
  maxInFlight: 10,
  ratePerSecond: null,
  breaker: {
    failures: 0.6,
    windowMs: 30_000,
    minimum: 5,
    openMs: 10_000,
    halfOpen: 5,
    slowMs: 2_000,
  },
};

/**
 * Asks about one order after the other, each answered before the next; each word is an exchange: `timeout`, `answered:slow`,
 * `answered:just` (as long as one may take) …
 */
function hear(limits: GatewayLimits, atMs: number, words: string): readonly string[] {
  const told: LimitChange[] = [];
  for (const [place, order] of words.split(' ').entries()) {
    told.push(...limits.turn(atMs));
    const admission = limits.admit(atMs);
    if (admission.kind !== 'admitted') return [...told.map(word), `not asked: ${order}`];
    told.push(...limits.heard(admission.permit, `order-${place}`, exchangesOf(order), atMs));
    limits.release();
  }
  return told.map(word);
}

function word(change: LimitChange): string {
  if (change.kind === 'misconfigured') return `misconfigured ${change.status}`;
  return `${change.state} (${change.cause})`;
}

/** `answered+timeout`: two requests about one order. */
function exchangesOf(order: string): readonly Exchange[] {
  return order === 'lost' ? [] : order.split('+').map(exchangeOf);
}

function exchangeOf(text: string): Exchange {
  const [what = '', ...how] = text.split(':');
  const [kind, result] = what.startsWith('request-')
    ? (['request', what.slice('request-'.length)] as const)
    : (['lookup', what] as const);
  const pause = how.find((part) => part.startsWith('retry'));
  return {
    kind,
    result: result as Exchange['result'],
    durationMs: how.includes('slow') ? 2_001 : how.includes('just') ? 2_000 : 120,
    status: result === 'misconfigured' ? 401 : result === 'bad_request' ? 400 : null,
    retryAfterMs: pause === undefined ? null : Number(pause.slice('retry'.length)),
  };
}

t.test('what opens a closed circuit', async (t) => {
  const rows: readonly [name: string, words: string, told: readonly string[]][] = [
    ['only answers', 'answered answered answered answered answered', []],
    ['too few to tell', 'timeout timeout timeout timeout', []],
    [
      'six of ten failed',
      'answered answered answered answered timeout connection server_error unreadable redirected timeout',
      ['open (failures)'],
    ],
    [
      'five of ten failed',
      'answered answered answered answered answered timeout timeout timeout timeout timeout',
      [],
    ],
    [
      'slow ones count as failed',
      'answered:slow answered:slow answered:slow answered answered',
      ['open (failures)'],
    ],
    [
      'those that take just as long as they may do not',
      'answered:just answered:just answered:just answered answered',
      [],
    ],
    [
      'two requests about one order count twice',
      'timeout+timeout timeout+timeout timeout',
      ['open (failures)'],
    ],
    ['a rate limit is a pause and no failure', 'rate_limited answered', ['not asked: answered']],
    ['lost ones say nothing', 'lost lost lost lost lost lost timeout timeout timeout timeout', []],
    [
      'refused credentials, at once',
      'misconfigured',
      ['misconfigured 401', 'open (misconfigured)'],
    ],
    [
      'three orders in a row called a bad request',
      'bad_request bad_request bad_request',
      ['misconfigured 400', 'open (misconfigured)'],
    ],
    [
      'a listing that is a bad request for three orders, beside lookups that are answered',
      'answered+bad_request answered+bad_request answered+bad_request',
      ['misconfigured 400', 'open (misconfigured)'],
    ],
    [
      'an answer in between',
      'bad_request bad_request answered bad_request bad_request answered bad_request',
      [],
    ],
    [
      'payment requests that the gateway failed are normal',
      'request-server_error request-server_error request-server_error request-server_error request-server_error',
      [],
    ],
    [
      'payment requests of a wrong form are the shop’s affair',
      'request-bad_request request-bad_request request-bad_request request-bad_request',
      [],
    ],
    [
      'a bad request is an answer, and makes the five complete',
      'timeout timeout timeout timeout bad_request',
      ['open (failures)'],
    ],
    [
      'payment requests of a wrong form, or that the gateway failed, say nothing',
      'timeout timeout timeout timeout request-bad_request request-server_error',
      [],
    ],
    [
      'payment requests that time out are failures',
      'request-timeout request-timeout request-timeout answered answered',
      ['open (failures)'],
    ],
  ];
  for (const [name, words, told] of rows) {
    t.same(hear(new GatewayLimits(SETTINGS), 0, words), told, name);
  }
});

t.test('the same order called a bad request three times is its own fault', async (t) => {
  const limits = new GatewayLimits(SETTINGS);
  for (const _ of [1, 2, 3]) {
    const admission = limits.admit(0);
    if (admission.kind !== 'admitted') throw new Error('not admitted');
    t.same(limits.heard(admission.permit, 'one', exchangesOf('bad_request'), 0), []);
    limits.release();
  }
  t.equal(limits.circuit, 'closed');
});

t.test('failures are forgotten with the window', async (t) => {
  const limits = new GatewayLimits(SETTINGS);
  hear(limits, 0, 'timeout timeout timeout timeout');
  t.same(hear(limits, 30_000, 'timeout'), [], 'the first four are thirty seconds old');
  t.same(hear(limits, 40_000, 'timeout timeout timeout timeout'), ['open (failures)']);
});

t.test('an open circuit', async (t) => {
  const opened = (): GatewayLimits => {
    const limits = new GatewayLimits(SETTINGS);
    hear(limits, 0, 'timeout timeout timeout timeout timeout');
    return limits;
  };

  t.test('lets none pass until its time', async (t) => {
    const limits = opened();
    t.same(hear(limits, 9_999, 'answered'), ['not asked: answered']);
    t.equal(limits.refusedForMs(4_000), 6_000);
    t.equal(limits.freeSlots(), 0);
  });

  const rows: readonly [name: string, words: string, told: readonly string[]][] = [
    ['one trial is not enough', 'answered', ['half_open (time)']],
    [
      'three of five answered',
      'answered timeout answered answered',
      ['half_open (time)', 'closed (trials_answered)'],
    ],
    [
      'three of five failed',
      'answered timeout answered timeout timeout',
      ['half_open (time)', 'open (trials_failed)'],
    ],
    [
      'a slow trial is a failed one',
      'answered:slow answered:slow answered:slow',
      ['half_open (time)', 'open (trials_failed)'],
    ],
    [
      'a trial is one order, however many requests it took',
      'answered+timeout answered+answered answered+timeout answered',
      ['half_open (time)'],
    ],
    [
      'trials that brought nothing are made again',
      'lost lost lost lost lost lost answered answered answered',
      ['half_open (time)', 'closed (trials_answered)'],
    ],
    ['and say nothing', 'lost lost lost', ['half_open (time)']],
    [
      'one that is refused does not count as answered',
      'answered answered answered+misconfigured',
      ['half_open (time)', 'misconfigured 401', 'open (misconfigured)'],
    ],
    [
      'once it is closed what came before it is forgotten',
      'answered answered answered timeout timeout timeout timeout',
      ['half_open (time)', 'closed (trials_answered)'],
    ],
    [
      'refused credentials, at once',
      'answered misconfigured',
      ['half_open (time)', 'misconfigured 401', 'open (misconfigured)'],
    ],
  ];
  for (const [name, words, told] of rows) t.same(hear(opened(), 10_000, words), told, name);

  t.test('lets only the trials pass', async (t) => {
    const limits = opened();
    limits.turn(10_000);
    t.equal(limits.ahead(10_000), null, 'none is given ahead');
    t.equal(limits.freeSlots(), 5);
    const kinds = Array.from({ length: 7 }, () => limits.admit(10_000).kind);
    t.same(kinds, ['admitted', 'admitted', 'admitted', 'admitted', 'admitted', 'full', 'full']);
  });

  t.test('and in the place of one that was heard no other one', async (t) => {
    const limits = opened();
    hear(limits, 10_000, 'answered timeout answered timeout');
    t.equal(limits.freeSlots(), 1);
    t.equal(limits.admit(10_000).kind, 'admitted');
    t.equal(limits.admit(10_000).kind, 'full');
  });

  t.test('what was asked before it opened says nothing about the trials', async (t) => {
    const limits = new GatewayLimits(SETTINGS);
    const early = Array.from({ length: 5 }, () => limits.admit(0));
    hear(limits, 0, 'timeout timeout timeout timeout timeout');
    limits.turn(10_000);
    for (const admission of early) {
      if (admission.kind !== 'admitted') throw new Error('not admitted');
      t.same(limits.heard(admission.permit, 'early', exchangesOf('timeout'), 10_000), []);
    }
    t.equal(limits.circuit, 'half_open');
  });
});

t.test('a misconfiguration is told once, until the gateway answers again', async (t) => {
  const limits = new GatewayLimits(SETTINGS);
  t.same(hear(limits, 0, 'misconfigured'), ['misconfigured 401', 'open (misconfigured)']);
  t.same(hear(limits, 10_000, 'misconfigured'), ['half_open (time)', 'open (misconfigured)']);
  t.same(hear(limits, 20_000, 'answered+misconfigured'), [
    'half_open (time)',
    'open (misconfigured)',
  ]);
  t.same(hear(limits, 30_000, 'answered misconfigured'), [
    'half_open (time)',
    'misconfigured 401',
    'open (misconfigured)',
  ]);
});

t.test('after three bad requests it takes three more', async (t) => {
  const limits = new GatewayLimits(SETTINGS);
  hear(limits, 0, 'bad_request bad_request bad_request');
  t.same(hear(limits, 10_000, 'bad_request bad_request'), ['half_open (time)']);
});

t.test('when it answered last', async (t) => {
  const limits = new GatewayLimits(SETTINGS);
  hear(limits, 1_000, 'timeout');
  t.equal(limits.answeredAtMs, Number.NEGATIVE_INFINITY);
  hear(limits, 2_000, 'answered+timeout');
  hear(limits, 3_000, 'timeout');
  t.equal(limits.answeredAtMs, 2_000);
});

t.test('pauses', async (t) => {
  const after = (words: string, atMs: number) => {
    const limits = new GatewayLimits(SETTINGS);
    hear(limits, 0, words);
    const admission = limits.admit(atMs);
    const wait = admission.kind === 'wait' ? ` ${admission.waitMs}` : '';
    return { admission: admission.kind + wait, refusedForMs: limits.refusedForMs(atMs) };
  };
  t.same(
    after('rate_limited', 0),
    { admission: 'wait 1000', refusedForMs: null },
    'a second when it does not say',
  );
  t.same(after('rate_limited', 1_000), { admission: 'admitted', refusedForMs: null });
  t.same(
    after('server_error:retry3000', 0),
    { admission: 'wait 3000', refusedForMs: null },
    'a short one is waited for',
  );
  t.same(
    after('rate_limited:retry0', 0),
    { admission: 'wait 1000', refusedForMs: null },
    'none is no leave to go on',
  );
  t.same(
    after('server_error:retry5000', 0),
    { admission: 'wait 5000', refusedForMs: null },
    'as long as a short one may be',
  );
  t.same(after('server_error:retry5001', 0), { admission: 'full', refusedForMs: 5_001 });
  t.same(
    after('rate_limited:retry30000', 10_000),
    { admission: 'full', refusedForMs: 20_000 },
    'a long one turns away',
  );
  t.same(after('rate_limited:retry30000', 30_000), { admission: 'admitted', refusedForMs: null });
  t.equal(after('rate_limited:retry999999999', 0).refusedForMs, 15 * 60_000, 'and has a bound');
});

t.test('requests a second', async (t) => {
  const at = (limits: GatewayLimits, atMs: number, order: string) => {
    const admission = limits.admit(atMs);
    if (admission.kind !== 'admitted') {
      return admission.kind === 'wait' ? `wait ${admission.waitMs}` : admission.kind;
    }
    limits.heard(admission.permit, 'order', exchangesOf(order), atMs);
    limits.release();
    return 'asked';
  };
  t.test('evenly', async (t) => {
    const limits = new GatewayLimits({ ...SETTINGS, ratePerSecond: 10 });
    t.equal(at(limits, 0, 'answered'), 'asked');
    t.equal(at(limits, 0, 'answered'), 'wait 100');
    t.equal(at(limits, 60, 'answered'), 'wait 40');
    t.equal(at(limits, 100, 'answered'), 'asked');
    t.equal(at(limits, 5_000, 'answered'), 'asked', 'a quiet while saves up nothing');
    t.equal(at(limits, 5_000, 'answered'), 'wait 100');
  });
  t.test('not later for having been looked at often', async (t) => {
    const limits = new GatewayLimits({ ...SETTINGS, ratePerSecond: 10 });
    const looks = Array.from({ length: 11 }, (_, look) => at(limits, look * 10, 'answered'));
    t.equal(looks.at(-1), 'asked');
  });
  t.test('an inquiry of several requests leaves a debt', async (t) => {
    for (const [order, wait] of [
      ['answered+answered', 'wait 200'],
      ['answered+answered+answered+answered', 'wait 400'],
    ] as const) {
      const limits = new GatewayLimits({ ...SETTINGS, ratePerSecond: 10 });
      t.equal(at(limits, 0, order), 'asked');
      t.equal(at(limits, 0, 'answered'), wait, order);
    }
  });
});

t.test('whatever happens', async (t) => {
  type Step =
    | { readonly do: 'ask' }
    | { readonly do: 'hear'; readonly which: number; readonly words: readonly string[] }
    | { readonly do: 'wait'; readonly ms: number };
  const results = fc.constantFrom(
    'answered',
    'answered:slow',
    'timeout',
    'server_error',
    'rate_limited',
    'rate_limited:retry7000',
    'misconfigured',
    'bad_request',
    'internal',
    'request-server_error',
  );
  const steps: fc.Arbitrary<readonly Step[]> = fc.array(
    fc.oneof(
      { weight: 5, arbitrary: fc.constant({ do: 'ask' } as const) },
      {
        weight: 5,
        arbitrary: fc.record({
          do: fc.constant('hear' as const),
          which: fc.nat(),
          words: fc.array(results, { maxLength: 3 }),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ do: fc.constant('wait' as const), ms: fc.nat(12_000) }),
      },
    ),
    { maxLength: 120 },
  );
  const settings = fc.record({
    maxInFlight: fc.integer({ min: 1, max: 12 }),
    ratePerSecond: fc.option(fc.integer({ min: 1, max: 50 })),
    halfOpen: fc.integer({ min: 1, max: 5 }),
    failures: fc.double({ min: 0.1, max: 1, noNaN: true }),
    minimum: fc.integer({ min: 1, max: 8 }),
  });
  const holds = fc.property(
    settings,
    steps,
    ({ maxInFlight, ratePerSecond, ...breaker }, story) => {
      const limits = new GatewayLimits({
        maxInFlight,
        ratePerSecond,
        breaker: { ...SETTINGS.breaker, ...breaker },
      });
      const out: Permit[] = [];
      let nowMs = 0;
      let trials = 0;
      const admissions: number[] = [];
      const settle = (which: number, words: readonly string[]) => {
        const [permit] = out.splice(which, 1);
        if (permit === undefined) return;
        const state = limits.circuit;
        limits.heard(permit, `order-${which}`, words.map(exchangeOf), nowMs);
        limits.release();
        const brought = words.some((text) => !/rate|misc|internal|request-/.test(text));
        if (permit.trial && state === 'half_open' && !brought) trials -= 1;
      };
      for (const step of story) {
        if (step.do === 'wait') nowMs += step.ms;
        if (limits.turn(nowMs).length > 0) trials = 0;
        const before = limits.circuit;
        if (step.do === 'hear' && out.length > 0) settle(step.which % out.length, step.words);
        if (step.do !== 'ask') continue;
        const refused = limits.refusedForMs(nowMs) !== null;
        const room = limits.freeSlots();
        const admission = limits.admit(nowMs);
        if (admission.kind !== 'admitted') continue;
        out.push(admission.permit);
        admissions.push(nowMs);
        if (admission.permit.trial) trials += 1;
        if (before === 'open' || refused || room === 0) throw new Error('admitted while refused');
        if (before === 'half_open' && trials > breaker.halfOpen) throw new Error('too many trials');
        if (limits.inFlight > maxInFlight) throw new Error('too many in flight');
      }
      if (limits.inFlight !== out.length) throw new Error('slots leak');
      if (ratePerSecond !== null) withinRate(admissions, ratePerSecond);
      // Whatever went before, a gateway that answers is asked again before long.
      while (out.length > 0) settle(0, ['answered']);
      for (let round = 0; round < 40 && limits.circuit !== 'closed'; round += 1) {
        nowMs += 10_000;
        hear(limits, nowMs, 'answered');
      }
      if (limits.circuit !== 'closed') throw new Error('it never closes again');
    },
  );
  t.doesNotThrow(() => fc.assert(holds, { numRuns: 300 }));
});

function withinRate(admissions: readonly number[], ratePerSecond: number): void {
  for (const fromMs of admissions) {
    const within = admissions.filter((atMs) => atMs >= fromMs && atMs < fromMs + 1_000).length;
    // The bucket's twentieth of a second, and the one request that a full second has at both ends.
    if (within > Math.ceil(ratePerSecond * 1.05) + 1) throw new Error(`${within} in a second`);
  }
}

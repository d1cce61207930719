import t from 'tap';
import { systemClock } from '../../lib/clock.ts';
import { DAY_MS } from '../../lib/core/time.ts';
import { longestWaitMs, policyOf } from '../../lib/flows/policy.ts';
import { startTicker } from '../../lib/flows/ticker.ts';
import { MODEL_SETTINGS, openFlowWorld } from '../support/flow-world.ts';

t.test('the ticker starts sweeps and ends', async (t) => {
  const world = await openFlowWorld();
  t.teardown(world.close);
  const ticked = Promise.withResolvers<void>();
  const sweeping = {
    ...world.daemon.sweeping,
    request: () => {
      ticked.resolve();
      return world.daemon.sweeping.request();
    },
  };
  const every = { cron: '* * * * * *', timezone: 'Asia/Seoul' };
  const ticker = startTicker(every, sweeping, systemClock);
  await ticked.promise;
  await ticker.stop();
  t.ok(world.events.some(({ name }) => name === 'sweep.started'));
});

t.test('the policy of a moment', async (t) => {
  const settings = {
    name: 'pg',
    kind: 'pg-simulator',
    baseUrl: 'http://127.0.0.1:8082',
    currency: 'KRW',
    userId: 'member',
    callbackUrl: 'http://localhost:8080/callbacks',
    lookupTimeoutMs: 3_000,
    connectTimeoutMs: 1_000,
    connections: 10,
  };
  const breaker = {
    failures: 0.6,
    windowMs: 30_000,
    minimum: 20,
    openMs: 10_000,
    halfOpen: 5,
    slowMs: 2_000,
  };
  const config = {
    sweep: { cron: '* * * * *', threads: 10, ...MODEL_SETTINGS },
    gateways: [
      {
        settings,
        methods: ['CARD'],
        maxInFlight: 10,
        // The configured window, not the kind's.
        paymentWindowMs: 300_000,
        ratePerSecond: null,
        breaker,
      },
    ],
  };
  const policy = policyOf(config, ['pg']);
  t.strictSame(policy, {
    ...MODEL_SETTINGS,
    gateways: [
      { name: 'pg', canList: true, canRefund: false, paymentWindowMs: 300_000, answering: true },
    ],
  });
  t.ok(longestWaitMs(policy) >= 3 * DAY_MS);
});

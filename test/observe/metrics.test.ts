import t from 'tap';
import type { Event } from '../../lib/observe/events.ts';
import { createMetrics, type MetricSources } from '../../lib/observe/metrics.ts';
import type { Counts } from '../../lib/store/port.ts';
import { decided } from '../support/events.ts';

const NOW = Date.UTC(2025, 7, 16);

const COUNTS: Counts = {
  orders: { pending: 3, completed: 1_000_000, failed: 0, held: 2 },
  refundsDue: 1,
  unmatched: { pg: 4 },
  deliveries: { pending: { ops: 7 }, dead: { mail: 1 } },
};

function metricsOf(over: Partial<MetricSources> = {}) {
  return createMetrics({
    counts: async () => COUNTS,
    oldestDue: async () => NOW - 90_000,
    ready: async () => true,
    utilization: () => ({ asking: 0.25 }),
    now: () => NOW,
    gateways: ['pg', 'bank'],
    channels: ['ops', 'mail'],
    ...over,
  });
}

/** The lines of our own metrics, without help and type; of histograms sum and count only. */
async function lines(metrics: { text(): Promise<string> }): Promise<readonly string[]> {
  const text = await metrics.text();
  return text.split('\n').filter((line) => /^reconciled_(?!\w+_bucket)/.test(line));
}

const exchanged = (result: 'answered' | 'timeout', durationMs: number): Event => ({
  name: 'gateway.exchanged',
  gateway: 'pg',
  orderId: 'ORDER000001',
  exchange: { kind: 'lookup', durationMs, result, status: 200, retryAfterMs: null },
});

/** What is told → the lines that this makes. */
const TOLD: readonly (readonly [string, readonly Event[], readonly string[]])[] = [
  [
    'a sweep that ended',
    [{ name: 'sweep.ended', sweepId: 1, looked: 2, durationMs: 1_500 }],
    ['reconciled_sweep_duration_seconds_sum 1.5', 'reconciled_sweep_duration_seconds_count 1'],
  ],
  [
    'orders that were decided',
    [decided, decided, { ...decided, outcome: 'stale' }],
    ['reconciled_sweep_orders_total{reason="captured"} 2', 'reconciled_commit_stale_total 1'],
  ],
  [
    'requests to a gateway',
    [exchanged('answered', 250), exchanged('timeout', 3_000)],
    [
      'reconciled_gateway_requests_total{gateway="pg",kind="lookup",result="answered"} 1',
      'reconciled_gateway_requests_total{gateway="pg",kind="lookup",result="timeout"} 1',
      'reconciled_gateway_request_duration_seconds_sum{gateway="pg"} 3.25',
    ],
  ],
  [
    'an open circuit',
    [{ name: 'gateway.circuit', gateway: 'pg', state: 'open', cause: 'timeout' }],
    [
      'reconciled_gateway_circuit_state{gateway="pg"} 2',
      'reconciled_gateway_circuit_state{gateway="bank"} 0',
    ],
  ],
  [
    'a circuit half open',
    [{ name: 'gateway.circuit', gateway: 'pg', state: 'half_open', cause: 'trial' }],
    ['reconciled_gateway_circuit_state{gateway="pg"} 1'],
  ],
  [
    'a callback that is kept counts when it is known what it means',
    [
      { name: 'callback.received', gateway: 'pg', outcome: 'kept', cause: null, durationMs: 2 },
      { name: 'callback.matched', gateway: 'pg', outcome: 'unmatched' },
    ],
    [
      'reconciled_callbacks_total{gateway="pg",outcome="unmatched"} 1',
      'reconciled_callback_duration_seconds_sum 0.002',
    ],
  ],
  [
    'a callback that is not kept counts at once',
    [
      {
        name: 'callback.received',
        gateway: 'pg',
        outcome: 'invalid',
        cause: 'not_json',
        durationMs: 2,
      },
    ],
    ['reconciled_callbacks_total{gateway="pg",outcome="invalid"} 1'],
  ],
  [
    'callbacks of which none was lost: how a counter grew is seen only from 0',
    [],
    [
      'reconciled_callbacks_total{gateway="pg",outcome="dropped"} 0',
      'reconciled_callbacks_total{gateway="bank",outcome="failed"} 0',
    ],
  ],
  [
    'a commit',
    [{ name: 'store.committed', rows: 100, durationMs: 4 }],
    ['reconciled_commit_duration_seconds_sum 0.004', 'reconciled_commit_batch_size_sum 100'],
  ],
  [
    'nothing',
    [],
    [
      'reconciled_orders{state="pending"} 3',
      'reconciled_orders{state="completed"} 1000000',
      'reconciled_orders{state="failed"} 0',
      'reconciled_orders{state="held"} 2',
      'reconciled_refunds_due 1',
      'reconciled_callbacks_unmatched{gateway="pg"} 4',
      'reconciled_oldest_due_seconds 90',
      'reconciled_ready 1',
      'reconciled_pool_utilization{pool="asking"} 0.25',
      'reconciled_gateway_circuit_state{gateway="pg"} 0',
    ],
  ],
];

t.test('what is told is counted under the agreed names', async (t) => {
  for (const [what, events, expected] of TOLD) {
    const metrics = metricsOf();
    for (const event of events) metrics.tell(event);
    const found = await lines(metrics);
    for (const line of expected) t.ok(found.includes(line), `${what}: ${line}`);
  }
});

t.test(
  'what the last report said is unknown until one is made, and not nothing wrong',
  async (t) => {
    const metrics = metricsOf();
    const said = async () =>
      (await lines(metrics)).filter((line) => line.startsWith('reconciled_report_differences'));
    t.strictSame(await said(), []);
    const report = { name: 'report.made', day: '2025-08-15', orders: 3, durationMs: 5 } as const;
    metrics.tell({ ...report, tiesOut: false, differences: 2 });
    t.strictSame(await said(), ['reconciled_report_differences 2']);
    metrics.tell({ ...report, tiesOut: true, differences: 0 });
    t.strictSame(await said(), ['reconciled_report_differences 0']);
  },
);

t.test('nothing waits: the oldest is not late', async (t) => {
  for (const dueAt of [null, NOW + 60_000]) {
    const metrics = metricsOf({ oldestDue: async () => dueAt });
    t.ok((await lines(metrics)).includes('reconciled_oldest_due_seconds 0'));
  }
});

t.test('what cannot be read is missing, and comes back', async (t) => {
  let fails = false;
  const counts = async () => {
    if (fails) throw new Error('the disk is gone');
    return COUNTS;
  };
  const metrics = metricsOf({ counts });
  const hasOrders = async () =>
    (await lines(metrics)).some((line) => /^reconciled_(orders|refunds)/.test(line));
  t.equal(await hasOrders(), true);
  fails = true;
  t.equal(await hasOrders(), false);
  t.ok((await lines(metrics)).includes('reconciled_oldest_due_seconds 90'), 'the rest is there');
  fails = false;
  t.equal(await hasOrders(), true);
});

t.test(
  'a daemon that does not do its work is not ready, and one that cannot say is not either',
  async (t) => {
    for (const ready of [async () => false, () => Promise.reject(new Error('nobody knows'))]) {
      t.ok((await lines(metricsOf({ ready }))).includes('reconciled_ready 0'));
    }
  },
);

t.test('a gateway whose last callback found its order is not told for ever', async (t) => {
  let unmatched: Counts['unmatched'] = { pg: 1 };
  const metrics = metricsOf({ counts: async () => ({ ...COUNTS, unmatched }) });
  t.match(await metrics.text(), /callbacks_unmatched\{gateway="pg"\} 1/);
  unmatched = {};
  t.notMatch(await metrics.text(), /callbacks_unmatched\{gateway="pg"\}/);
});

t.test(
  'what died with a channel that is not configured any more is told until it is sent',
  async (t) => {
    let dead: Counts['deliveries']['dead'] = { former: 2 };
    const metrics = metricsOf({
      counts: async () => ({ ...COUNTS, deliveries: { pending: {}, dead } }),
    });
    const said = async () =>
      (await lines(metrics)).filter((line) => line.startsWith('reconciled_deliveries_dead'));
    const configured = ['ops', 'mail'].map(
      (name) => `reconciled_deliveries_dead{channel="${name}"} 0`,
    );
    t.strictSame(await said(), [...configured, 'reconciled_deliveries_dead{channel="former"} 2']);
    dead = { former: 0 };
    t.strictSame(await said(), configured);
  },
);

t.test('a gateway and a channel may be called as something that every object has', async (t) => {
  const name = 'constructor';
  const all = await lines(metricsOf({ gateways: [name], channels: [name] }));
  for (const what of ['outbox_pending{channel', 'deliveries_dead{channel']) {
    t.ok(all.includes(`reconciled_${what}="${name}"} 0`), what);
  }
});

t.test('the usual metrics of the process are there too', async (t) => {
  const text = await metricsOf().text();
  for (const name of [
    'process_cpu_seconds_total',
    'process_resident_memory_bytes',
    'nodejs_eventloop_lag_p99_seconds',
  ]) {
    t.match(text, new RegExp(`^${name} [\\d.e-]+$`, 'm'), name);
  }
  for (const line of text.split('\n').filter((line) => line !== '' && !line.startsWith('#'))) {
    t.match(line, /^[a-z_0-9]+(\{[^}]*\})? (-?[\d.]+(e[+-]?\d+)?|nan|\+Inf)$/i);
  }
});

t.test('by what a metric is told apart is known before it has a number', async (t) => {
  const labels = metricsOf().labels();
  t.strictSame(labels.get('reconciled_gateway_requests_total'), ['gateway', 'kind', 'result']);
  t.strictSame(labels.get('reconciled_refunds_due'), []);
});

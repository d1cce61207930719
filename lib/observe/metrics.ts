import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import { ORDER_STATES } from '../core/order.ts';
import type { Instant } from '../core/time.ts';
import type { Counts } from '../store/port.ts';
import type { CircuitState, Event, Tell } from './events.ts';

/** What metrics are read from when somebody scrapes. None of it may cost more in a larger database. */
export interface MetricSources {
  counts(): Promise<Counts>;
  oldestDue(): Promise<Instant | null>;
  /** What `/readyz` says. */
  ready(): Promise<boolean>;
  /** How busy each pool is, 0–1. */
  utilization(): Readonly<Record<string, number>>;
  now(): Instant;
  /** Known from the start, so that a circuit that never opened reads 0 and not nothing. */
  readonly gateways: readonly string[];
  readonly channels: readonly string[];
}

/** Counts what is told, and writes everything down in the text format of Prometheus. */
export interface Metrics {
  readonly tell: Tell;
  /** Never rejects: what cannot be read at the moment is missing. */
  text(): Promise<string>;
  /** By what each metric is told apart, by its name. */
  labels(): ReadonlyMap<string, readonly string[]>;
}

/** Metrics in a registry of their own; their names are a contract with whoever charts them. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const told = toldMetrics(registry);
  const read = readMetrics(registry);
  for (const gateway of sources.gateways) {
    told.circuit.set({ gateway }, CIRCUIT_STATES.closed);
    // Prometheus sees how much a counter grew, and nothing of one that begins with what it counts.
    for (const outcome of LOST) told.callbacks.inc({ gateway, outcome }, 0);
  }
  // Of a report that another process made nothing is known, and 0 would say that it ties out.
  told.reportDifferences.remove();
  return {
    tell: (event) => count(told, event),
    text: async () => {
      await refresh(read, sources);
      return registry.metrics();
    },
    labels: () =>
      new Map(registry.getMetricsAsArray().map((metric) => [metric.name, labelsOf(metric)])),
  };
}

/** The types of prom-client do not have them. */
function labelsOf(metric: object): readonly string[] {
  return 'labelNames' in metric && Array.isArray(metric.labelNames) ? metric.labelNames : [];
}

const CIRCUIT_STATES: Readonly<Record<CircuitState, number>> = { closed: 0, half_open: 1, open: 2 };

/** A lookup takes a few hundred milliseconds and is cut off after seconds. */
const GATEWAY_BUCKETS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 3, 5, 10];

/** A callback waits for one durable commit: a millisecond or so on a good disk. */
const CALLBACK_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5];

/** The same without the way through HTTP. */
const COMMIT_BUCKETS = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1];

/** Commits are coalesced in groups of about a hundred. */
const BATCH_BUCKETS = [1, 2, 5, 10, 20, 50, 100, 200, 500];

/** A message takes a moment, or its receiver's whole time-out. */
const DELIVERY_BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 15, 30, 60];

/** A sweep of a few orders takes less than a second; more than a minute is late. */
const SWEEP_BUCKETS = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 900];

/** What becomes of callbacks that are not kept, of which one is worth an alert (deploy/alerts.yml). */
const LOST = ['dropped', 'failed'] as const;

type Told = ReturnType<typeof toldMetrics>;

function toldMetrics(registry: Registry) {
  const registers = [registry];
  return {
    sweepDuration: new Histogram({
      name: 'reconciled_sweep_duration_seconds',
      help: 'How long a sweep took.',
      buckets: SWEEP_BUCKETS,
      registers,
    }),
    sweepOrders: new Counter({
      name: 'reconciled_sweep_orders_total',
      help: 'Orders that were looked at, or changed by a person or a payment request, by what was decided.',
      labelNames: ['reason'],
      registers,
    }),
    requests: new Counter({
      name: 'reconciled_gateway_requests_total',
      help: 'Requests to gateways; result is answered, or why nothing was learned.',
      labelNames: ['gateway', 'kind', 'result'],
      registers,
    }),
    requestDuration: new Histogram({
      name: 'reconciled_gateway_request_duration_seconds',
      help: 'How long a request to a gateway took, connect to last byte.',
      labelNames: ['gateway'],
      buckets: GATEWAY_BUCKETS,
      registers,
    }),
    circuit: new Gauge({
      name: 'reconciled_gateway_circuit_state',
      help: '0: closed, 1: half open, 2: open.',
      labelNames: ['gateway'],
      registers,
    }),
    callbacks: new Counter({
      name: 'reconciled_callbacks_total',
      help: 'Callbacks, by what became of them; those that are kept count when they are matched.',
      labelNames: ['gateway', 'outcome'],
      registers,
    }),
    callbackDuration: new Histogram({
      name: 'reconciled_callback_duration_seconds',
      help: 'How long a callback took, its durable commit included.',
      buckets: CALLBACK_BUCKETS,
      registers,
    }),
    deliveries: new Counter({
      name: 'reconciled_deliveries_total',
      help: 'Attempts to send a message: delivered, failed (and tried again) or dead.',
      labelNames: ['channel', 'outcome'],
      registers,
    }),
    deliveryDuration: new Histogram({
      name: 'reconciled_delivery_duration_seconds',
      help: 'How long an attempt to send a message took.',
      labelNames: ['channel'],
      buckets: DELIVERY_BUCKETS,
      registers,
    }),
    commitDuration: new Histogram({
      name: 'reconciled_commit_duration_seconds',
      help: 'How long a commit of the database took.',
      buckets: COMMIT_BUCKETS,
      registers,
    }),
    commitBatch: new Histogram({
      name: 'reconciled_commit_batch_size',
      help: 'Writes that shared one commit.',
      buckets: BATCH_BUCKETS,
      registers,
    }),
    reportDifferences: new Gauge({
      name: 'reconciled_report_differences',
      help: 'Totals that contradict each other in the last daily report that was made since the start; anything but 0 needs a person.',
      registers,
    }),
    commitStale: new Counter({
      name: 'reconciled_commit_stale_total',
      help: 'Decisions made again because their order had changed meanwhile.',
      registers,
    }),
  };
}

function count(told: Told, event: Event): void {
  switch (event.name) {
    case 'sweep.ended':
      told.sweepDuration.observe(event.durationMs / 1_000);
      return;
    case 'order.decided':
      if (event.outcome === 'stale') told.commitStale.inc();
      if (event.outcome === 'applied') told.sweepOrders.inc({ reason: event.reason });
      return;
    case 'gateway.exchanged': {
      const { gateway, exchange } = event;
      told.requests.inc({ gateway, kind: exchange.kind, result: exchange.result });
      told.requestDuration.observe({ gateway }, exchange.durationMs / 1_000);
      return;
    }
    case 'gateway.circuit':
      told.circuit.set({ gateway: event.gateway }, CIRCUIT_STATES[event.state]);
      return;
    case 'callback.received':
      // Each callback is counted once: one that was kept when it is known what it means.
      if (event.outcome !== 'kept') {
        told.callbacks.inc({ gateway: event.gateway, outcome: event.outcome });
      }
      told.callbackDuration.observe(event.durationMs / 1_000);
      return;
    case 'callback.matched':
      told.callbacks.inc({ gateway: event.gateway, outcome: event.outcome });
      return;
    case 'delivery.attempted':
      told.deliveries.inc({ channel: event.channel, outcome: event.outcome });
      told.deliveryDuration.observe({ channel: event.channel }, event.durationMs / 1_000);
      return;
    case 'report.made':
      told.reportDifferences.set(event.differences);
      return;
    case 'store.committed':
      told.commitDuration.observe(event.durationMs / 1_000);
      told.commitBatch.observe(event.rows);
      return;
    // For the log only.
    case 'daemon.started':
    case 'daemon.stopping':
    case 'daemon.stopped':
    case 'order.created':
    case 'order.poisoned':
    case 'sweep.started':
    case 'sweep.failed':
    case 'gateway.misconfigured':
    case 'payment.requested':
    case 'notice':
    case 'deliveries.abandoned':
    case 'store.upgrading':
    case 'store.failed':
    case 'pool.failed':
    case 'pool.recovered':
    case 'report.failed':
    case 'http.failed':
      return;
  }
}

type Read = ReturnType<typeof readMetrics>;

function readMetrics(registry: Registry) {
  const registers = [registry];
  return {
    ready: new Gauge({
      name: 'reconciled_ready',
      help: '1 while /readyz says that the daemon does its work, else 0.',
      registers,
    }),
    orders: new Gauge({
      name: 'reconciled_orders',
      help: 'Orders by state.',
      labelNames: ['state'],
      registers,
    }),
    refundsDue: new Gauge({
      name: 'reconciled_refunds_due',
      help: 'Payments that have to go back and have not.',
      registers,
    }),
    unmatched: new Gauge({
      name: 'reconciled_callbacks_unmatched',
      help: 'Callbacks whose order is not there yet.',
      labelNames: ['gateway'],
      registers,
    }),
    oldestDue: new Gauge({
      name: 'reconciled_oldest_due_seconds',
      help: 'How long the order that waits longest is overdue; 0 when none is.',
      registers,
    }),
    outboxPending: new Gauge({
      name: 'reconciled_outbox_pending',
      help: 'Deliveries that are on their way.',
      labelNames: ['channel'],
      registers,
    }),
    deliveriesDead: new Gauge({
      name: 'reconciled_deliveries_dead',
      help: 'Deliveries that were given up and wait for a person.',
      labelNames: ['channel'],
      registers,
    }),
    utilization: new Gauge({
      name: 'reconciled_pool_utilization',
      help: 'How busy a pool of threads is, 0 to 1.',
      labelNames: ['pool'],
      registers,
    }),
  };
}

/** A database that fails makes these metrics disappear; an old number would be believed. */
async function refresh(read: Read, sources: MetricSources): Promise<void> {
  const [counts, oldestDue, ready] = await Promise.allSettled([
    sources.counts(),
    sources.oldestDue(),
    sources.ready(),
  ]);
  read.ready.set(ready.status === 'fulfilled' && ready.value ? 1 : 0);
  // `reset` would leave a gauge without labels at 0, which is a number too.
  for (const gauge of [read.refundsDue, read.oldestDue]) gauge.remove();
  const labelled = [
    read.orders,
    read.unmatched,
    read.outboxPending,
    read.deliveriesDead,
    read.utilization,
  ];
  for (const gauge of labelled) gauge.reset();
  if (counts.status === 'fulfilled') {
    const { orders, refundsDue, unmatched, deliveries } = counts.value;
    for (const state of ORDER_STATES) read.orders.set({ state }, orders[state]);
    read.refundsDue.set(refundsDue);
    for (const [gateway, waiting] of Object.entries(unmatched)) {
      read.unmatched.set({ gateway }, waiting);
    }
    // What died with a channel that is not configured any more waits for a person like the rest.
    const given = Object.keys(deliveries.dead).filter((channel) => deliveries.dead[channel] !== 0);
    // By its own name only: a channel may be called `constructor`, which every object has.
    const pending = new Map(Object.entries(deliveries.pending));
    const dead = new Map(Object.entries(deliveries.dead));
    for (const channel of new Set([...sources.channels, ...given])) {
      read.outboxPending.set({ channel }, pending.get(channel) ?? 0);
      read.deliveriesDead.set({ channel }, dead.get(channel) ?? 0);
    }
  }
  if (oldestDue.status === 'fulfilled') {
    const dueAt = oldestDue.value;
    read.oldestDue.set(dueAt === null ? 0 : Math.max(0, sources.now() - dueAt) / 1_000);
  }
  for (const [pool, share] of Object.entries(sources.utilization())) {
    read.utilization.set({ pool }, share);
  }
}

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import t from 'tap';
import { parse } from 'yaml';
import { z } from 'zod';
import type { Event } from '../../lib/observe/events.ts';
import { createMetrics } from '../../lib/observe/metrics.ts';
import { decided } from '../support/events.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { ROOT, read } from './image.ts';
import { check, lacks } from './programs.ts';

/** Alert rules and dashboard: each expression names metrics and labels that the daemon really has. */

const rulesSchema = z.object({
  groups: z.array(
    z.object({
      rules: z.array(
        z.strictObject({
          alert: z.string().regex(/^Reconciled[A-Z]\w+$/),
          expr: z.string(),
          for: z.string().optional(),
          labels: z.strictObject({ severity: z.enum(['critical', 'warning']) }),
          annotations: z.strictObject({
            summary: z.string(),
            description: z.string(),
            runbook: z.string(),
          }),
        }),
      ),
    }),
  ),
});
const rules = rulesSchema
  .parse(parse(read('deploy/alerts.yml')))
  .groups.flatMap((group) => group.rules);

const panelSchema = z.object({
  id: z.int(),
  type: z.enum(['stat', 'timeseries']),
  title: z.string().min(1),
  description: z.string().min(1),
  gridPos: z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
  targets: z.array(z.object({ expr: z.string(), refId: z.string() })).min(1),
});
const dashboardSchema = z.object({
  title: z.literal('reconciled'),
  uid: z.string(),
  schemaVersion: z.int(),
  templating: z.object({ list: z.array(z.object({ name: z.string(), query: z.unknown() })) }),
  annotations: z.object({ list: z.array(z.object({ expr: z.string() })) }),
  panels: z.array(panelSchema),
});
const dashboard = dashboardSchema.parse(JSON.parse(read('deploy/grafana.json')));

const expressions = [
  ...rules.map(({ alert, expr }) => [`alert ${alert}`, expr] as const),
  ...dashboard.panels.flatMap(({ title, targets }) =>
    targets.map(({ expr, refId }) => [`panel ${title}, ${refId}`, expr] as const),
  ),
  ...dashboard.annotations.list.map(({ expr }) => ['annotation', expr] as const),
];

/** One of each, so that labels appear. */
const TOLD: readonly Event[] = [
  decided,
  {
    name: 'gateway.exchanged',
    gateway: 'pg',
    orderId: 'ORDER000001',
    exchange: {
      kind: 'lookup',
      durationMs: 1,
      result: 'answered',
      status: 200,
      retryAfterMs: null,
    },
  },
  { name: 'callback.received', gateway: 'pg', outcome: 'duplicate', cause: null, durationMs: 1 },
  {
    name: 'delivery.attempted',
    channel: 'ops',
    topic: 'order.held',
    outcome: 'delivered',
    cause: null,
    attempt: 1,
    durationMs: 1,
    detail: 'ok',
  },
  {
    name: 'report.made',
    day: '2026-11-23',
    orders: 1,
    tiesOut: true,
    differences: 0,
    durationMs: 1,
  },
];

t.test('every metric and label that is charted or alerted on exists', async (t) => {
  const known = await knownMetrics();
  for (const [where, expr] of expressions) {
    const named = [...expr.matchAll(/\b((?:reconciled|process|nodejs)_\w+|up)\b(\{[^}]*\})?/g)];
    t.not(named.length, 0, `${where} names a metric`);
    for (const [, name = '', selector = ''] of named) {
      const labels = known.get(name);
      t.ok(labels, `${where}: ${name}`);
      for (const [, label = ''] of selector.matchAll(/(\w+)(?:=~?|!=|!~)"/g)) {
        t.ok(labels?.has(label), `${where}: ${name} has the label ${label}`);
      }
    }
  }
});

t.test('a rule says what it is about, and leads to what to do', async (t) => {
  const operations = read('docs/operations.md');
  const anchors = [...operations.matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\w\s-]/g, '')
      .replaceAll(' ', '-'),
  );
  t.ok(rules.length >= 12);
  t.equal(new Set(rules.map(({ alert }) => alert)).size, rules.length, 'names differ');
  for (const { alert, annotations } of rules) {
    const [page, anchor = ''] = annotations.runbook.split('#');
    t.equal(page, 'docs/operations.md', alert);
    t.ok(anchors.includes(anchor), `${alert}: docs/operations.md has ${anchor}`);
  }
});

t.test('panels of the dashboard lie beside each other', async (t) => {
  const taken = new Set<string>();
  for (const { title, gridPos } of dashboard.panels) {
    t.ok(gridPos.x + gridPos.w <= 24, `${title} is within the page`);
    for (let x = gridPos.x; x < gridPos.x + gridPos.w; x += 1) {
      for (let y = gridPos.y; y < gridPos.y + gridPos.h; y += 1) {
        const cell = `${x},${y}`;
        if (taken.has(cell)) t.fail(`${title} lies on another panel`);
        taken.add(cell);
      }
    }
  }
  const ids = dashboard.panels.map(({ id }) => id);
  t.equal(new Set(ids).size, ids.length, 'ids differ');
});

t.test('promtool takes all of them', { skip: lacks('promtool', '--version') }, async (t) => {
  const scratch = scratchDir('rules');
  t.teardown(scratch.remove);
  const charted = expressions.slice(rules.length).map(([, expr], index) => ({
    record: `panel:${index}`,
    expr: expr.replaceAll('$__rate_interval', '5m'),
  }));
  const file = join(scratch.path, 'charted.yml');
  // JSON is YAML.
  writeFileSync(file, JSON.stringify({ groups: [{ name: 'charted', rules: charted }] }));
  for (const rules of [join(ROOT, 'deploy/alerts.yml'), file]) {
    const { code, said } = check('promtool', ['check', 'rules', rules]);
    t.equal(code, 0, said);
  }
  const { code, said } = check('promtool', ['test', 'rules', join(ROOT, 'test/deploy/alerts.yml')]);
  t.equal(code, 0, said);
});

/** Every metric of the daemon with its labels, and what Prometheus itself adds. */
async function knownMetrics(): Promise<ReadonlyMap<string, ReadonlySet<string>>> {
  const metrics = createMetrics({
    counts: async () => ({
      orders: { pending: 1, completed: 0, failed: 0, held: 0 },
      refundsDue: 1,
      unmatched: { pg: 1 },
      deliveries: { pending: { ops: 1 }, dead: { ops: 1 } },
    }),
    oldestDue: async () => null,
    ready: async () => true,
    utilization: () => ({ asking: 1 }),
    now: () => 0,
    gateways: ['pg'],
    channels: ['ops'],
  });
  for (const event of TOLD) metrics.tell(event);
  const known = new Map<string, Set<string>>([['up', new Set(['job', 'instance'])]]);
  for (const line of (await metrics.text()).split('\n')) {
    const [, name = '', labels = ''] = /^([a-z]\w*)(?:\{([^}]*)\})? /.exec(line) ?? [];
    const names = known.get(name) ?? new Set(['job', 'instance']);
    for (const [, label = ''] of labels.matchAll(/(\w+)="/g)) names.add(label);
    known.set(name, names);
  }
  return known;
}

import type { Instant } from '../../core/time.ts';
import type {
  JournalGroup,
  OpenGroups,
  OrderGroup,
  PaymentGroup,
  ReportSource,
  ReportView,
  Span,
  StockGroup,
} from '../report-port.ts';
import { openConnection } from './connection.ts';
import { listPage } from './list.ts';
import { syncBeside } from './log-file.ts';
import { MIGRATIONS } from './migrations.ts';
import { startReading } from './reading.ts';
import type { Session } from './session.ts';

/**
 * Opens the file for a report, for reading only, beside a daemon that runs or not.
 * @throws ReconciledError as `openSqliteStore` for a reader.
 */
export function openReportSource(path: string): ReportSource {
  const connection = openConnection({
    path,
    readOnly: true,
    maxPages: null,
    migrations: MIGRATIONS,
    upgrading: () => undefined,
    syncFile: syncBeside,
  });
  const { lookNow } = startReading(connection);
  return {
    snapshot: (look) => lookNow((session) => look(viewOf(session))),
    list: (span, after, limit) => lookNow((session) => listPage(session, span, after, limit)),
    close: () => connection.close(),
  };
}

function viewOf(session: Session): ReportView {
  return {
    nextOrder: (from) => session.row<{ readonly at: Instant | null }>(NEXT_ORDER, from)?.at ?? null,
    orders: (span) => session.rows<OrderGroup>(GROUP_ORDERS, { ...span }),
    payments: (span) => session.rows<PaymentGroup>(GROUP_PAYMENTS, { ...span }),
    journal: (span) => session.rows<JournalGroup>(GROUP_JOURNAL, { ...span }),
    stock: (span) => session.rows<StockGroup>(GROUP_STOCK, { ...span }),
    open: (span) => openGroups(session, span),
    productNames: (ids) =>
      new Map(
        ids.flatMap((id) => {
          const row = session.row<{ readonly name: string }>(SELECT_NAME, id);
          return row === undefined ? [] : [[id, row.name] as const];
        }),
      ),
  };
}

function openGroups(session: Session, span: Span): OpenGroups {
  const counters = new Map(
    session
      .rows<{ readonly name: string; readonly value: number }>(SELECT_COUNTERS)
      .map(({ name, value }) => [name, value]),
  );
  return {
    held: session.rows<OpenGroups['held'][number]>(GROUP_HELD),
    refundsOwed: session.rows<OpenGroups['refundsOwed'][number]>(GROUP_REFUNDS),
    deadDeliveries: session.rows<OpenGroups['deadDeliveries'][number]>(GROUP_DEAD, { ...span }),
    counters: { held: counters.get('held') ?? 0, refundsOwed: counters.get('refund_due') ?? 0 },
  };
}

// Each statement names its index: without it the planner may walk all orders of a state for the sake of the grouping. Amounts are added
// up by `total`: where `sum` fails, it tells a number that is seen to be too large.

const NEXT_ORDER =
  'SELECT min(created_at) AS at FROM orders INDEXED BY orders_by_creation WHERE created_at >= ?';

const ORDERS = 'orders AS o INDEXED BY orders_by_creation';

const IN_SPAN = 'o.created_at >= :from AND o.created_at < :until';

/** The orders of a span by what their own rows say. */
export const GROUP_ORDERS = `
  SELECT o.currency, o.state, o.reason, count(*) AS count, total(o.amount) AS amount, sum(o.version) AS versions,
    sum(o.amount > 0) AS dueCount
  FROM ${ORDERS} WHERE ${IN_SPAN}
  GROUP BY o.currency, o.state, o.reason`;

/** Their payments. */
export const GROUP_PAYMENTS = `
  SELECT o.currency, p.gateway, p.state,
    p.state = 'succeeded' AND o.state = 'completed' AND p.id IS o.paid_by AND p.amount = o.amount AS pays,
    count(*) AS count, total(p.amount) AS amount, total(p.refund_due) AS refundDue
  FROM ${ORDERS} CROSS JOIN payments AS p INDEXED BY payments_of_order ON p.order_id = o.id
  WHERE ${IN_SPAN}
  GROUP BY 1, 2, 3, 4`;

/** Cut to three significant digits, so that there are some thousand groups at most: a median is within 1 % of the exact one. */
const CUT = `CASE
    WHEN took < 1000 THEN took WHEN took < 10000 THEN took / 10 * 10 WHEN took < 100000 THEN took / 100 * 100
    WHEN took < 1000000 THEN took / 1000 * 1000 WHEN took < 10000000 THEN took / 10000 * 10000
    WHEN took < 100000000 THEN took / 100000 * 100000 ELSE took / 1000000 * 1000000 END`;

/** One journal's rows are read side by side, in the order of the index, so that nothing is sorted for it. */
export const GROUP_JOURNAL = `
  WITH each AS (
    SELECT o.currency, o.amount, o.state AS orderState, o.version, count(j.seq) AS rows,
      max(CASE WHEN j.version = 1 THEN json_extract(j.record, '$.order.amount') END) AS told,
      max(CASE WHEN j.version = 1 THEN json_extract(j.record, '$.order.currency') END) AS toldCurrency,
      CASE max(CASE WHEN j.state IS NOT NULL THEN 4 * j.version + CASE j.state
          WHEN 'pending' THEN 0 WHEN 'completed' THEN 1 WHEN 'failed' THEN 2 ELSE 3 END END) % 4
        WHEN 0 THEN 'pending' WHEN 1 THEN 'completed' WHEN 2 THEN 'failed' WHEN 3 THEN 'held' END AS state,
      max(j.settled_by) AS settledBy,
      max(0, max(CASE WHEN j.settled_by IS NOT NULL THEN j.at END) - o.created_at) AS took
    FROM ${ORDERS} LEFT JOIN journal AS j ON j.order_id = o.id
    WHERE ${IN_SPAN}
    GROUP BY o.created_at, o.id)
  SELECT currency, state, settledBy, ${CUT} AS tookMs, count(*) AS count, total(told) AS amount,
    max(took) AS longestMs, sum(state IS orderState AND told IS amount AND toldCurrency IS currency AND rows = version) AS agreeing,
    count(told) AS created, sum(rows) AS rows
  FROM each GROUP BY 1, 2, 3, 4`;

/** An order may name a product more than once and takes it once: the movement is counted at the first place. */
export const GROUP_STOCK = `
  SELECT i.product_id AS productId,
    sum(CASE WHEN o.state = 'completed' THEN i.quantity ELSE 0 END) AS due,
    coalesce(-sum(CASE WHEN NOT EXISTS (
      SELECT 1 FROM items AS e WHERE e.order_id = o.id AND e.position < i.position AND e.product_id = i.product_id)
      THEN m.change END), 0) AS taken
  FROM ${ORDERS} CROSS JOIN items AS i ON i.order_id = o.id
    LEFT JOIN stock_movements AS m INDEXED BY stock_movements_once
      ON m.product_id = i.product_id AND m.kind = 'taken' AND m.reference = o.id AND m.kind <> 'counted'
  WHERE ${IN_SPAN}
  GROUP BY 1`;

const GROUP_HELD = `
  SELECT currency, reason, count(*) AS count, total(amount) AS amount, min(created_at) AS oldestAt
  FROM orders INDEXED BY orders_by_state WHERE state = 'held' GROUP BY currency, reason`;

const GROUP_REFUNDS = `
  SELECT o.currency, p.gateway, count(*) AS count, total(p.refund_due) AS amount
  FROM payments AS p INDEXED BY payments_refund_due JOIN orders AS o ON o.id = p.order_id
  WHERE p.state = 'refund_due' GROUP BY 1, 2`;

const GROUP_DEAD = `
  SELECT channel, count(*) AS count, sum(settled_at >= :from AND settled_at < :until) AS inSpan
  FROM deliveries INDEXED BY deliveries_undelivered WHERE state = 'dead' AND state <> 'delivered' GROUP BY channel`;

const SELECT_COUNTERS = "SELECT name, value FROM counters WHERE name IN ('held', 'refund_due')";

const SELECT_NAME = 'SELECT name FROM products WHERE id = ?';

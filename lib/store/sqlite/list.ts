import type { ListPage, OrderPlace, Span } from '../report-port.ts';
import type { Session } from './session.ts';

/**
 * A page of the list of orders. SQLite writes the lines: a page is one text and not eight thousand cells that have to be collected
 * again, which V8 does on all cores, and the daemon would wait for one.
 */
export function listPage(
  session: Session,
  span: Span,
  after: OrderPlace | null,
  limit: number,
): ListPage {
  const from = { ...span, createdAt: after?.createdAt ?? span.from, id: after?.id ?? '', limit };
  const lines = session.row<{ readonly text: string | null }>(SELECT_LINES, from)?.text ?? '';
  return {
    text: after === null ? HEAD + lines : lines,
    next: session.row<OrderPlace>(SELECT_LAST, from) ?? null,
  };
}

/** A text that may say anything. An apostrophe keeps a spreadsheet from taking it for a formula: a gateway's words could be one. */
const text = (cell: string) => {
  const said = `CASE WHEN substr(${cell}, 1, 1) IN ('=', '+', '-', '@', char(9), char(13)) THEN '''' || ${cell} ELSE ${cell} END`;
  const marks = ["'\"'", "','", 'char(10)', 'char(13)'].map((mark) => `instr(${cell}, ${mark})`);
  return `CASE WHEN ${marks.join(' OR ')} THEN '"' || replace(${said}, '"', '""') || '"' ELSE coalesce(${said}, '') END`;
};

/** An instant as ISO 8601 has it, to the millisecond. */
const instant = (cell: string) =>
  `coalesce(strftime('%Y-%m-%dT%H:%M:%fZ', ${cell} / 1000.0, 'unixepoch'), '')`;

/** A number, or a word of ours. Amounts are in the minor unit. */
const plain = (cell: string) => `coalesce(${cell}, '')`;

/** Gateway, method and key are those of the payment that completed the order, else of its last one. */
const COLUMNS: readonly (readonly [name: string, cell: string])[] = [
  ['id', text('o.id')],
  ['memberId', text('o.member_id')],
  ['createdAt', instant('o.created_at')],
  ['state', plain('o.state')],
  ['reason', plain('o.reason')],
  ['reasonText', text('o.reason_text')],
  ['currency', plain('o.currency')],
  ['amount', plain('o.amount')],
  ['settledAt', instant('j.at')],
  ['settledBy', plain('j.settled_by')],
  ['payments', '(SELECT count(*) FROM payments AS each WHERE each.order_id = o.id)'],
  ['gateway', text('p.gateway')],
  ['method', text('p.method')],
  ['transactionKey', text('p.transaction_key')],
  ['paymentState', plain('p.state')],
  [
    'refundDue',
    "(SELECT coalesce(sum(each.refund_due), 0) FROM payments AS each WHERE each.order_id = o.id AND each.state = 'refund_due')",
  ],
];

const HEAD = `${COLUMNS.map(([name]) => name).join(',')}\r\n`;

const LINE = `${COLUMNS.map(([, cell]) => cell).join(" || ',' || ")} || char(13, 10)`;

// Each names its index, as the statements of the report do.

const ORDERS = 'orders AS o INDEXED BY orders_by_creation';

const PAGE = `
  WHERE (o.created_at, o.id) > (:createdAt, :id) AND o.created_at >= :from AND o.created_at < :until
  ORDER BY o.created_at, o.id`;

const SELECT_LINES = `
  SELECT group_concat(line, '') AS text FROM (
    SELECT ${LINE} AS line
    FROM ${ORDERS}
      LEFT JOIN journal AS j ON j.seq = (
        SELECT one.seq FROM journal AS one WHERE one.order_id = o.id AND one.settled_by IS NOT NULL ORDER BY one.version LIMIT 1)
      LEFT JOIN payments AS p ON p.seq = (
        SELECT one.seq FROM payments AS one WHERE one.order_id = o.id ORDER BY one.id IS o.paid_by DESC, one.seq DESC LIMIT 1)
    ${PAGE} LIMIT :limit)`;

/** The last order of a full page; of one that is not full there is none. */
const SELECT_LAST = `
  SELECT o.created_at AS createdAt, o.id FROM ${ORDERS} ${PAGE} LIMIT 1 OFFSET :limit - 1`;

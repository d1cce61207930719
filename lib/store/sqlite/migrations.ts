/**
 * The layout of the database, as steps that are never edited once released: a new layout is a new step at the end. The number
 * of steps done is kept in `user_version`. Each runs in a transaction of its own. A CHECK has OR and not IN: for a list of three
 * or more SQLite fills a table whenever a row is written, which costs half as much as the row.
 */
export const MIGRATIONS: readonly string[] = [
  `
  CREATE TABLE products (
    id           TEXT PRIMARY KEY,
    name         TEXT NOT NULL,
    on_hand      INTEGER NOT NULL CHECK (on_hand BETWEEN 0 AND 9007199254740991),
    low_stock_at INTEGER CHECK (low_stock_at BETWEEN 0 AND 9007199254740991)
  ) STRICT;

  CREATE TABLE stock_movements (
    seq        INTEGER PRIMARY KEY,
    product_id TEXT NOT NULL REFERENCES products (id),
    change     INTEGER NOT NULL CHECK (change BETWEEN -9007199254740991 AND 9007199254740991 AND change <> 0),
    on_hand    INTEGER NOT NULL CHECK (on_hand BETWEEN 0 AND 9007199254740991),
    kind       TEXT NOT NULL CHECK (kind = 'counted' OR kind = 'added' OR kind = 'taken'),
    reference  TEXT,
    at         INTEGER NOT NULL,
    CHECK (kind = 'counted' OR reference IS NOT NULL),
    CHECK (kind <> 'taken' OR change < 0)
  ) STRICT;
  CREATE INDEX stock_movements_of_product ON stock_movements (product_id, seq);
  -- A delivery counts once, and an order takes a product once.
  CREATE UNIQUE INDEX stock_movements_once ON stock_movements (product_id, kind, reference)
    WHERE kind <> 'counted';

  CREATE TABLE orders (
    id           TEXT PRIMARY KEY,
    member_id    TEXT NOT NULL,
    currency     TEXT NOT NULL CHECK (length(currency) = 3),
    amount       INTEGER NOT NULL CHECK (amount BETWEEN 0 AND 9007199254740991),
    state        TEXT NOT NULL CHECK (state = 'pending' OR state = 'completed' OR state = 'failed' OR state = 'held'),
    reason       TEXT,
    reason_text  TEXT,
    -- A payment of this order, as the commits see to it. No REFERENCES: to remove a payment would search all orders for it.
    paid_by      TEXT,
    escalated    TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(escalated)),
    created_at   INTEGER NOT NULL,
    updated_at   INTEGER NOT NULL,
    looks        INTEGER NOT NULL CHECK (looks BETWEEN 0 AND 9007199254740991),
    silent_since INTEGER,
    listed_at    INTEGER,
    look_at      INTEGER,
    version      INTEGER NOT NULL CHECK (version BETWEEN 1 AND 9007199254740991),
    -- A hash of what the shop sent: tells the same order from another one with its id.
    content      BLOB NOT NULL,
    -- The gateways of which a look may learn something, as a sorted JSON list: claims leave whole groups out by it.
    ask_at       TEXT NOT NULL CHECK (json_valid(ask_at)),
    looked_at    INTEGER,
    nudge_at     INTEGER,
    nudges       INTEGER NOT NULL DEFAULT 0 CHECK (nudges BETWEEN 0 AND 9007199254740991),
    -- How many callbacks are kept that were matched to it. A count and not an index: a callback changes this row anyway.
    notices_kept INTEGER NOT NULL DEFAULT 0 CHECK (notices_kept >= 0),
    CHECK (paid_by IS NULL OR state = 'completed')
  ) STRICT;
  -- Settled orders are in neither index, so that claims cost the same among any number of them.
  CREATE INDEX orders_due ON orders (ask_at, look_at, id) WHERE look_at IS NOT NULL;
  CREATE INDEX orders_nudged ON orders (ask_at, nudge_at, id) WHERE nudge_at IS NOT NULL;
  CREATE INDEX orders_by_creation ON orders (created_at, id);
  CREATE INDEX orders_by_state ON orders (state, created_at, id);
  CREATE INDEX orders_by_reason ON orders (reason, created_at, id) WHERE reason IS NOT NULL;

  CREATE TABLE items (
    order_id   TEXT NOT NULL REFERENCES orders (id),
    position   INTEGER NOT NULL,
    product_id TEXT NOT NULL REFERENCES products (id),
    quantity   INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 9007199254740991),
    unit_price INTEGER NOT NULL CHECK (unit_price BETWEEN 0 AND 9007199254740991),
    PRIMARY KEY (order_id, position)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE payments (
    seq              INTEGER PRIMARY KEY,
    id               TEXT NOT NULL UNIQUE,
    order_id         TEXT NOT NULL REFERENCES orders (id),
    gateway          TEXT,
    method           TEXT NOT NULL,
    amount           INTEGER NOT NULL CHECK (amount BETWEEN 0 AND 9007199254740991),
    state            TEXT NOT NULL CHECK (state = 'pending' OR state = 'succeeded' OR state = 'failed' OR state = 'refund_due' OR state = 'refunded'),
    reason           TEXT,
    reason_text      TEXT,
    transaction_key  TEXT,
    -- The key as the shop recorded it, for telling a repeat from another payment with this id.
    recorded_key     TEXT,
    requested_at     INTEGER NOT NULL,
    settled_at       INTEGER,
    presumed_at      INTEGER CHECK (presumed_at IS NULL OR state = 'failed'),
    found_status     TEXT,
    found_amount     INTEGER CHECK (found_amount BETWEEN 0 AND 9007199254740991),
    found_currency   TEXT,
    found_ours       INTEGER CHECK (found_ours IN (0, 1)),
    found_at         INTEGER,
    refund_due       INTEGER NOT NULL DEFAULT 0 CHECK (refund_due BETWEEN 0 AND 9007199254740991),
    refund_reference TEXT,
    escalated        TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(escalated)),
    CHECK (refund_due = 0 OR state IN ('refund_due', 'refunded'))
  ) STRICT;
  CREATE INDEX payments_of_order ON payments (order_id, seq);
  CREATE INDEX payments_refund_due ON payments (order_id) WHERE state = 'refund_due';
  CREATE UNIQUE INDEX payments_by_key ON payments (gateway, transaction_key) WHERE transaction_key IS NOT NULL;

  -- What decisions are made under, each once. Settings seldom change, and so they are few and none is ever removed.
  CREATE TABLE policies (
    seq     INTEGER PRIMARY KEY,
    content TEXT NOT NULL UNIQUE CHECK (json_valid(content))
  ) STRICT;

  CREATE TABLE journal (
    seq      INTEGER PRIMARY KEY,
    order_id TEXT NOT NULL REFERENCES orders (id),
    version  INTEGER NOT NULL,
    at       INTEGER NOT NULL,
    reason   TEXT,
    -- The state that this row gave the order; NULL: it left it as it was.
    state    TEXT CHECK (state = 'pending' OR state = 'completed' OR state = 'failed' OR state = 'held'),
    -- What made the order final, in the one row that did.
    settled_by TEXT CHECK (settled_by = 'sweep' OR settled_by = 'callback' OR settled_by = 'request' OR settled_by = 'person'),
    -- What the decision in the record was made under; NULL: there is none in it.
    policy   INTEGER REFERENCES policies (seq),
    record   TEXT NOT NULL,
    UNIQUE (order_id, version)
  ) STRICT;

  -- What is told. Conditions (gateway.down) are of no order.
  CREATE TABLE effects (
    seq        INTEGER PRIMARY KEY,
    key        TEXT NOT NULL UNIQUE,
    topic      TEXT NOT NULL,
    order_id   TEXT REFERENCES orders (id),
    version    INTEGER CHECK (version BETWEEN 1 AND 9007199254740991),
    payment_id TEXT,
    product_id TEXT,
    gateway    TEXT,
    reason     TEXT,
    text       TEXT,
    amount     INTEGER CHECK (amount BETWEEN 0 AND 9007199254740991),
    currency   TEXT,
    on_hand    INTEGER CHECK (on_hand BETWEEN 0 AND 9007199254740991),
    since      INTEGER,
    at         INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX effects_of_order ON effects (order_id, seq) WHERE order_id IS NOT NULL;

  -- Who hears of what; an effect is written with a delivery for each of them.
  CREATE TABLE subscriptions (
    topic     TEXT NOT NULL,
    channel   TEXT NOT NULL,
    digest_ms INTEGER NOT NULL CHECK (digest_ms BETWEEN 0 AND 9007199254740991),
    PRIMARY KEY (topic, channel)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE deliveries (
    id           INTEGER PRIMARY KEY,
    effect       INTEGER NOT NULL REFERENCES effects (seq),
    channel      TEXT NOT NULL,
    -- Deliveries of a channel with the same one make one message; NULL: a message of its own.
    batch        TEXT,
    state        TEXT NOT NULL DEFAULT 'pending' CHECK (state = 'pending' OR state = 'delivered' OR state = 'dead'),
    attempts     INTEGER NOT NULL DEFAULT 0 CHECK (attempts BETWEEN 0 AND 9007199254740991),
    first_due_at INTEGER NOT NULL,
    next_at      INTEGER,
    detail       TEXT,
    settled_at   INTEGER,
    UNIQUE (effect, channel),
    CHECK ((state = 'pending') = (next_at IS NOT NULL)),
    CHECK ((state = 'pending') = (settled_at IS NULL))
  ) STRICT;
  CREATE INDEX deliveries_due ON deliveries (channel, next_at, id) WHERE next_at IS NOT NULL;
  CREATE INDEX deliveries_of_batch ON deliveries (channel, batch, id) WHERE next_at IS NOT NULL AND batch IS NOT NULL;
  -- Delivered ones are in neither of these: their number grows for ever.
  CREATE INDEX deliveries_undelivered ON deliveries (state, id) WHERE state <> 'delivered';

  -- What the daemon has to remember about a condition over a restart.
  CREATE TABLE marks (
    name  TEXT PRIMARY KEY,
    since INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;

  -- Callbacks. They are matched in the order in which they came: all new ones stand behind all others. order_id is the order
  -- that one was matched to.
  CREATE TABLE notices (
    seq         INTEGER PRIMARY KEY,
    gateway     TEXT NOT NULL,
    event_id    TEXT NOT NULL,
    key         TEXT,
    named_order TEXT,
    received_at INTEGER NOT NULL,
    state       TEXT NOT NULL DEFAULT 'new',
    order_id    TEXT,
    UNIQUE (gateway, event_id),
    CHECK (
      state = 'new' AND order_id IS NULL OR state = 'waiting' AND order_id IS NULL OR state = 'matched' AND order_id IS NOT NULL)
  ) STRICT;
  -- A new one is in none of these: to keep it has to cost little.
  CREATE INDEX notices_looked_at ON notices (seq) WHERE state <> 'new';
  CREATE INDEX notices_waiting_for_order ON notices (named_order) WHERE state = 'waiting';
  CREATE INDEX notices_waiting_for_key ON notices (gateway, key) WHERE state = 'waiting' AND key IS NOT NULL;

  CREATE TABLE noticed_keys (
    order_id TEXT NOT NULL REFERENCES orders (id),
    gateway  TEXT NOT NULL,
    key      TEXT NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (order_id, gateway, key)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE sweeps (
    id          INTEGER PRIMARY KEY,
    started_at  INTEGER NOT NULL,
    ended_at    INTEGER,
    looked      INTEGER NOT NULL DEFAULT 0,
    reasons     TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(reasons)),
    duration_ms REAL NOT NULL DEFAULT 0
  ) STRICT;

  -- Orders that were there and were removed as old: one that is sent again is not a new one.
  CREATE TABLE forgotten (
    order_id TEXT PRIMARY KEY
  ) STRICT, WITHOUT ROWID;

  -- What a scrape wants to know, kept by the commits that change it.
  CREATE TABLE counters (
    name    TEXT NOT NULL,
    gateway TEXT NOT NULL DEFAULT '',
    value   INTEGER NOT NULL CHECK (value BETWEEN 0 AND 9007199254740991),
    PRIMARY KEY (name, gateway)
  ) STRICT, WITHOUT ROWID;
  `,
];

/** The version of the layout that this program reads and writes. */
export const SCHEMA_VERSION = MIGRATIONS.length;

/** "RCND": stands in the header of every database of ours, so that a file of another program is told apart. */
export const APPLICATION_ID = 0x52_43_4e_44;

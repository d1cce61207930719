PRAGMA application_id = 1380142660;
PRAGMA user_version = 1;
CREATE TABLE counters (
    name    TEXT NOT NULL,
    gateway TEXT NOT NULL DEFAULT '',
    value   INTEGER NOT NULL CHECK (value BETWEEN 0 AND 9007199254740991),
    PRIMARY KEY (name, gateway)
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
CREATE TABLE forgotten (
    order_id TEXT PRIMARY KEY
  ) STRICT, WITHOUT ROWID;
CREATE TABLE items (
    order_id   TEXT NOT NULL REFERENCES orders (id),
    position   INTEGER NOT NULL,
    product_id TEXT NOT NULL REFERENCES products (id),
    quantity   INTEGER NOT NULL CHECK (quantity BETWEEN 1 AND 9007199254740991),
    unit_price INTEGER NOT NULL CHECK (unit_price BETWEEN 0 AND 9007199254740991),
    PRIMARY KEY (order_id, position)
  ) STRICT, WITHOUT ROWID;
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
CREATE TABLE marks (
    name  TEXT PRIMARY KEY,
    since INTEGER NOT NULL
  ) STRICT, WITHOUT ROWID;
CREATE TABLE noticed_keys (
    order_id TEXT NOT NULL REFERENCES orders (id),
    gateway  TEXT NOT NULL,
    key      TEXT NOT NULL,
    at       INTEGER NOT NULL,
    PRIMARY KEY (order_id, gateway, key)
  ) STRICT, WITHOUT ROWID;
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
CREATE TABLE policies (
    seq     INTEGER PRIMARY KEY,
    content TEXT NOT NULL UNIQUE CHECK (json_valid(content))
  ) STRICT;
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
CREATE TABLE subscriptions (
    topic     TEXT NOT NULL,
    channel   TEXT NOT NULL,
    digest_ms INTEGER NOT NULL CHECK (digest_ms BETWEEN 0 AND 9007199254740991),
    PRIMARY KEY (topic, channel)
  ) STRICT, WITHOUT ROWID;
CREATE TABLE sweeps (
    id          INTEGER PRIMARY KEY,
    started_at  INTEGER NOT NULL,
    ended_at    INTEGER,
    looked      INTEGER NOT NULL DEFAULT 0,
    reasons     TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(reasons)),
    duration_ms REAL NOT NULL DEFAULT 0
  ) STRICT;
INSERT INTO counters VALUES ('completed', '', 2);
INSERT INTO counters VALUES ('failed', '', 4);
INSERT INTO counters VALUES ('held', '', 2);
INSERT INTO counters VALUES ('pending', '', 1);
INSERT INTO counters VALUES ('refund_due', '', 2);
INSERT INTO effects VALUES (1, 'order.completed:ORDER-COMPLETED:v2', 'order.completed', 'ORDER-COMPLETED', 2, NULL, NULL, NULL, 'captured', NULL, 1000, 'KRW', NULL, NULL, 1755302400200);
INSERT INTO effects VALUES (2, 'order.failed:ORDER-FAILED:v2', 'order.failed', 'ORDER-FAILED', 2, NULL, NULL, NULL, 'declined', NULL, 1000, 'KRW', NULL, NULL, 1755302400200);
INSERT INTO effects VALUES (3, 'order.held:ORDER-HELD:v2', 'order.held', 'ORDER-HELD', 2, NULL, NULL, NULL, 'mismatched', NULL, 1000, 'KRW', NULL, NULL, 1755302400200);
INSERT INTO effects VALUES (4, 'order.held:ORDER-LOST:v2', 'order.held', 'ORDER-LOST', 2, NULL, NULL, NULL, 'unclear', NULL, 1000, 'KRW', NULL, NULL, 1755302400200);
INSERT INTO effects VALUES (5, 'order.failed:ORDER-NOT-PAID:v2', 'order.failed', 'ORDER-NOT-PAID', 2, NULL, NULL, NULL, 'not_at_gateway', 'PG 요청 실패', 1000, 'KRW', NULL, NULL, 1755302400200);
INSERT INTO effects VALUES (6, 'order.completed:ORDER-PAID-TWICE:v2', 'order.completed', 'ORDER-PAID-TWICE', 2, NULL, NULL, NULL, 'captured', NULL, 1000, 'KRW', NULL, NULL, 1755302400200);
INSERT INTO effects VALUES (7, 'refund.due:ORDER-PAID-TWICE:ORDER-PAID-TWICE-pay-2:duplicate_capture:v2', 'refund.due', 'ORDER-PAID-TWICE', 2, 'ORDER-PAID-TWICE-pay-2', NULL, NULL, 'duplicate_capture', NULL, 1000, 'KRW', NULL, NULL, 1755302400200);
INSERT INTO effects VALUES (8, 'order.attention:ORDER-PAID-TWICE:ORDER-PAID-TWICE-pay-2:refund_by_hand:v2', 'order.attention', 'ORDER-PAID-TWICE', 2, 'ORDER-PAID-TWICE-pay-2', NULL, NULL, 'refund_by_hand', NULL, 1000, 'KRW', NULL, NULL, 1755302400200);
INSERT INTO effects VALUES (9, 'order.failed:ORDER-TOO-LATE:v2', 'order.failed', 'ORDER-TOO-LATE', 2, NULL, NULL, NULL, 'out_of_stock', '재고 부족: Tea', 1000, 'KRW', NULL, NULL, 1755302400200);
INSERT INTO effects VALUES (10, 'refund.due:ORDER-TOO-LATE:ORDER-TOO-LATE-pay-1:out_of_stock:v2', 'refund.due', 'ORDER-TOO-LATE', 2, 'ORDER-TOO-LATE-pay-1', NULL, NULL, 'out_of_stock', NULL, 1000, 'KRW', NULL, NULL, 1755302400200);
INSERT INTO effects VALUES (11, 'order.attention:ORDER-TOO-LATE:ORDER-TOO-LATE-pay-1:refund_by_hand:v2', 'order.attention', 'ORDER-TOO-LATE', 2, 'ORDER-TOO-LATE-pay-1', NULL, NULL, 'refund_by_hand', NULL, 1000, 'KRW', NULL, NULL, 1755302400200);
INSERT INTO effects VALUES (12, 'order.failed:ORDER-WITHOUT-PAYMENT:v2', 'order.failed', 'ORDER-WITHOUT-PAYMENT', 2, NULL, NULL, NULL, 'never_requested', NULL, 1000, 'KRW', NULL, NULL, 1755302400200);
INSERT INTO items VALUES ('ORDER-COMPLETED', 0, 'tea', 1, 1000);
INSERT INTO items VALUES ('ORDER-FAILED', 0, 'tea', 1, 1000);
INSERT INTO items VALUES ('ORDER-HELD', 0, 'tea', 1, 1000);
INSERT INTO items VALUES ('ORDER-LOST', 0, 'tea', 1, 1000);
INSERT INTO items VALUES ('ORDER-NOT-PAID', 0, 'tea', 1, 1000);
INSERT INTO items VALUES ('ORDER-PAID-TWICE', 0, 'tea', 1, 1000);
INSERT INTO items VALUES ('ORDER-PENDING', 0, 'tea', 1, 1000);
INSERT INTO items VALUES ('ORDER-TOO-LATE', 0, 'tea', 1, 1000);
INSERT INTO items VALUES ('ORDER-WITHOUT-PAYMENT', 0, 'tea', 1, 1000);
INSERT INTO journal VALUES (1, 'ORDER-COMPLETED', 1, 1755302400000, NULL, 'pending', NULL, NULL, '{"kind":"created","order":{"id":"ORDER-COMPLETED","memberId":"","currency":"KRW","amount":1000,"items":[{"productId":"tea","quantity":1,"unitPrice":1000}],"payments":[{"id":"ORDER-COMPLETED-pay-1","gateway":"pg","method":"CARD","amount":1000,"transactionKey":"key-of-ORDER-COMPLETED","requestedAt":1755301740000}],"createdAt":1755301740000,"lookAt":1755302340000}}');
INSERT INTO journal VALUES (2, 'ORDER-FAILED', 1, 1755302400000, NULL, 'pending', NULL, NULL, '{"kind":"created","order":{"id":"ORDER-FAILED","memberId":"","currency":"KRW","amount":1000,"items":[{"productId":"tea","quantity":1,"unitPrice":1000}],"payments":[{"id":"ORDER-FAILED-pay-1","gateway":"pg","method":"CARD","amount":1000,"transactionKey":"key-of-ORDER-FAILED","requestedAt":1755301740000}],"createdAt":1755301740000,"lookAt":1755302340000}}');
INSERT INTO journal VALUES (3, 'ORDER-HELD', 1, 1755302400000, NULL, 'pending', NULL, NULL, '{"kind":"created","order":{"id":"ORDER-HELD","memberId":"","currency":"KRW","amount":1000,"items":[{"productId":"tea","quantity":1,"unitPrice":1000}],"payments":[{"id":"ORDER-HELD-pay-1","gateway":"pg","method":"CARD","amount":1000,"transactionKey":"key-of-ORDER-HELD","requestedAt":1755301740000}],"createdAt":1755301740000,"lookAt":1755302340000}}');
INSERT INTO journal VALUES (4, 'ORDER-PAID-TWICE', 1, 1755302400000, NULL, 'pending', NULL, NULL, '{"kind":"created","order":{"id":"ORDER-PAID-TWICE","memberId":"","currency":"KRW","amount":1000,"items":[{"productId":"tea","quantity":1,"unitPrice":1000}],"payments":[{"id":"ORDER-PAID-TWICE-pay-1","gateway":"pg","method":"CARD","amount":1000,"transactionKey":"key-of-ORDER-PAID-TWICE","requestedAt":1755301740000},{"id":"ORDER-PAID-TWICE-pay-2","gateway":"pg","method":"CARD","amount":1000,"transactionKey":"another-key","requestedAt":1755301740000}],"createdAt":1755301740000,"lookAt":1755302340000}}');
INSERT INTO journal VALUES (5, 'ORDER-LOST', 1, 1755302400000, NULL, 'pending', NULL, NULL, '{"kind":"created","order":{"id":"ORDER-LOST","memberId":"","currency":"KRW","amount":1000,"items":[{"productId":"tea","quantity":1,"unitPrice":1000}],"payments":[{"id":"ORDER-LOST-pay-1","gateway":"pg","method":"CARD","amount":1000,"transactionKey":"lost-key","requestedAt":1755301740000}],"createdAt":1755301740000,"lookAt":1755302340000}}');
INSERT INTO journal VALUES (6, 'ORDER-NOT-PAID', 1, 1755302400000, NULL, 'pending', NULL, NULL, '{"kind":"created","order":{"id":"ORDER-NOT-PAID","memberId":"","currency":"KRW","amount":1000,"items":[{"productId":"tea","quantity":1,"unitPrice":1000}],"payments":[{"id":"ORDER-NOT-PAID-pay-1","gateway":"pg","method":"CARD","amount":1000,"transactionKey":null,"requestedAt":1755301740000}],"createdAt":1755301740000,"lookAt":1755302340000}}');
INSERT INTO journal VALUES (7, 'ORDER-WITHOUT-PAYMENT', 1, 1755302400000, NULL, 'pending', NULL, NULL, '{"kind":"created","order":{"id":"ORDER-WITHOUT-PAYMENT","memberId":"","currency":"KRW","amount":1000,"items":[{"productId":"tea","quantity":1,"unitPrice":1000}],"payments":[],"createdAt":1755301740000,"lookAt":1755302340000}}');
INSERT INTO journal VALUES (8, 'ORDER-TOO-LATE', 1, 1755302400000, NULL, 'pending', NULL, NULL, '{"kind":"created","order":{"id":"ORDER-TOO-LATE","memberId":"","currency":"KRW","amount":1000,"items":[{"productId":"tea","quantity":1,"unitPrice":1000}],"payments":[{"id":"ORDER-TOO-LATE-pay-1","gateway":"pg","method":"CARD","amount":1000,"transactionKey":"key-of-ORDER-TOO-LATE","requestedAt":1755301740000}],"createdAt":1755301740000,"lookAt":1755302340000}}');
INSERT INTO journal VALUES (9, 'ORDER-COMPLETED', 2, 1755302400200, 'captured', 'completed', 'sweep', 1, '{"kind":"decided","trigger":"sweep","hearing":{"case":{"order":{"id":"ORDER-COMPLETED","currency":"KRW","amount":1000,"state":"pending","createdAt":1755301740000,"updatedAt":1755302400000,"lookAt":1755302340000,"version":1},"items":[{"productId":"tea","quantity":1,"unitPrice":1000}],"payments":[{"id":"ORDER-COMPLETED-pay-1","gateway":"pg","method":"CARD","amount":1000,"state":"pending","transactionKey":"key-of-ORDER-COMPLETED","requestedAt":1755301740000}],"stock":[{"productId":"tea","name":"Tea","onHand":2}]},"heard":[{"question":{"kind":"inquire","gateway":"pg","orderId":"ORDER-COMPLETED","userId":"","keys":["key-of-ORDER-COMPLETED"],"about":["ORDER-COMPLETED-pay-1"],"listAll":false,"since":1755301740000},"answer":{"kind":"statement","transactions":[{"key":"key-of-ORDER-COMPLETED","orderId":"ORDER-COMPLETED","status":"succeeded","amount":1000,"currency":"KRW"}],"absentKeys":[],"silentKeys":[],"complete":false}}],"now":1755302400200},"decision":{"reason":"captured","order":{"state":"completed","reason":"captured","paidBy":"ORDER-COMPLETED-pay-1","updatedAt":1755302400200,"lookAt":1755306000200,"version":2},"payments":[{"id":"ORDER-COMPLETED-pay-1","state":"succeeded","reason":"captured","settledAt":1755302400200,"found":{"status":"succeeded","amount":1000,"currency":"KRW","ours":true,"at":1755302400200}}],"take":[{"productId":"tea","quantity":1}],"effects":[{"reason":"captured","amount":1000,"currency":"KRW","topic":"order.completed","key":"order.completed:ORDER-COMPLETED:v2"}],"judgements":[{"paymentId":"ORDER-COMPLETED-pay-1","verdict":"captured","reason":"captured"}]},"rules":"2"}');
INSERT INTO journal VALUES (10, 'ORDER-FAILED', 2, 1755302400200, 'declined', 'failed', 'sweep', 1, '{"kind":"decided","trigger":"sweep","hearing":{"case":{"order":{"id":"ORDER-FAILED","currency":"KRW","amount":1000,"state":"pending","createdAt":1755301740000,"updatedAt":1755302400000,"lookAt":1755302340000,"version":1},"items":[{"productId":"tea","quantity":1,"unitPrice":1000}],"payments":[{"id":"ORDER-FAILED-pay-1","gateway":"pg","method":"CARD","amount":1000,"state":"pending","transactionKey":"key-of-ORDER-FAILED","requestedAt":1755301740000}],"stock":[{"productId":"tea","name":"Tea","onHand":2}]},"heard":[{"question":{"kind":"inquire","gateway":"pg","orderId":"ORDER-FAILED","userId":"","keys":["key-of-ORDER-FAILED"],"about":["ORDER-FAILED-pay-1"],"listAll":false,"since":1755301740000},"answer":{"kind":"statement","transactions":[{"key":"key-of-ORDER-FAILED","orderId":"ORDER-FAILED","status":"failed","amount":1000,"currency":"KRW"}],"absentKeys":[],"silentKeys":[],"complete":true}}],"now":1755302400200},"decision":{"reason":"declined","order":{"state":"failed","reason":"declined","updatedAt":1755302400200,"listedAt":1755302400200,"lookAt":null,"version":2},"payments":[{"id":"ORDER-FAILED-pay-1","state":"failed","reason":"declined","settledAt":1755302400200,"found":{"status":"failed","amount":1000,"currency":"KRW","ours":true,"at":1755302400200}}],"effects":[{"reason":"declined","amount":1000,"currency":"KRW","topic":"order.failed","key":"order.failed:ORDER-FAILED:v2"}],"judgements":[{"paymentId":"ORDER-FAILED-pay-1","verdict":"declined","reason":"declined"}]},"rules":"2"}');
INSERT INTO journal VALUES (11, 'ORDER-HELD', 2, 1755302400200, 'mismatched', 'held', NULL, 1, '{"kind":"decided","trigger":"sweep","hearing":{"case":{"order":{"id":"ORDER-HELD","currency":"KRW","amount":1000,"state":"pending","createdAt":1755301740000,"updatedAt":1755302400000,"lookAt":1755302340000,"version":1},"items":[{"productId":"tea","quantity":1,"unitPrice":1000}],"payments":[{"id":"ORDER-HELD-pay-1","gateway":"pg","method":"CARD","amount":1000,"state":"pending","transactionKey":"key-of-ORDER-HELD","requestedAt":1755301740000}],"stock":[{"productId":"tea","name":"Tea","onHand":2}]},"heard":[{"question":{"kind":"inquire","gateway":"pg","orderId":"ORDER-HELD","userId":"","keys":["key-of-ORDER-HELD"],"about":["ORDER-HELD-pay-1"],"listAll":false,"since":1755301740000},"answer":{"kind":"statement","transactions":[{"key":"key-of-ORDER-HELD","orderId":"ORDER-HELD","status":"succeeded","amount":999,"currency":"KRW"}],"absentKeys":[],"silentKeys":[],"complete":false}}],"now":1755302400200},"decision":{"reason":"mismatched","order":{"state":"held","reason":"mismatched","escalated":["mismatched"],"updatedAt":1755302400200,"lookAt":1755388800200,"version":2},"payments":[{"id":"ORDER-HELD-pay-1","found":{"status":"succeeded","amount":999,"currency":"KRW","ours":true,"at":1755302400200}}],"effects":[{"reason":"mismatched","amount":1000,"currency":"KRW","topic":"order.held","key":"order.held:ORDER-HELD:v2"}],"judgements":[{"paymentId":"ORDER-HELD-pay-1","verdict":"mismatched","reason":"mismatched"}]},"rules":"2"}');
INSERT INTO journal VALUES (12, 'ORDER-LOST', 2, 1755302400200, 'unclear', 'held', NULL, 1, '{"kind":"decided","trigger":"sweep","hearing":{"case":{"order":{"id":"ORDER-LOST","currency":"KRW","amount":1000,"state":"pending","createdAt":1755301740000,"updatedAt":1755302400000,"lookAt":1755302340000,"version":1},"items":[{"productId":"tea","quantity":1,"unitPrice":1000}],"payments":[{"id":"ORDER-LOST-pay-1","gateway":"pg","method":"CARD","amount":1000,"state":"pending","transactionKey":"lost-key","requestedAt":1755301740000}],"stock":[{"productId":"tea","name":"Tea","onHand":2}]},"heard":[{"question":{"kind":"inquire","gateway":"pg","orderId":"ORDER-LOST","userId":"","keys":["lost-key"],"about":["ORDER-LOST-pay-1"],"listAll":false,"since":1755301740000},"answer":{"kind":"statement","transactions":[],"absentKeys":["lost-key"],"silentKeys":[],"complete":true}}],"now":1755302400200},"decision":{"reason":"unclear","order":{"state":"held","reason":"unclear","escalated":["unclear"],"updatedAt":1755302400200,"lookAt":1755302460200,"version":2},"effects":[{"reason":"unclear","amount":1000,"currency":"KRW","topic":"order.held","key":"order.held:ORDER-LOST:v2"}],"judgements":[{"paymentId":"ORDER-LOST-pay-1","verdict":"unclear","reason":"lost_at_gateway"}]},"rules":"2"}');
INSERT INTO journal VALUES (13, 'ORDER-NOT-PAID', 2, 1755302400200, 'not_at_gateway', 'failed', 'sweep', 1, '{"kind":"decided","trigger":"sweep","hearing":{"case":{"order":{"id":"ORDER-NOT-PAID","currency":"KRW","amount":1000,"state":"pending","createdAt":1755301740000,"updatedAt":1755302400000,"lookAt":1755302340000,"version":1},"items":[{"productId":"tea","quantity":1,"unitPrice":1000}],"payments":[{"id":"ORDER-NOT-PAID-pay-1","gateway":"pg","method":"CARD","amount":1000,"state":"pending","requestedAt":1755301740000}],"stock":[{"productId":"tea","name":"Tea","onHand":2}]},"heard":[{"question":{"kind":"inquire","gateway":"pg","orderId":"ORDER-NOT-PAID","userId":"","keys":[],"about":["ORDER-NOT-PAID-pay-1"],"listAll":true,"since":1755301740000},"answer":{"kind":"statement","transactions":[],"absentKeys":[],"silentKeys":[],"complete":true}}],"now":1755302400200},"decision":{"reason":"not_at_gateway","order":{"state":"failed","reason":"not_at_gateway","reasonText":"PG 요청 실패","updatedAt":1755302400200,"listedAt":1755302400200,"lookAt":1755306000200,"version":2},"payments":[{"id":"ORDER-NOT-PAID-pay-1","state":"failed","reason":"not_at_gateway","reasonText":"PG 요청 실패","settledAt":1755302400200,"presumedAt":1755302400200}],"effects":[{"reason":"not_at_gateway","text":"PG 요청 실패","amount":1000,"currency":"KRW","topic":"order.failed","key":"order.failed:ORDER-NOT-PAID:v2"}],"judgements":[{"paymentId":"ORDER-NOT-PAID-pay-1","verdict":"presumed_declined","reason":"not_at_gateway","text":"PG 요청 실패"}]},"rules":"2"}');
INSERT INTO journal VALUES (14, 'ORDER-PAID-TWICE', 2, 1755302400200, 'captured', 'completed', 'sweep', 1, '{"kind":"decided","trigger":"sweep","hearing":{"case":{"order":{"id":"ORDER-PAID-TWICE","currency":"KRW","amount":1000,"state":"pending","createdAt":1755301740000,"updatedAt":1755302400000,"lookAt":1755302340000,"version":1},"items":[{"productId":"tea","quantity":1,"unitPrice":1000}],"payments":[{"id":"ORDER-PAID-TWICE-pay-1","gateway":"pg","method":"CARD","amount":1000,"state":"pending","transactionKey":"key-of-ORDER-PAID-TWICE","requestedAt":1755301740000},{"id":"ORDER-PAID-TWICE-pay-2","gateway":"pg","method":"CARD","amount":1000,"state":"pending","transactionKey":"another-key","requestedAt":1755301740000}],"stock":[{"productId":"tea","name":"Tea","onHand":2}]},"heard":[{"question":{"kind":"inquire","gateway":"pg","orderId":"ORDER-PAID-TWICE","userId":"","keys":["key-of-ORDER-PAID-TWICE","another-key"],"about":["ORDER-PAID-TWICE-pay-1","ORDER-PAID-TWICE-pay-2"],"listAll":false,"since":1755301740000},"answer":{"kind":"statement","transactions":[{"key":"key-of-ORDER-PAID-TWICE","orderId":"ORDER-PAID-TWICE","status":"succeeded","amount":1000,"currency":"KRW"},{"key":"another-key","orderId":"ORDER-PAID-TWICE","status":"succeeded","amount":1000,"currency":"KRW"}],"absentKeys":[],"silentKeys":[],"complete":false}}],"now":1755302400200},"decision":{"reason":"captured","order":{"state":"completed","reason":"captured","paidBy":"ORDER-PAID-TWICE-pay-1","updatedAt":1755302400200,"lookAt":1755306000200,"version":2},"payments":[{"id":"ORDER-PAID-TWICE-pay-1","state":"succeeded","reason":"captured","settledAt":1755302400200,"found":{"status":"succeeded","amount":1000,"currency":"KRW","ours":true,"at":1755302400200}},{"id":"ORDER-PAID-TWICE-pay-2","state":"refund_due","reason":"duplicate_capture","settledAt":1755302400200,"found":{"status":"succeeded","amount":1000,"currency":"KRW","ours":true,"at":1755302400200},"refundDue":1000,"escalated":["refund_by_hand"]}],"take":[{"productId":"tea","quantity":1}],"effects":[{"reason":"captured","amount":1000,"currency":"KRW","topic":"order.completed","key":"order.completed:ORDER-PAID-TWICE:v2"},{"paymentId":"ORDER-PAID-TWICE-pay-2","reason":"duplicate_capture","amount":1000,"currency":"KRW","topic":"refund.due","key":"refund.due:ORDER-PAID-TWICE:ORDER-PAID-TWICE-pay-2:duplicate_capture:v2"},{"paymentId":"ORDER-PAID-TWICE-pay-2","reason":"refund_by_hand","amount":1000,"currency":"KRW","topic":"order.attention","key":"order.attention:ORDER-PAID-TWICE:ORDER-PAID-TWICE-pay-2:refund_by_hand:v2"}],"judgements":[{"paymentId":"ORDER-PAID-TWICE-pay-1","verdict":"captured","reason":"captured"},{"paymentId":"ORDER-PAID-TWICE-pay-2","verdict":"captured","reason":"captured"}]},"rules":"2"}');
INSERT INTO journal VALUES (15, 'ORDER-TOO-LATE', 2, 1755302400200, 'out_of_stock', 'failed', 'sweep', 1, '{"kind":"decided","trigger":"sweep","hearing":{"case":{"order":{"id":"ORDER-TOO-LATE","currency":"KRW","amount":1000,"state":"pending","createdAt":1755301740000,"updatedAt":1755302400000,"lookAt":1755302340000,"version":1},"items":[{"productId":"tea","quantity":1,"unitPrice":1000}],"payments":[{"id":"ORDER-TOO-LATE-pay-1","gateway":"pg","method":"CARD","amount":1000,"state":"pending","transactionKey":"key-of-ORDER-TOO-LATE","requestedAt":1755301740000}],"stock":[{"productId":"tea","name":"Tea","onHand":0}]},"heard":[{"question":{"kind":"inquire","gateway":"pg","orderId":"ORDER-TOO-LATE","userId":"","keys":["key-of-ORDER-TOO-LATE"],"about":["ORDER-TOO-LATE-pay-1"],"listAll":false,"since":1755301740000},"answer":{"kind":"statement","transactions":[{"key":"key-of-ORDER-TOO-LATE","orderId":"ORDER-TOO-LATE","status":"succeeded","amount":1000,"currency":"KRW"}],"absentKeys":[],"silentKeys":[],"complete":false}}],"now":1755302400200},"decision":{"reason":"out_of_stock","order":{"state":"failed","reason":"out_of_stock","reasonText":"재고 부족: Tea","updatedAt":1755302400200,"lookAt":1755306000200,"version":2},"payments":[{"id":"ORDER-TOO-LATE-pay-1","state":"refund_due","reason":"out_of_stock","settledAt":1755302400200,"found":{"status":"succeeded","amount":1000,"currency":"KRW","ours":true,"at":1755302400200},"refundDue":1000,"escalated":["refund_by_hand"]}],"effects":[{"reason":"out_of_stock","text":"재고 부족: Tea","amount":1000,"currency":"KRW","topic":"order.failed","key":"order.failed:ORDER-TOO-LATE:v2"},{"paymentId":"ORDER-TOO-LATE-pay-1","reason":"out_of_stock","amount":1000,"currency":"KRW","topic":"refund.due","key":"refund.due:ORDER-TOO-LATE:ORDER-TOO-LATE-pay-1:out_of_stock:v2"},{"paymentId":"ORDER-TOO-LATE-pay-1","reason":"refund_by_hand","amount":1000,"currency":"KRW","topic":"order.attention","key":"order.attention:ORDER-TOO-LATE:ORDER-TOO-LATE-pay-1:refund_by_hand:v2"}],"judgements":[{"paymentId":"ORDER-TOO-LATE-pay-1","verdict":"captured","reason":"captured"}]},"rules":"2"}');
INSERT INTO journal VALUES (16, 'ORDER-WITHOUT-PAYMENT', 2, 1755302400200, 'never_requested', 'failed', 'sweep', 1, '{"kind":"decided","trigger":"sweep","hearing":{"case":{"order":{"id":"ORDER-WITHOUT-PAYMENT","currency":"KRW","amount":1000,"state":"pending","createdAt":1755301740000,"updatedAt":1755302400000,"lookAt":1755302340000,"version":1},"items":[{"productId":"tea","quantity":1,"unitPrice":1000}],"stock":[{"productId":"tea","name":"Tea","onHand":2}]},"heard":[{"question":{"kind":"inquire","gateway":"pg","orderId":"ORDER-WITHOUT-PAYMENT","userId":"","keys":[],"about":[],"listAll":false,"since":1755301740000},"answer":{"kind":"statement","transactions":[],"absentKeys":[],"silentKeys":[],"complete":true}}],"now":1755302400200},"decision":{"reason":"never_requested","order":{"state":"failed","reason":"never_requested","updatedAt":1755302400200,"listedAt":1755302400200,"lookAt":null,"version":2},"effects":[{"reason":"never_requested","amount":1000,"currency":"KRW","topic":"order.failed","key":"order.failed:ORDER-WITHOUT-PAYMENT:v2"}]},"rules":"2"}');
INSERT INTO journal VALUES (17, 'ORDER-PENDING', 1, 1755302460200, NULL, 'pending', NULL, NULL, '{"kind":"created","order":{"id":"ORDER-PENDING","memberId":"","currency":"KRW","amount":1000,"items":[{"productId":"tea","quantity":1,"unitPrice":1000}],"payments":[{"id":"ORDER-PENDING-pay-1","gateway":"pg","method":"CARD","amount":1000,"transactionKey":null,"requestedAt":1755301800200}],"createdAt":1755301800200,"lookAt":1755302400200}}');
INSERT INTO notices VALUES (1, 'pg', 'event-1', NULL, 'ORDER-TO-COME', 1755302400200, 'new', NULL);
INSERT INTO orders VALUES ('ORDER-COMPLETED', 'member-1', 'KRW', 1000, 'completed', 'captured', NULL, 'ORDER-COMPLETED-pay-1', '[]', 1755301740000, 1755302400200, 0, NULL, NULL, 1755306000200, 2, X'9E567B76101FAC6CE0AD2321E9BF06646D7F1D511E8E7E758F70E77F4E7564F4', '["pg"]', 1755302400200, NULL, 0, 0);
INSERT INTO orders VALUES ('ORDER-FAILED', 'member-1', 'KRW', 1000, 'failed', 'declined', NULL, NULL, '[]', 1755301740000, 1755302400200, 0, NULL, 1755302400200, NULL, 2, X'F08DD5F9F1BBEB650FA8228DBA4FA64D3D49B9FB16B43E201E7CBD77DE0BB6B9', '["pg"]', 1755302400200, NULL, 0, 0);
INSERT INTO orders VALUES ('ORDER-HELD', 'member-1', 'KRW', 1000, 'held', 'mismatched', NULL, NULL, '["mismatched"]', 1755301740000, 1755302400200, 0, NULL, NULL, 1755388800200, 2, X'3C38D09C32E785D54D668DD69B276793C1A20D4569880A19FB2A4E5A014492CC', '["pg"]', 1755302400200, NULL, 0, 0);
INSERT INTO orders VALUES ('ORDER-PAID-TWICE', 'member-1', 'KRW', 1000, 'completed', 'captured', NULL, 'ORDER-PAID-TWICE-pay-1', '[]', 1755301740000, 1755302400200, 0, NULL, NULL, 1755306000200, 2, X'89C64257993135DE285182F7BF1E84C2846E10DC915796F21AE8C4A75F087612', '["pg"]', 1755302400200, NULL, 0, 0);
INSERT INTO orders VALUES ('ORDER-LOST', 'member-1', 'KRW', 1000, 'held', 'unclear', NULL, NULL, '["unclear"]', 1755301740000, 1755302400200, 0, NULL, NULL, 1755302460200, 2, X'6B81CA4A1E6D71E88704835D3977180173A40DE8D044C7BC1489222CB0B3277C', '["pg"]', 1755302400200, NULL, 0, 0);
INSERT INTO orders VALUES ('ORDER-NOT-PAID', 'member-1', 'KRW', 1000, 'failed', 'not_at_gateway', 'PG 요청 실패', NULL, '[]', 1755301740000, 1755302400200, 0, NULL, 1755302400200, 1755306000200, 2, X'328040D99603ECEFFAEB3AD456D72FB2C8764208350147F0162F21F7EF352A74', '["pg"]', 1755302400200, NULL, 0, 0);
INSERT INTO orders VALUES ('ORDER-WITHOUT-PAYMENT', 'member-1', 'KRW', 1000, 'failed', 'never_requested', NULL, NULL, '[]', 1755301740000, 1755302400200, 0, NULL, 1755302400200, NULL, 2, X'A44A0E5CB70F3BB3D6152090902F1E1BAAAC363F829C451B44CBE69FC45E8282', '[]', 1755302400200, NULL, 0, 0);
INSERT INTO orders VALUES ('ORDER-TOO-LATE', 'member-1', 'KRW', 1000, 'failed', 'out_of_stock', '재고 부족: Tea', NULL, '[]', 1755301740000, 1755302400200, 0, NULL, NULL, 1755306000200, 2, X'D25876CC2F8DF14919F0A418F22AB233B00A12D12FEFC268700E44725B8C56B9', '["pg"]', 1755302400200, NULL, 0, 0);
INSERT INTO orders VALUES ('ORDER-PENDING', 'member-1', 'KRW', 1000, 'pending', NULL, NULL, NULL, '[]', 1755301800200, 1755302460200, 0, NULL, NULL, 1755302400200, 1, X'6255C1C1A59F07F952122996B058BA5F0416BC755AB38818EF6A3F9E0A5BB72E', '["pg"]', NULL, NULL, 0, 0);
INSERT INTO payments VALUES (1, 'ORDER-COMPLETED-pay-1', 'ORDER-COMPLETED', 'pg', 'CARD', 1000, 'succeeded', 'captured', NULL, 'key-of-ORDER-COMPLETED', 'key-of-ORDER-COMPLETED', 1755301740000, 1755302400200, NULL, 'succeeded', 1000, 'KRW', 1, 1755302400200, 0, NULL, '[]');
INSERT INTO payments VALUES (2, 'ORDER-FAILED-pay-1', 'ORDER-FAILED', 'pg', 'CARD', 1000, 'failed', 'declined', NULL, 'key-of-ORDER-FAILED', 'key-of-ORDER-FAILED', 1755301740000, 1755302400200, NULL, 'failed', 1000, 'KRW', 1, 1755302400200, 0, NULL, '[]');
INSERT INTO payments VALUES (3, 'ORDER-HELD-pay-1', 'ORDER-HELD', 'pg', 'CARD', 1000, 'pending', NULL, NULL, 'key-of-ORDER-HELD', 'key-of-ORDER-HELD', 1755301740000, NULL, NULL, 'succeeded', 999, 'KRW', 1, 1755302400200, 0, NULL, '[]');
INSERT INTO payments VALUES (4, 'ORDER-PAID-TWICE-pay-1', 'ORDER-PAID-TWICE', 'pg', 'CARD', 1000, 'succeeded', 'captured', NULL, 'key-of-ORDER-PAID-TWICE', 'key-of-ORDER-PAID-TWICE', 1755301740000, 1755302400200, NULL, 'succeeded', 1000, 'KRW', 1, 1755302400200, 0, NULL, '[]');
INSERT INTO payments VALUES (5, 'ORDER-PAID-TWICE-pay-2', 'ORDER-PAID-TWICE', 'pg', 'CARD', 1000, 'refund_due', 'duplicate_capture', NULL, 'another-key', 'another-key', 1755301740000, 1755302400200, NULL, 'succeeded', 1000, 'KRW', 1, 1755302400200, 1000, NULL, '["refund_by_hand"]');
INSERT INTO payments VALUES (6, 'ORDER-LOST-pay-1', 'ORDER-LOST', 'pg', 'CARD', 1000, 'pending', NULL, NULL, 'lost-key', 'lost-key', 1755301740000, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, '[]');
INSERT INTO payments VALUES (7, 'ORDER-NOT-PAID-pay-1', 'ORDER-NOT-PAID', 'pg', 'CARD', 1000, 'failed', 'not_at_gateway', 'PG 요청 실패', NULL, NULL, 1755301740000, 1755302400200, 1755302400200, NULL, NULL, NULL, NULL, NULL, 0, NULL, '[]');
INSERT INTO payments VALUES (8, 'ORDER-TOO-LATE-pay-1', 'ORDER-TOO-LATE', 'pg', 'CARD', 1000, 'refund_due', 'out_of_stock', NULL, 'key-of-ORDER-TOO-LATE', 'key-of-ORDER-TOO-LATE', 1755301740000, 1755302400200, NULL, 'succeeded', 1000, 'KRW', 1, 1755302400200, 1000, NULL, '["refund_by_hand"]');
INSERT INTO payments VALUES (9, 'ORDER-PENDING-pay-1', 'ORDER-PENDING', 'pg', 'CARD', 1000, 'pending', NULL, NULL, NULL, NULL, 1755301800200, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, NULL, '[]');
INSERT INTO policies VALUES (1, '{"staleAfterMs":600000,"holdAfterMs":259200000,"ladderMs":[60000,60000,60000,120000,300000,600000,1800000,3600000],"gateways":[{"name":"pg","canList":true,"canRefund":false,"paymentWindowMs":600000,"answering":true}]}');
INSERT INTO products VALUES ('tea', 'Tea', 0, NULL);
INSERT INTO stock_movements VALUES (1, 'tea', 100, 100, 'counted', NULL, 1755302400000);
INSERT INTO stock_movements VALUES (2, 'tea', -98, 2, 'counted', NULL, 1755302400000);
INSERT INTO stock_movements VALUES (3, 'tea', -1, 1, 'taken', 'ORDER-COMPLETED', 1755302400200);
INSERT INTO stock_movements VALUES (4, 'tea', -1, 0, 'taken', 'ORDER-PAID-TWICE', 1755302400200);
INSERT INTO sweeps VALUES (1, 1755302400000, 1755302400200, 8, '{"captured":2,"declined":1,"mismatched":1,"unclear":1,"not_at_gateway":1,"out_of_stock":1,"never_requested":1}', 200.0);
CREATE INDEX deliveries_due ON deliveries (channel, next_at, id) WHERE next_at IS NOT NULL;
CREATE INDEX deliveries_of_batch ON deliveries (channel, batch, id) WHERE next_at IS NOT NULL AND batch IS NOT NULL;
CREATE INDEX deliveries_undelivered ON deliveries (state, id) WHERE state <> 'delivered';
CREATE INDEX effects_of_order ON effects (order_id, seq) WHERE order_id IS NOT NULL;
CREATE INDEX notices_looked_at ON notices (seq) WHERE state <> 'new';
CREATE INDEX notices_waiting_for_key ON notices (gateway, key) WHERE state = 'waiting' AND key IS NOT NULL;
CREATE INDEX notices_waiting_for_order ON notices (named_order) WHERE state = 'waiting';
CREATE INDEX orders_by_creation ON orders (created_at, id);
CREATE INDEX orders_by_reason ON orders (reason, created_at, id) WHERE reason IS NOT NULL;
CREATE INDEX orders_by_state ON orders (state, created_at, id);
CREATE INDEX orders_due ON orders (ask_at, look_at, id) WHERE look_at IS NOT NULL;
CREATE INDEX orders_nudged ON orders (ask_at, nudge_at, id) WHERE nudge_at IS NOT NULL;
CREATE UNIQUE INDEX payments_by_key ON payments (gateway, transaction_key) WHERE transaction_key IS NOT NULL;
CREATE INDEX payments_of_order ON payments (order_id, seq);
CREATE INDEX payments_refund_due ON payments (order_id) WHERE state = 'refund_due';
CREATE INDEX stock_movements_of_product ON stock_movements (product_id, seq);
CREATE UNIQUE INDEX stock_movements_once ON stock_movements (product_id, kind, reference)
    WHERE kind <> 'counted';

import { createHash } from 'node:crypto';
import type { DeliveryState } from '../../core/delivery.ts';
import type { DatedEffect } from '../../core/effect.ts';
import { type DurationMs, HOUR_MS, type Instant } from '../../core/time.ts';
import {
  MAX_PARCEL,
  type Mark,
  type Outbox,
  type Parcel,
  type ParcelResult,
  type RetryOutcome,
  type Subscription,
} from '../outbox-port.ts';
import { count, writeEffect } from './ledger.ts';
import type { Reading } from './reading.ts';
import { EFFECT_COLUMNS } from './rows.ts';
import type { Session } from './session.ts';
import type { Writer } from './writer.ts';

/**
 * What is told, and to whom. Leases are in memory only: after a crash what was in flight is sent again, under the same id.
 */
export function sqliteOutbox(reading: Reading, writer: Writer): Outbox {
  const leased = new Leases();
  return {
    subscribe: (subscriptions, now) =>
      writer.write((session) => subscribe(session, subscriptions, now)),
    announce: async (effects, marks, now) => {
      await writer.write((session) => {
        for (const effect of effects) writeEffect(session, effect, now);
        for (const mark of marks) setMark(session, mark);
      });
    },
    marks: () => reading.look((session) => session.rows<Mark>(SELECT_MARKS)),
    claim: (channel, limit, now) =>
      reading.look((session) => {
        const parcels = dueParcels(session, { channel, limit, now, leased });
        for (const parcel of parcels) leased.begin(parcel);
        return parcels;
      }),
    commit: async (results) => {
      await Promise.all(
        results.map((result) =>
          writer.write(
            (session) => settle(session, result),
            () => leased.end(result.parcel),
            result.parcel.deliveryIds.length,
          ),
        ),
      );
    },
    release: (parcels) => {
      for (const parcel of parcels) leased.end(parcel);
    },
    nextDue: (channel) =>
      reading.lookNow(
        (session) =>
          session
            .rows<DueRow>(SELECT_NEXT, channel, 1 + leased.count(channel))
            .find(({ id }) => !leased.has(id))?.next_at ?? null,
      ),
    retry: (deliveryIds, now) =>
      writer.write((session) => deliveryIds.map((id) => retry(session, id, now))),
    listen: (ring) => writer.listen(ring),
  };
}

/** Deliveries that are being sent. */
class Leases {
  readonly #ids = new Set<number>();
  readonly #counts = new Map<string, number>();

  has(id: number): boolean {
    return this.#ids.has(id);
  }

  /** So many of a channel are leased, and are read in vain. */
  count(channel: string): number {
    return this.#counts.get(channel) ?? 0;
  }

  begin({ channel, deliveryIds }: Parcel): void {
    for (const id of deliveryIds) this.#ids.add(id);
    this.#counts.set(channel, this.count(channel) + deliveryIds.length);
  }

  end({ channel, deliveryIds }: Parcel): void {
    const ended = deliveryIds.filter((id) => this.#ids.delete(id));
    this.#counts.set(channel, this.count(channel) - ended.length);
  }
}

interface Wanted {
  readonly channel: string;
  readonly limit: number;
  readonly now: Instant;
  readonly leased: Leases;
}

/** No wait is longer (the configuration has a bound on each): what is due later than this was planned by a clock that has gone back. */
const LONGEST_WAIT_MS: DurationMs = 25 * HOUR_MS;

function dueParcels(session: Session, wanted: Wanted): readonly Parcel[] {
  const { channel, limit, now, leased } = wanted;
  // All at once and not row by row: a row costs the driver many times less so.
  const most = limit + leased.count(channel);
  const due = [
    ...session.rows<DeliveryRow>(SELECT_DUE, channel, now, most),
    ...session.rows<DeliveryRow>(SELECT_BEYOND, channel, now + LONGEST_WAIT_MS, most),
  ];
  const parcels: Parcel[] = [];
  const taken = new Set<number>();
  for (const row of due) {
    if (parcels.length === limit) break;
    if (leased.has(row.deliveryId) || taken.has(row.deliveryId)) continue;
    const together = row.batch === null ? [row] : batchOf(session, row, wanted, taken);
    for (const { deliveryId } of together) taken.add(deliveryId);
    parcels.push(parcelOf(channel, row, together));
  }
  return parcels;
}

/** What makes one message with this delivery: of the same stretch of time, and as often tried. */
function batchOf(
  session: Session,
  row: DeliveryRow,
  { channel, now, leased }: Wanted,
  taken: ReadonlySet<number>,
): readonly DeliveryRow[] {
  const most = MAX_PARCEL + leased.count(channel) + taken.size;
  return session
    .rows<DeliveryRow>(
      SELECT_BATCH,
      channel,
      row.batch,
      row.attempts,
      now,
      now + LONGEST_WAIT_MS,
      most,
    )
    .filter(({ deliveryId }) => !leased.has(deliveryId) && !taken.has(deliveryId))
    .slice(0, MAX_PARCEL);
}

function parcelOf(channel: string, first: DeliveryRow, rows: readonly DeliveryRow[]): Parcel {
  return {
    id: idOf(rows.map(({ key }) => key)),
    deliveryIds: rows.map(({ deliveryId }) => deliveryId),
    dueAts: rows.map(({ dueAt }) => dueAt),
    channel,
    topic: first.topic,
    attempts: first.attempts,
    firstDueAt: Math.min(...rows.map(({ firstDueAt }) => firstDueAt)),
    effects: rows.map(effectOf),
  };
}

function effectOf(row: DeliveryRow): DatedEffect {
  const { deliveryId, batch, attempts, firstDueAt, dueAt, ...effect } = row;
  return effect;
}

/** Headers carry it, so it is a key as it is only where that is plain ASCII. */
function idOf(keys: readonly string[]): string {
  const [only, ...others] = keys;
  if (only !== undefined && others.length === 0 && /^[\x21-\x7e]{1,200}$/.test(only)) return only;
  return `sha256:${createHash('sha256').update(JSON.stringify(keys)).digest('base64url')}`;
}

interface DeliveryRow extends DatedEffect {
  readonly deliveryId: number;
  readonly batch: string | null;
  readonly attempts: number;
  readonly firstDueAt: Instant;
  readonly dueAt: Instant;
}

interface DueRow {
  readonly id: number;
  readonly next_at: Instant;
}

function settle(session: Session, { parcel, decision, detail, at }: ParcelResult): void {
  const { state, attempts, nextAt } = decision;
  const settledAt = state === 'pending' ? null : at;
  let changed = 0;
  const basis = parcel.attempts;
  for (const [index, id] of parcel.deliveryIds.entries()) {
    const dueAt = parcel.dueAts[index] ?? null;
    const binding = { id, basis, dueAt, state, attempts, nextAt, detail, settledAt };
    changed += session.run(UPDATE_DELIVERY, binding);
  }
  if (state === 'pending') return;
  count(session, 'delivery_pending', -changed, parcel.channel);
  if (state === 'dead') count(session, 'delivery_dead', changed, parcel.channel);
}

function retry(session: Session, id: number, now: Instant): RetryOutcome {
  const known = session.row<{ readonly state: DeliveryState; readonly channel: string }>(
    SELECT_STATE,
    id,
  );
  if (known === undefined) return 'not_found';
  if (known.state !== 'dead') return 'not_dead';
  if (session.row(SELECT_CHANNEL, known.channel) === undefined) return 'no_channel';
  session.run(REVIVE, { id, now });
  count(session, 'delivery_dead', -1, known.channel);
  count(session, 'delivery_pending', 1, known.channel);
  return 'due';
}

function subscribe(session: Session, subscriptions: readonly Subscription[], now: Instant): number {
  if (!areSubscribed(session, subscriptions)) {
    session.run(DELETE_SUBSCRIPTIONS);
    for (const { topic, channel, digestMs } of subscriptions)
      session.run(INSERT_SUBSCRIPTION, topic, channel, digestMs);
    session.run(HASTEN, { now });
  }
  const gone = session.rows<{ readonly channel: string }>(ABANDON, now);
  for (const { channel } of gone) {
    count(session, 'delivery_pending', -1, channel);
    count(session, 'delivery_dead', 1, channel);
  }
  return gone.length;
}

/** Mostly they are as they were at the last start, and then nothing is written. */
function areSubscribed(session: Session, subscriptions: readonly Subscription[]): boolean {
  const known = session.rows<Subscription>(SELECT_SUBSCRIPTIONS);
  const isKnown = (wanted: Subscription) =>
    known.some(
      ({ topic, channel, digestMs }) =>
        topic === wanted.topic && channel === wanted.channel && digestMs === wanted.digestMs,
    );
  return known.length === subscriptions.length && subscriptions.every(isKnown);
}

function setMark(session: Session, { name, since }: Mark): void {
  if (since === null) session.run(DELETE_MARK, name);
  else session.run(PUT_MARK, name, since);
}

/** The columns of a delivery with its effect, as the port names them. One that waits for a digest may find that its channel makes none now. */
const COLUMNS = `
  deliveries.id AS deliveryId, attempts, first_due_at AS firstDueAt, next_at AS dueAt, ${EFFECT_COLUMNS},
  iif((SELECT digest_ms FROM subscriptions AS now WHERE now.topic = effects.topic AND now.channel = deliveries.channel) = 0,
    NULL, batch) AS batch`;

/** INDEXED BY: without the index it must fail, not scan. */
const FROM_DUE = 'FROM deliveries INDEXED BY deliveries_due JOIN effects ON effects.seq = effect';

const SELECT_DUE = `
  SELECT ${COLUMNS} ${FROM_DUE} WHERE channel = ? AND next_at <= ? ORDER BY next_at, deliveries.id LIMIT ?`;

const SELECT_BEYOND = `
  SELECT ${COLUMNS} ${FROM_DUE} WHERE channel = ? AND next_at > ? ORDER BY next_at, deliveries.id LIMIT ?`;

const SELECT_BATCH = `
  SELECT ${COLUMNS}
  FROM deliveries INDEXED BY deliveries_of_batch JOIN effects ON effects.seq = effect
  WHERE channel = ? AND batch = ? AND next_at IS NOT NULL AND attempts = ? AND (next_at <= ? OR next_at > ?)
  ORDER BY deliveries.id LIMIT ?`;

const SELECT_NEXT = `
  SELECT id, next_at FROM deliveries INDEXED BY deliveries_due
  WHERE channel = ? AND next_at IS NOT NULL ORDER BY next_at, id LIMIT ?`;

/** Only as it was when it was claimed: it may be written a second time, and a person may have sent the message again before that. */
const UPDATE_DELIVERY = `
  UPDATE deliveries SET
    state = :state, attempts = :attempts, next_at = :nextAt, detail = :detail, settled_at = :settledAt
  WHERE id = :id AND state = 'pending' AND attempts = :basis AND next_at = :dueAt`;

const SELECT_STATE = 'SELECT state, channel FROM deliveries WHERE id = ?';

const SELECT_CHANNEL = 'SELECT 1 FROM subscriptions WHERE channel = ? LIMIT 1';

const REVIVE = `
  UPDATE deliveries SET state = 'pending', attempts = 0, first_due_at = :now, next_at = :now, settled_at = NULL
  WHERE id = :id`;

const DELETE_SUBSCRIPTIONS = 'DELETE FROM subscriptions';

const SELECT_SUBSCRIPTIONS = 'SELECT topic, channel, digest_ms AS digestMs FROM subscriptions';

const INSERT_SUBSCRIPTION =
  'INSERT INTO subscriptions (topic, channel, digest_ms) VALUES (?, ?, ?)';

/** What was never tried waits no longer than its digest is long now. */
const HASTEN = `
  UPDATE deliveries INDEXED BY deliveries_due SET next_at = :now + digest_ms, first_due_at = :now + digest_ms
  FROM subscriptions AS now, effects
  WHERE deliveries.channel = now.channel AND next_at > :now + digest_ms AND attempts = 0
    AND effects.seq = deliveries.effect AND effects.topic = now.topic`;

const ABANDON = `
  UPDATE deliveries SET state = 'dead', next_at = NULL, settled_at = ?, detail = 'no such channel is configured any more'
  WHERE next_at IS NOT NULL AND channel NOT IN (SELECT channel FROM subscriptions)
  RETURNING channel`;

const SELECT_MARKS = 'SELECT name, since FROM marks';

const PUT_MARK =
  'INSERT INTO marks (name, since) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET since = excluded.since';

const DELETE_MARK = 'DELETE FROM marks WHERE name = ?';

import type { Instant } from '../../core/time.ts';
import { MAX_SWEEPS, type Sweep } from '../port.ts';
import type { Session } from './session.ts';

/** The highest id so far, 0 when there was no sweep. */
export function lastSweepId(session: Session): number {
  return session.row<{ readonly id: number | null }>(SELECT_LAST)?.id ?? 0;
}

/** Keeps that a sweep began, and drops those beyond the bound. */
export function beginSweep(session: Session, id: number, startedAt: Instant): void {
  session.run(INSERT_SWEEP, id, startedAt);
  session.run(DELETE_OLD, MAX_SWEEPS);
}

/** Keeps how a sweep ended, also when its beginning was not kept. */
export function endSweep(session: Session, sweep: Sweep): void {
  session.run(END_SWEEP, { ...sweep, reasons: JSON.stringify(sweep.reasons) });
}

/** One sweep of the history; `null`: it is not there, or no longer. */
export function loadSweep(session: Session, id: number): Sweep | null {
  const row = session.row<SweepRow>(`${SELECT_SWEEPS} WHERE id = ?`, id);
  return row === undefined ? null : sweepOf(row);
}

/** Newest first, those older than `before`. */
export function loadSweeps(session: Session, before: number, limit: number): readonly Sweep[] {
  const sql = `${SELECT_SWEEPS} WHERE id < ? ORDER BY id DESC LIMIT ?`;
  return session.rows<SweepRow>(sql, before, limit).map(sweepOf);
}

type SweepRow = Omit<Sweep, 'reasons'> & { readonly reasons: string };

function sweepOf(row: SweepRow): Sweep {
  return { ...row, reasons: JSON.parse(row.reasons) as Sweep['reasons'] };
}

const SELECT_LAST = 'SELECT max(id) AS id FROM sweeps';

const INSERT_SWEEP = 'INSERT INTO sweeps (id, started_at) VALUES (?, ?)';

const DELETE_OLD =
  'DELETE FROM sweeps WHERE id <= (SELECT id FROM sweeps ORDER BY id DESC LIMIT 1 OFFSET ?)';

const END_SWEEP = `
  INSERT INTO sweeps (id, started_at, ended_at, looked, reasons, duration_ms)
  VALUES (:id, :startedAt, :endedAt, :looked, :reasons, :durationMs)
  ON CONFLICT (id) DO UPDATE SET
    started_at = :startedAt, ended_at = :endedAt, looked = :looked, reasons = :reasons, duration_ms = :durationMs`;

const SELECT_SWEEPS = `
  SELECT id, started_at AS startedAt, ended_at AS endedAt, looked, reasons, duration_ms AS durationMs FROM sweeps`;

import { replayJournal } from '../../lib/cli/replaying.ts';
import { DAY_MS, HOUR_MS } from '../../lib/core/time.ts';
import type { Reader } from '../../lib/store/port.ts';
import { scratchDir } from '../support/scratch-dir.ts';
import { audit } from './auditor.ts';
import { everybodyActs } from './people.ts';
import { BAD_DAYS_MS, BAD_HOURS_MS, planAccidents, planOrder, stockUp } from './plan.ts';
import { Random } from './random.ts';
import { type Scale, World } from './world.ts';

/** What one history came to. */
export interface Outcome {
  readonly seed: number;
  /** Invariants that were broken, in sentences; empty: all held. */
  readonly findings: readonly string[];
  readonly looks: number;
  /** Commits whose order or stock had changed meanwhile. */
  readonly stale: number;
  /** How long the last audit of the whole database took. */
  readonly auditMs: number;
}

/** The size of the histories that the tests run. */
export const USUAL_SCALE: Scale = { orders: 16, window: 4 };

/**
 * One seeded history: a few bad hours with everything that can go wrong, some bad days in which late truths come out, then
 * fair weather until all is quiet, then people end what waits for them. Audited on the way and at the end. `inspect` may
 * look at the world before it ends.
 */
export async function simulate(
  seed: number,
  scale: Scale = USUAL_SCALE,
  inspect: (world: World) => Promise<void> = async () => {},
): Promise<Outcome> {
  const directory = scratchDir(`sim-${seed}`);
  try {
    const world = new World(new Random(seed), directory.path, scale);
    const findings: string[] = [];
    const auditMs = await live(world, scale, findings);
    await inspect(world);
    await world.end();
    findings.push(...world.findings, ...world.receivers.findings);
    const { looks, stale } = world;
    return { seed, findings, looks, stale, auditMs };
  } finally {
    directory.remove();
  }
}

/** In fair weather every order gets its last planned look within this. */
const QUIET_MS = 4 * DAY_MS;

async function live(world: World, scale: Scale, findings: string[]): Promise<number> {
  const { clock, weather } = world;
  const start = clock.trueNow();
  weather.badness = 0;
  await world.begin();
  await stockUp(world);
  weather.badness = 1;
  for (let number = 1; number <= scale.orders; number += 1) planOrder(world, number, start);
  planAccidents(world, start);

  const crashes = Array.from({ length: world.random.between(2, 6) }, () =>
    world.random.between(0, BAD_HOURS_MS),
  ).sort((one, other) => one - other);
  for (const after of crashes) {
    await world.passWithTicks(start + after);
    await world.restart(world.random.chance(0.8));
  }
  await world.passWithTicks(start + BAD_HOURS_MS);
  findings.push(...(await audited(world, false)));

  weather.badness = 0.2;
  world.receivers.badness = 0.2;
  for (const share of [0.1, 0.5, 1]) {
    await world.passSkipping(start + share * BAD_DAYS_MS, HOUR_MS);
    await world.restart(world.random.chance(0.8));
  }

  weather.badness = 0;
  world.receivers.badness = 0;
  clock.misset(0);
  await world.restartAsUsual();
  await world.calm();
  await world.passSkipping(clock.trueNow() + QUIET_MS, HOUR_MS);
  findings.push(...(await audited(world, true)));

  let rounds = 0;
  while ((await everybodyActs(world)) && rounds < PEOPLE_ROUNDS) {
    await world.passSkipping(clock.trueNow() + 2 * DAY_MS, 3 * HOUR_MS);
    rounds += 1;
  }
  const begunMs = performance.now();
  findings.push(...(await audited(world, true)));
  const auditMs = performance.now() - begunMs;
  const unread = await world.life.real.docket.match(1);
  if (unread.length > 0)
    findings.push('a callback was kept, and nobody ever found out what it means');
  findings.push(...world.unrequested());
  if (rounds === PEOPLE_ROUNDS) findings.push('people never came to an end of what waits for them');
  findings.push(...(await replayed(world.life.real.reader)));
  return auditMs;
}

/** A person forgets three times out of ten to record a refund: that it is forgotten in each of these comes in one of a million. */
const PEOPLE_ROUNDS = 12;

async function audited(world: World, settled: boolean): Promise<readonly string[]> {
  const { reader } = world.life.real;
  await world.noteEffects(reader, world.life.configuration);
  return audit(reader, { ...world.truth(), settled });
}

/** Invariant 7: the journal holds all that each decision was made from, and the rules make it again. */
async function replayed({ journalAfter }: Reader): Promise<readonly string[]> {
  const { differences } = await replayJournal(journalAfter, () => {});
  return differences.map(
    ({ orderId, seq, where }) => `${orderId} row ${seq}: replay decides otherwise: ${where.join()}`,
  );
}

import { copyFileSync } from 'node:fs';
import { join } from 'node:path';
import { replayJournal } from '../../../lib/cli/replaying.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../../lib/core/time.ts';
import { openSqliteStore } from '../../../lib/store/sqlite/index.ts';
import { scratchDir } from '../../support/scratch-dir.ts';
import { TurnedClock } from '../../support/turned-clock.ts';
import type { Beginning } from './beginnings.ts';
import { type Namer, openNamer } from './name.ts';
import { alphabet, type Step } from './steps.ts';
import { SmallWorld, type Standing } from './world.ts';

/** What came of a search. */
export interface Found {
  /** Different states that were reached. */
  readonly states: number;
  /** Histories that were gone through. */
  readonly histories: number;
  /** The shortest history that ends in a fault, with the faults; `null`: none does. */
  readonly counterexample: readonly string[] | null;
}

/**
 * Goes through every history of at most `depth` steps, the shortest first. Each is lived anew from the beginning, by a daemon of its own
 * on a database of its own, and audited at its end; from each new state fair weather must settle everything. A state that was seen
 * before is not gone on from.
 */
export async function search(
  beginning: Beginning,
  depth: number,
  lived: (histories: number) => void = () => {},
): Promise<Found> {
  const steps = alphabet(beginning);
  const first = beginning.first.map((words) => stepOf(steps, words));
  const directory = scratchDir('blank');
  const blank = join(directory.path, 'reconciled.db');
  await openSqliteStore({ path: blank, clock: new TurnedClock(), tell: () => {} }).upkeep.close();
  const known: Known = { beginning, blank, seen: new Set(), rests: new Set() };
  const { seen } = known;
  let histories = 0;
  let last: readonly (readonly Step[])[] = [[]];
  try {
    for (let made = 0; made <= depth; made += 1) {
      const next: (readonly Step[])[] = [];
      for (const history of last) {
        const { faults, standing } = await live(known, [...first, ...history]);
        histories += 1;
        lived(histories);
        if (faults.length > 0) {
          const counterexample = [...history.map(({ words }) => words), ...faults];
          return { states: seen.size, histories, counterexample };
        }
        if (standing === null || made === depth) continue;
        for (const step of steps) if (step.may(standing)) next.push([...history, step]);
      }
      last = next;
    }
  } finally {
    directory.remove();
  }
  return { states: seen.size, histories, counterexample: null };
}

function stepOf(steps: readonly Step[], words: string): Step {
  const step = steps.find((one) => one.words === words);
  if (step === undefined) throw new Error(`there is no step "${words}"`);
  return step;
}

/** What a history came to. */
interface End {
  readonly faults: readonly string[];
  /** `null`: the state was seen before. */
  readonly standing: Standing | null;
}

/** What a search knows. */
interface Known {
  readonly beginning: Beginning;
  /** An empty database, so that not each life has to make one. */
  readonly blank: string;
  readonly seen: Set<string>;
  /** States from which fair weather settles everything. */
  readonly rests: Set<string>;
}

async function live(
  { beginning, blank, seen, rests }: Known,
  history: readonly Step[],
): Promise<End> {
  const directory = scratchDir('every');
  try {
    copyFileSync(blank, join(directory.path, 'reconciled.db'));
    const small = await SmallWorld.begin(beginning, directory.path);
    for (const step of history) await step.act(small);
    const namer = openNamer(directory.path);
    try {
      const faults = await small.faults(false);
      const name = namer.nameOf(small);
      if (faults.length > 0 || seen.has(name)) return { faults, standing: null };
      seen.add(name);
      const standing = await small.standing();
      return { faults: await faultsToCome(small, namer, rests), standing };
    } finally {
      namer.close();
      await small.world.end();
    }
  } finally {
    directory.remove();
  }
}

/** In fair weather every order gets its last planned look within this. */
const QUIET_MS = 3 * DAY_MS;

/** From here on nothing happens but sweeps, in fair weather and in the same life: what is wrong at the end. */
async function faultsToCome(
  small: SmallWorld,
  namer: Namer,
  rests: Set<string>,
): Promise<readonly string[]> {
  const { world } = small;
  const way = [namer.nameOf(small)];
  await world.calm();
  // Callbacks need no sweep.
  await small.pass(NUDGED_MS);
  const unanswered = await small.unanswered();
  const until = world.clock.trueNow() + QUIET_MS;
  while (world.clock.trueNow() < until) {
    await world.passSkipping(world.clock.trueNow() + 6 * HOUR_MS, HOUR_MS);
    const name = namer.nameOf(small);
    if (rests.has(name)) return ends(way, rests, unanswered);
    way.push(name);
  }
  const { differences } = await replayJournal(world.life.real.reader.journalAfter, () => {});
  const replayed = differences.map(({ orderId, seq }) => `${orderId} row ${seq}: replay differs`);
  return ends(way, rests, [...unanswered, ...replayed, ...(await small.faults(true))]);
}

/** A final order is looked at once a minute for callbacks. */
const NUDGED_MS = 2 * MINUTE_MS;

function ends(
  way: readonly string[],
  rests: Set<string>,
  faults: readonly string[],
): readonly string[] {
  if (faults.length === 0) for (const name of way) rests.add(name);
  return faults.map((fault) => `in fair weather then: ${fault}`);
}

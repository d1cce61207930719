import { hash } from 'node:crypto';
import { isUnresolved, type Payment } from '../../../lib/core/payment.ts';
import { HOUR_MS, type Instant } from '../../../lib/core/time.ts';
import { faultsAtRest, faultsOf } from './auditor.ts';
import { lookInFairWeather, stepsFrom, type World } from './world.ts';

/** What came of a search. */
export interface Found {
  readonly worlds: number;
  /** The shortest history that ends in a fault, with the fault; `null`: none does. */
  readonly counterexample: readonly string[] | null;
}

/** Goes through every history of at most so many steps, the shortest first. Worlds that nothing tells apart are visited once. */
export function search(start: World, most: number): Found {
  const rests = new Map<string, readonly string[]>();
  const seen = new Set([nameOf(start)]);
  let last: readonly Visited[] = [{ world: start, came: null }];
  for (let step = 0; step < most; step += 1) {
    const next: Visited[] = [];
    for (const from of last) {
      for (const { words, to } of stepsFrom(from.world)) {
        const came = { words, from: from.came };
        const faults = [...to.faults, ...faultsOf(to)];
        if (faults.length > 0) return { worlds: seen.size, counterexample: told(came, faults) };
        const name = nameOf(to);
        if (seen.has(name)) continue;
        seen.add(name);
        const later = faultsToCome(to, rests);
        if (later.length > 0) return { worlds: seen.size, counterexample: told(came, later) };
        next.push({ world: { ...to, faults: [] }, came });
      }
    }
    last = next;
  }
  return { worlds: seen.size, counterexample: null };
}

interface Visited {
  readonly world: World;
  readonly came: Came | null;
}

interface Came {
  readonly words: string;
  readonly from: Came | null;
}

function told(came: Came | null, faults: readonly string[]): readonly string[] {
  const history: string[] = [];
  for (let at = came; at !== null; at = at.from) history.unshift(at.words);
  return [...history, `fault: ${faults.join('; ')}`];
}

/** Looks until everything rests: one for each day of `holdAfterMs`, and room for each payment. */
const MAX_LOOKS_TO_REST = 20;

/** From here on nothing happens but looks, in fair weather: what is wrong on the way, or at the end. */
function faultsToCome(start: World, rests: Map<string, readonly string[]>): readonly string[] {
  const way = new Set<string>();
  let world: World = { ...start, look: null };
  const end = (faults: readonly string[]) => {
    for (const name of way) rests.set(name, faults);
    return faults;
  };
  while (way.size < MAX_LOOKS_TO_REST) {
    const name = nameOf(world);
    const known = rests.get(name);
    if (known !== undefined) return end(known);
    const at = world.nudged ? world.now : world.theCase.order.lookAt;
    if (at === null || way.has(name)) return end(faultsAtRest(world));
    way.add(name);
    world = lookInFairWeather({ ...world, now: Math.max(world.now, at) });
    const faults = [...world.faults, ...faultsOf(world)];
    if (faults.length > 0) return end(faults.map((fault) => `later ${fault}`));
  }
  return end(['it does not come to rest']);
}

/** The same for worlds that nothing tells apart: moments count by how far they are, and not at all when nothing waits for them. */
function nameOf({ now, theCase, policy, truth, nudged, look, left, past }: World): string {
  const { order, payments } = theCase;
  const ago = (at: Instant | null, most: number) =>
    at === null ? null : Math.min(now - at, most + 1);
  const nameOfPayment = (one: Payment) => ({
    ...one,
    requestedAt: isUnresolved(one) ? ago(one.requestedAt, policy.holdAfterMs) : null,
    presumedAt: ago(one.presumedAt, policy.holdAfterMs),
    settledAt: null,
    found: one.found === null ? null : { ...one.found, at: null },
  });
  const name = {
    order: {
      ...order,
      createdAt: ago(order.createdAt, policy.staleAfterMs),
      updatedAt: order.listedAt === null ? ago(order.updatedAt, HOUR_MS) : null,
      listedAt: order.listedAt !== null,
      looks: Math.min(order.looks, policy.ladderMs.length - 1),
      silentSince: ago(order.silentSince, policy.holdAfterMs),
      lookAt: order.lookAt === null ? null : Math.max(order.lookAt - now, 0),
      version: look === null ? null : order.version - look.theCase.order.version,
    },
    payments: payments.map(nameOfPayment),
    stock: theCase.stock,
    gateways: policy.gateways,
    look:
      look === null
        ? null
        : {
            ...look,
            theCase: look.theCase.payments.map(nameOfPayment),
            asked: look.theCase.order.state,
          },
  };
  return hash('md5', JSON.stringify([name, truth, nudged, left, past]), 'base64');
}

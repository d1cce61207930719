import type { Store } from '../../lib/store/port.ts';

/** Counts the calls of a store that have not come back, so that a turned clock knows when all is at rest. */
export interface Gauge {
  busy: number;
}

/** The same store; every call that returns a promise is counted while it is under way. */
export function watched(store: Store, gauge: Gauge): Store {
  return {
    intake: counting(store.intake, gauge),
    docket: counting(store.docket, gauge),
    outbox: counting(store.outbox, gauge),
    reader: counting(store.reader, gauge),
    upkeep: counting(store.upkeep, gauge),
  };
}

function counting<Part extends object>(part: Part, gauge: Gauge): Part {
  return new Proxy(part, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name, target);
      if (typeof member !== 'function') return member;
      return (...given: unknown[]) => {
        const result: unknown = Reflect.apply(member, target, given);
        if (result instanceof Promise) {
          gauge.busy += 1;
          const back = () => {
            gauge.busy -= 1;
          };
          result.then(back, back);
        }
        return result;
      };
    },
  });
}

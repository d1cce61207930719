import type { Clock } from '../clock.ts';
import { type DurationMs, MINUTE_MS } from '../core/time.ts';
import type { CsvPiece, Slot } from '../report/csv.ts';

/** Who is told of a list. */
export interface ListWatch {
  readonly clock: Clock;
  /** Called once or more when nothing of it will be read any more. */
  ended(): void;
  /** Whether all that the server wrote to the client so far has left this process. */
  isAllSent(): boolean;
  /** The client has taken nothing for `UNTAKEN_MS`: its connection is to be closed. */
  cutOff(): void;
}

/**
 * The pages of a list as the body of a response, read as fast as the client takes them. The first is read before anything is
 * answered, so that trouble with the database is still a problem and not half a list.
 *
 * Pages come in slots that are used again and again: were each in fresh memory, V8 would collect it in the main loop and on
 * all cores. A slot is written anew only when what was in it has left the process.
 * @throws what `read` rejects with.
 */
export async function listBody(
  read: (after: CsvPiece['next'], slot: Slot | null) => Promise<CsvPiece>,
  { clock, ended, isAllSent, cutOff }: ListWatch,
): Promise<ReadableStream<Uint8Array>> {
  const slots: Slot[] = [];
  let given = 0;
  let cancelled = false;
  let cancelCutOff = () => {};
  const freeSlot = (): Slot | null => {
    if (given < READ_AHEAD || !isAllSent()) return null;
    const place = given % SLOTS;
    slots[place] ??= new SharedArrayBuffer(SLOT_BYTES);
    return slots[place];
  };
  let page: CsvPiece | null = await read(null, null).catch((error: unknown) => {
    ended();
    throw error;
  });
  return new ReadableStream(
    {
      pull: async (controller) => {
        cancelCutOff();
        try {
          if (page === null) return;
          const { bytes, next } = page;
          const slot = freeSlot();
          controller.enqueue(bytes);
          given += 1;
          page = next === null ? null : await read(next, slot);
          if (page !== null) {
            if (!cancelled) cancelCutOff = clock.after(UNTAKEN_MS, cutOff);
            return;
          }
          controller.close();
          ended();
        } catch (error) {
          ended();
          controller.error(error);
        }
      },
      cancel: () => {
        cancelled = true;
        cancelCutOff();
        ended();
      },
    },
    // Nothing waits in the stream: when a page is asked for, the server has written all those before.
    { highWaterMark: 0 },
  );
}

/** Whoever takes no page for so long (a pager that was left open) must not keep others from theirs: few lists are read at once. */
const UNTAKEN_MS: DurationMs = 5 * MINUTE_MS;

/** Room for a page of five hundred orders with the longest ids of common gateways. */
const SLOT_BYTES = 256 * 1024;

/** A page that is sent, one that is read meanwhile, and two more than are needed, should the server ever hold some back. */
const SLOTS = 4;

/** The server reads up to three pages before it writes the first, to see whether that was all. */
const READ_AHEAD = 4;

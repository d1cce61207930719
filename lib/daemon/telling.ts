import { randomInt } from 'node:crypto';
import type { Style } from '../channels/port.ts';
import { sentenceOf } from '../channels/wording.ts';
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import { type Conditions, startConditions } from '../flows/conditions.ts';
import { startNotifying } from '../flows/notify.ts';
import type { Tell } from '../observe/events.ts';
import { createSending } from '../pools/sending.ts';
import type { Engine } from './engine.ts';

/** What tells people and systems. */
export interface Telling extends Pick<Conditions, 'heard'> {
  /** How busy the threads are that send, 0–1. */
  utilization(): number;
  /** Begins nothing more, and resolves when what is being sent has its receipt, or the bound has passed. Never rejects. */
  stop(): Promise<void>;
}

/** Starts the second pool, the couriers of all channels, and the watch over conditions. */
export async function startTelling(
  config: Config,
  { store }: Pick<Engine, 'store'>,
  { clock, tell }: { readonly clock: Clock; readonly tell: Tell },
): Promise<Telling> {
  const { channels, gateways, notify, locale, timezone } = config;
  const style: Style = { locale, timezone, orderUrl: notify.orderUrl };
  // First what may fail: the couriers begin to send as soon as they are there.
  const conditions = await startConditions({
    outbox: store.outbox,
    clock,
    gateways: gateways.map(({ settings: { name } }) => name),
    oldestDue: () => store.reader.oldestDue(),
    sweepLateAfterMs: notify.sweepLateAfterMs,
    callbacksStoppedAfterMs: notify.callbacksStoppedAfterMs,
  });
  const sending = createSending({
    threads: notify.threads,
    maxInFlight: channels.reduce((sum, { maxInFlight }) => sum + maxInFlight, 0),
    style,
    clock,
    tell,
  });
  const notifying = startNotifying({
    outbox: store.outbox,
    sending,
    clock,
    tell,
    retry: notify.retry,
    channels,
    inWords: (message) => sentenceOf(message, style),
    chance: () => randomInt(CHANCES) / CHANCES,
  });
  return {
    heard: (event) => conditions.heard(event),
    utilization: () => sending.utilization(),
    stop: async () => {
      // The pool answers whatever it does not finish in time, and each courier waits for its answers.
      await Promise.all([conditions.stop(), notifying.stop(), sending.close()]);
    },
  };
}

/** Fine enough for waits of an hour, and within what `randomInt` takes. */
const CHANCES = 2 ** 32;

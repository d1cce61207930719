import { makeReport } from '../../lib/report/make.ts';
import type { Report } from '../../lib/report/report.ts';
import type { ReportSource } from '../../lib/store/report-port.ts';
import { openReportSource } from '../../lib/store/sqlite/report.ts';
import { type FlowWorld, openFlowWorld } from '../support/flow-world.ts';
import { callbackBody } from '../support/model-daemon.ts';

/** The day on which the orders of `openShop` are made, in Seoul; it is nine in the morning. */
export const DAY = '2025-08-16';

export const ZONE = 'Asia/Seoul';

/**
 * A shop after a day's work, all by the real flows:
 *
 * | order | becomes | by |
 * | --- | --- | --- |
 * | ORDER-1, ORDER-2 | completed | a sweep |
 * | ORDER-3 | failed, declined | a sweep |
 * | ORDER-4 | completed | a callback |
 * | ORDER-5 | held, mismatched | stays |
 * | ORDER-6 | failed, and 900 won have to go back | a person |
 * | ORDER-7 | completed, and a second capture has to go back | a sweep |
 * | ORDER-8 | pending | stays |
 */
export async function openShop(): Promise<FlowWorld> {
  const world = await openFlowWorld();
  const captured = (number: number, over: object = {}) =>
    world.transaction({ key: `key-${number}`, orderId: `ORDER-${number}`, ...over });
  const failed = [{ at: world.clock.now(), status: 'failed' as const }];
  const pending = [{ at: world.clock.now(), status: 'pending' as const }];
  for (const number of [1, 2, 3, 5, 6, 7, 8])
    await world.order(`ORDER-${number}`, [{ transactionKey: `key-${number}` }]);
  captured(1);
  captured(2);
  captured(3, { steps: failed });
  captured(5, { amount: 900 });
  captured(6, { amount: 900 });
  captured(7);
  captured(8, { steps: pending });
  await world.sweep();
  // An hour later, by callbacks alone.
  await world.pass(3_600_000);
  await world.order('ORDER-4', [{ transactionKey: 'key-4' }]);
  captured(4);
  captured(7, { key: 'key-7-again' });
  for (const [number, key] of [
    [4, 'key-4'],
    [7, 'key-7-again'],
  ] as const) {
    const body = callbackBody({ eventId: `e${number}`, key, orderId: `ORDER-${number}` });
    await world.until(world.daemon.callbacks.receive('pg', body));
  }
  await world.pass(70_000);
  const person = { paymentId: null, version: null, note: 'asked the customer', by: 'kim' };
  await world.until(world.daemon.commands.resolve('ORDER-6', { state: 'failed', ...person }));
  return world;
}

/** The report of the day, by a connection of its own. */
export function reportOf(
  world: FlowWorld,
  over: { from?: string; to?: string; now?: number } = {},
): Report {
  return withSource(world, (source) =>
    makeReport(source, { from: DAY, to: DAY, timezone: ZONE, now: world.clock.now(), ...over }),
  );
}

export function withSource<T>(world: FlowWorld, use: (source: ReportSource) => T): T {
  const source = openReportSource(world.path);
  try {
    return use(source);
  } finally {
    source.close();
  }
}

import type { Clock } from '../clock.ts';
import { type Config, databasePath, reportsFolder } from '../config.ts';
import type { Stoppable } from '../flows/port.ts';
import { startReports } from '../flows/reports.ts';
import type { Tell } from '../observe/events.ts';
import { createReporting } from '../pools/reporting.ts';
import type { Reporting } from '../report/port.ts';
import type { Engine } from './engine.ts';

/** The thread for reports, and the schedule of the daily one. */
interface Reports extends Stoppable {
  readonly reporting: Reporting;
  /** Makes up for what was missed and begins to tick. */
  start(): Promise<void>;
  /** No report begins by itself any more; whoever asks for one still gets it, until `stop`. */
  endSchedule(): Promise<void>;
}

/** No thread runs before the first report is asked for. */
export function openReports(
  config: Config,
  { store }: Pick<Engine, 'store'>,
  { clock, tell }: { readonly clock: Clock; readonly tell: Tell },
): Reports {
  const { timezone, locale } = config;
  const reporting = createReporting({
    database: databasePath(config),
    folder: reportsFolder(config),
    timezone,
    locale,
    clock,
    tell,
  });
  let schedule: Stoppable | null = null;
  return {
    reporting,
    start: async () => {
      schedule = await startReports({ reporting, outbox: store.outbox, clock, tell }, { timezone });
    },
    endSchedule: async () => {
      await schedule?.stop();
    },
    stop: async () => {
      await schedule?.stop();
      await reporting.close();
    },
  };
}

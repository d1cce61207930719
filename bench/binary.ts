import { once } from 'node:events';
import { statSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { freshBinary, useOnce } from './stage/binary.ts';
import { start, startProgram, temporaryFolder } from './stage/children.ts';
import { dataDirOf, startDaemon } from './stage/daemon.ts';
import { median, showSpread } from './stage/numbers.ts';
import { makeOrders, prepareDatabase } from './stage/orders.ts';
import {
  type Measurement,
  type MeasureOptions,
  type Question,
  runAlone,
  say,
} from './stage/question.ts';

/** What does it cost to have everything in one file, and what does it bring? */
export const binary: Question = {
  name: 'binary',
  asks: 'size and start of the one binary, beside a checkout',
  measure,
};

interface Round {
  readonly versionMs: number;
  readonly lookupMs: number;
  readonly readyMs: number;
}

/** What is started: a file, or `null` for this checkout. */
type Installed = string | null;

async function measure({ rounds, quick }: MeasureOptions): Promise<Measurement> {
  const file = await freshBinary();
  const contenders: readonly (readonly [name: string, installed: Installed])[] = [
    ['the one binary', file],
    ['a checkout', null],
  ];
  const all = new Map<string, Round[]>(contenders.map(([name]) => [name, []]));
  // The first start on a machine reads files from the disk, and a checkout compiles: it is made before, and not counted.
  for (let round = 0; round <= (rounds ?? (quick ? 1 : 7)); round += 1) {
    for (const [name, installed] of contenders) {
      const one = await measureRound(installed);
      if (round > 0) all.get(name)?.push(one);
    }
    say(`binary ${round}: ${JSON.stringify(Object.fromEntries(all))}`);
  }
  return {
    table: {
      columns: ['', 'MB', 'spawn → version ms', 'spawn → first lookup ms', 'spawn → ready ms'],
      rows: contenders.map(([name, installed]) => {
        const column = (read: (round: Round) => number) =>
          showSpread((all.get(name) ?? []).map(read));
        return [
          name,
          installed === null ? '' : (statSync(installed).size / 1e6).toFixed(1),
          column(({ versionMs }) => versionMs),
          column(({ lookupMs }) => lookupMs),
          column(({ readyMs }) => readyMs),
        ];
      }),
    },
    targets: [
      {
        what: 'first lookup, the one binary / a checkout',
        kind: 'at most',
        bound: 0.75,
        reached: median(ratios(contenders.map(([name]) => all.get(name) ?? []))),
        unit: '×',
      },
    ],
    notes: [
      'Milliseconds from the spawn of the process: to the end of `--version`; to the first request that reaches the gateway, with 100 orders due; to the first 200 of `/readyz`, asked from when it listens (seen within 20 ms). Median of the rounds (smallest–largest). 1 MB: 1,000,000 bytes.',
    ],
    raw: Object.fromEntries(all),
  };
}

/** Of the two contenders, round by round. */
function ratios([ours = [], theirs = []]: readonly (readonly Round[])[]): number[] {
  return ours.map(({ lookupMs }, round) => lookupMs / (theirs[round]?.lookupMs ?? Number.NaN));
}

async function measureRound(installed: Installed): Promise<Round> {
  const { path: folder, remove } = temporaryFolder('binary');
  await prepareDatabase(dataDirOf(folder), makeOrders(1, 100), 'now');
  if (installed !== null) useOnce(installed, dataDirOf(folder));
  const gateway = createServer((_, response) => response.writeHead(503).end());
  gateway.listen(0, '127.0.0.1');
  await once(gateway, 'listening');
  const gatewayUrl = `http://127.0.0.1:${(gateway.address() as AddressInfo).port}`;
  const arrived = once(gateway, 'request').then(() => Date.now());
  const daemon = startDaemon({
    folder,
    gatewayUrl,
    ...(installed === null ? {} : { binary: installed }),
  });
  const { spawnedAt } = daemon.child;
  const lookupMs = (await arrived) - spawnedAt;
  const url = await daemon.url();
  while ((await fetch(`${url}/readyz`)).status !== 200);
  const readyMs = Date.now() - spawnedAt;
  await daemon.stop();
  gateway.closeAllConnections();
  gateway.close();
  remove();
  return { versionMs: await versionMs(installed), lookupMs, readyMs };
}

async function versionMs(installed: Installed): Promise<number> {
  const { process: child, spawnedAt } =
    installed === null
      ? startProgram('lib/main.ts', ['--version'], { stdio: 'ignore' })
      : start(installed, ['--version'], 'ignore');
  await once(child, 'exit');
  return Date.now() - spawnedAt;
}

if (import.meta.main) await runAlone(binary);

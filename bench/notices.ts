import { systemClock } from '../lib/clock.ts';
import { databasePath } from '../lib/config.ts';
import { conditionEffect } from '../lib/core/announce.ts';
import { openSqliteStore } from '../lib/store/sqlite/index.ts';
import { type Child, lineOf, startProgram, temporaryFolder } from './stage/children.ts';
import { type Daemon, dataDirOf, startDaemon } from './stage/daemon.ts';
import { startGateway } from './stage/gateway.ts';
import { median, show, showRatio, showSpread } from './stage/numbers.ts';
import { makeOrders, prepareDatabase } from './stage/orders.ts';
import {
  type Measurement,
  type MeasureOptions,
  type Question,
  runAlone,
  say,
  type Target,
} from './stage/question.ts';

/** How fast are webhooks sent, what does a crash repeat, and does a receiver in trouble slow a sweep? */
export const notices: Question = {
  name: 'notices',
  asks: '10,000 webhooks with and without kill -9, and sweeps beside receivers in trouble',
  measure,
};

/** Messages to one receiver that are under way at once. */
const IN_FLIGHT = 64;

/** Crashes in the run with crashes, spread over its messages. */
const CRASHES = 3;

// The daemon reads them from its environment.
process.env.BENCH_SECRET = 'bench-secret';

async function measure({ rounds, quick }: MeasureOptions): Promise<Measurement> {
  const count = quick ? 500 : 10_000;
  const runs: Sent[] = [];
  for (let round = 0; round < (rounds ?? (quick ? 1 : 3)); round += 1) {
    runs.push(await send(count, 0));
    say(`notices ${round}: ${show(rateOf(runs.at(-1)), 0)} a second`);
  }
  const crashed = await send(count, CRASHES);
  say(`notices: ${crashed.repeated} of ${count} came again in ${CRASHES} crashes`);
  const sweeps = await measureSweeps(quick ? 10 : 100, rounds ?? (quick ? 1 : 5));
  const bound = CRASHES * IN_FLIGHT;
  const targets: readonly Target[] = [
    atLeast('webhooks', 1_500, median(runs.map(rateOf)), 'a second'),
    atMost('repeated without a crash', 0, Math.max(...runs.map(({ repeated }) => repeated)), ''),
    atLeast('received after three kill -9', count, crashed.distinct, ''),
    atMost('repeated by three kill -9', bound, crashed.repeated, ''),
    {
      ...atMost('sweep beside receivers in trouble / without', 1.02, sweeps.ratio, '×'),
      kind: 'less than',
    },
  ];
  return {
    table: {
      columns: ['', 'a second', 'received', 'repeated', 'sweep ms'],
      rows: [
        [
          `${show(count, 0)} webhooks`,
          showSpread(runs.map(rateOf)),
          show(Math.min(...runs.map(({ distinct }) => distinct)), 0),
          show(Math.max(...runs.map(({ repeated }) => repeated)), 0),
          '–',
        ],
        [
          'the same, killed three times',
          '–',
          show(crashed.distinct, 0),
          show(crashed.repeated, 0),
          '–',
        ],
        ['a sweep without channels', '–', '–', '–', showSpread(sweeps.calmMs)],
        [
          `a sweep beside trouble, ${showRatio(sweeps.ratio)}`,
          '–',
          '–',
          '–',
          showSpread(sweeps.troubledMs),
        ],
      ],
    },
    targets,
    notes: [
      `The effects are in the outbox before the daemon starts; the channel has ${IN_FLIGHT} messages under way at once. From the first to the last message that a receiver in a process of its own has taken; each delivery is committed.`,
      'The sweep: 100 due orders at a gateway that takes 200 ms, ten at a time. Beside trouble: every completed order is told by e-mail, to a mail server that accepts the connection and says nothing, and on Slack, which answers 500; as single messages, not as a digest.',
    ],
    raw: { runs, crashed, sweeps },
  };
}

function rateOf(sent: Sent | undefined): number {
  return sent === undefined ? Number.NaN : (sent.arrived / sent.tookMs) * 1_000;
}

/** What a receiver says of itself. */
interface Sent {
  readonly arrived: number;
  readonly distinct: number;
  readonly repeated: number;
  /** From the first message to the last. */
  readonly tookMs: number;
}

/** Sends so many messages, over so many crashes. */
async function send(count: number, crashes: number): Promise<Sent> {
  const { path: folder, remove } = temporaryFolder('notices');
  const moments = Array.from({ length: crashes }, (_, index) =>
    Math.floor(((index + 1) * count) / (crashes + 1)),
  );
  const receiver = startProgram('bench/load/receiver.ts', moments.map(String), {
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const url = await lineOf(receiver, (line) => JSON.parse(line).url as string);
  await fillOutbox(dataDirOf(folder), count);
  // No gateway is asked: no order is there.
  const settings = { folder, gatewayUrl: 'http://127.0.0.1:9', channels: webhookTo(url) };
  let daemon = startDaemon(settings);
  receiver.process.on('message', () => {
    daemon.child.process.kill('SIGKILL');
    daemon = startDaemon(settings);
  });
  const sent = await allReceived(url, count, () => daemon);
  await daemon.stop();
  await receiver.stop();
  remove();
  return sent;
}

async function fillOutbox(dataDir: string, count: number): Promise<void> {
  const path = databasePath({ dataDir });
  const store = openSqliteStore({ path, clock: systemClock, tell: () => {} });
  const now = systemClock.now();
  await store.outbox.subscribe([{ channel: 'shop', topic: 'gateway.down', digestMs: 0 }], now);
  const effects = Array.from({ length: count }, (_, index) =>
    conditionEffect('gateway.down', 'pg', index, 'made up for the benchmark'),
  );
  await store.outbox.announce(effects, [], now);
  await store.upkeep.close();
}

const LOOK_EVERY_MS = 50;
const PATIENCE_MS = 60_000;

/** Until nothing is on its way any more. */
async function allReceived(url: string, count: number, daemon: () => Daemon): Promise<Sent> {
  const untilMs = performance.now() + PATIENCE_MS;
  for (;;) {
    const sent: Sent = (await (await fetch(url)).json()) as Sent;
    if (sent.distinct >= count && (await pending(daemon())) === 0) return sent;
    if (performance.now() > untilMs) throw new Error(`only ${sent.distinct} of ${count} came`);
    await new Promise((resolve) => setTimeout(resolve, LOOK_EVERY_MS));
  }
}

async function pending(daemon: Daemon): Promise<number> {
  const metrics = await (await fetch(`${await daemon.url()}/metrics`)).text();
  return Number(/^reconciled_outbox_pending\{channel="shop"\} (\d+)$/m.exec(metrics)?.[1]);
}

function webhookTo(url: string): string {
  return `
[[channel]]
name = "shop"
kind = "webhook"
url = "${url}"
secrets = [{ env = "BENCH_SECRET" }]
allow_private = true
topics = ["gateway.down"]
max_in_flight = ${IN_FLIGHT}
`;
}

interface Sweeps {
  readonly calmMs: readonly number[];
  readonly troubledMs: readonly number[];
  /** The median of the ratios of each round. */
  readonly ratio: number;
}

async function measureSweeps(count: number, rounds: number): Promise<Sweeps> {
  const troubled = startProgram('bench/load/troubled-receivers.ts', [], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const channels = await troubledChannels(troubled);
  const calmMs: number[] = [];
  const troubledMs: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const turns = [
      async () => calmMs.push(await sweepMs(count, '')),
      async () => troubledMs.push(await sweepMs(count, channels)),
    ];
    for (const turn of round % 2 === 0 ? turns : turns.toReversed()) await turn();
    say(`notices ${round}: a sweep ${calmMs.at(-1)} ms, beside trouble ${troubledMs.at(-1)} ms`);
  }
  await troubled.stop();
  const ratios = troubledMs.map((ms, round) => ms / (calmMs[round] ?? Number.NaN));
  return { calmMs, troubledMs, ratio: median(ratios) };
}

async function troubledChannels(child: Child): Promise<string> {
  const { mailPort, slackUrl } = await lineOf(child, (line) => JSON.parse(line));
  process.env.BENCH_SLACK_URL = slackUrl;
  return `
[[channel]]
name = "mail"
kind = "email"
host = "127.0.0.1"
port = ${mailPort}
security = "none"
from = "reconciled@shop.example"
to = ["ops@shop.example"]
topics = ["order.completed"]
digest = "0s"

[[channel]]
name = "ops"
kind = "slack"
url = { env = "BENCH_SLACK_URL" }
topics = ["order.completed"]
digest = "0s"
`;
}

/** How long one sweep of so many orders takes, by its own count; the one before it is the warm-up. */
async function sweepMs(count: number, channels: string): Promise<number> {
  const { path: folder, remove } = temporaryFolder('notices-sweep');
  const gateway = await startGateway('constant:200', 1);
  const orders = makeOrders(1, count);
  await gateway.preload(orders);
  await prepareDatabase(dataDirOf(folder), orders, 'now');
  const daemon = startDaemon({ folder, gatewayUrl: gateway.url, channels });
  const { durationMs = Number.NaN } = await daemon.line('sweep.ended');
  await daemon.stop();
  await gateway.stop();
  remove();
  return durationMs;
}

function atLeast(what: string, bound: number, reached: number, unit: string): Target {
  return { what, kind: 'at least', bound, reached, unit };
}

function atMost(what: string, bound: number, reached: number, unit: string): Target {
  return { what, kind: 'at most', bound, reached, unit };
}

if (import.meta.main) await runAlone(notices);

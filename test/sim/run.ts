import { parseArgs } from 'node:util';
import { SingleBar } from 'cli-progress';
import { BEGINNINGS } from './every/beginnings.ts';
import { search } from './every/search.ts';
import { type Outcome, simulate, USUAL_SCALE } from './simulation.ts';
import type { World } from './world.ts';

/** `npm run sim`: histories until one breaks an invariant. Exit code 1 when one did. */
const HELP = `Simulates seeded histories of the daemon and audits each against the gateways' truth.

  npm run -s sim -- [--seeds N] [--seed S] [--orders N] [--order ID]
  npm run -s sim -- --exhaustive DEPTH

  --seeds N    so many histories, one after the other (default 100; 1 with --seed)
  --seed S     begin with this one (default 1)
  --orders N   orders in each history (default ${USUAL_SCALE.orders})
  --order ID   also print the journal of this order and what the gateways know of it
  --exhaustive DEPTH
               instead: every history of so many steps of one or two orders, with no chance in it. Each further step takes
               about ten times as long; 2 takes a minute or two

  npm run -s sim -- --seeds 1000
  npm run -s sim -- --seed 42 --order ORDER000007
`;

const { values } = parseArgs({
  options: {
    seeds: { type: 'string' },
    seed: { type: 'string' },
    orders: { type: 'string' },
    order: { type: 'string' },
    exhaustive: { type: 'string' },
    help: { type: 'boolean' },
  },
});
if (values.help) console.log(HELP);
else if (values.exhaustive === undefined) await run();
else await runEvery(wholeNumber('exhaustive', values.exhaustive, 2));

async function runEvery(depth: number): Promise<void> {
  const format = '{value} histories lived: {words}';
  const bar = new SingleBar({ format, stream: process.stderr });
  let states = 0;
  let histories = 0;
  for (const beginning of BEGINNINGS) {
    const { words } = beginning;
    if (process.stderr.isTTY) bar.start(histories, histories, { words });
    const found = await search(beginning, depth, (lived) =>
      bar.update(histories + lived, { words }),
    );
    bar.stop();
    states += found.states;
    histories += found.histories;
    console.log(`${words}: ${found.histories} histories, ${found.states} states`);
    for (const line of found.counterexample ?? []) console.log(`  ${line}`);
    if (found.counterexample !== null) process.exitCode = 1;
  }
  console.log(`${histories} histories of ${depth} steps at most, ${states} states`);
}

async function run(): Promise<void> {
  const first = wholeNumber('seed', values.seed, 1);
  const count = wholeNumber('seeds', values.seeds, values.seed === undefined ? 100 : 1);
  const orders = wholeNumber('orders', values.orders, USUAL_SCALE.orders);
  // Big histories need a wide window, or their bad hours are over before they were asked about.
  const scale = { orders, window: Math.max(USUAL_SCALE.window, Math.ceil(orders / 20)) };
  const bar = new SingleBar({
    format: '{bar} {value}/{total} histories, {looks} looks, {broken} broken',
    stream: process.stderr,
  });
  const seen = { looks: 0, stale: 0, broken: 0, auditMs: 0 };
  const failures: Outcome[] = [];
  let running = first;
  // A bug of the daemon that nobody catches ends the process: say in which history.
  process.on('exit', () => {
    if (running >= 0) console.log(`seed ${running} ended the process. ${again(running, orders)}`);
  });
  if (process.stderr.isTTY) bar.start(count, 0, seen);
  for (; running < first + count; running += 1) {
    const outcome = await simulate(running, scale, (world) => print(world, values.order));
    seen.looks += outcome.looks;
    seen.stale += outcome.stale;
    seen.auditMs = Math.max(seen.auditMs, outcome.auditMs);
    if (outcome.findings.length > 0) {
      seen.broken += 1;
      failures.push(outcome);
    }
    bar.increment(1, seen);
  }
  running = -1;
  bar.stop();
  for (const { seed, findings } of failures) {
    console.log(`seed ${seed} (${again(seed, orders)})`);
    for (const finding of findings) console.log(`  ${finding}`);
  }
  const audit = `the longest audit took ${Math.ceil(seen.auditMs)} ms`;
  const work = `${count} histories, ${seen.looks} looks, ${seen.stale} commits went stale`;
  console.log(`${work}, ${failures.length} histories broken; ${audit}`);
  process.exitCode = failures.length > 0 ? 1 : 0;
}

/** The command that repeats a history. */
function again(seed: number, orders: number): string {
  const size = orders === USUAL_SCALE.orders ? '' : ` --orders ${orders}`;
  return `npm run -s sim -- --seed ${seed}${size}`;
}

async function print({ life, gateways }: World, orderId: string | undefined): Promise<void> {
  if (orderId === undefined) return;
  const { items } = await life.real.reader.journal(orderId, 0, 1_000);
  for (const row of items) console.log(JSON.stringify(row));
  console.log(JSON.stringify(await life.real.reader.order(orderId), null, 2));
  for (const gateway of gateways) {
    for (const one of gateway.all()) {
      if (one.orderId === orderId) console.log(gateway.name, JSON.stringify(one));
    }
  }
}

function wholeNumber(name: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise;
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1) {
    console.error(`--${name} takes a whole number of at least 1, not ${text}`);
    process.exit(2);
  }
  return number;
}

import type { Command } from 'commander';
import type { Notice, Performance } from './demo/perform.ts';
import { LEAST_ORDERS } from './demo/scenario.ts';
import type { Stage } from './demo/stage.ts';
import { type Language, languageOf, WORDS } from './demo/words.ts';
import { EXIT } from './exit.ts';
import { awaitInterruption } from './interruption.ts';
import { oneOf, wholeNumber } from './values.ts';
import { print, say } from './words.ts';

interface DemoOptions {
  readonly orders: number;
  readonly seed: number;
  readonly listen: string;
  readonly locale?: Language;
  readonly stay?: true;
  readonly keep?: true;
  readonly dataDir?: string;
  readonly json?: true;
}

/** More would take minutes: ten lookups at a time, a third of a second each. */
const MOST_ORDERS = 1_000;

/** `demo`: the main job on this machine alone, from stuck orders to a proof that all of them are settled. */
export function define(command: Command): void {
  command
    .option('--orders <n>', 'stuck orders', wholeNumber(LEAST_ORDERS, MOST_ORDERS), 100)
    .option('--seed <n>', 'another bad day for each number', wholeNumber(0, 2 ** 31), 1)
    .option('--stay', 'leave the daemon up until Ctrl-C')
    .option('--listen <host:port>', 'where the daemon listens; port 0: any free one', '127.0.0.1:0')
    .option('--keep', 'keep the database')
    .option('--data-dir <folder>', 'put the database there, and keep it')
    .option('--locale <ko|en>', 'the language (default: that of LANG)', oneOf(['ko', 'en']))
    .option('--json', 'print the result as JSON')
    .addHelpText(
      'after',
      `
Starts a simulated payment gateway and a daemon, sends the daemon orders that are stuck, lets it ask the gateway about each
of them, and checks what came of it against what really happened. Needs no configuration, and touches nothing but a
temporary folder. Ends with 1 when a check fails.

Examples:
  reconciled demo
  reconciled demo --stay --listen 127.0.0.1:8090
  reconciled demo --orders 500 --seed 7
  reconciled demo --data-dir ./demo && reconciled orders --config ./demo/reconciled.toml`,
    );
  command.action(async (options: DemoOptions) => {
    const interruption = awaitInterruption();
    const ended = interruption.first.then(() => 'interrupted' as const);
    const { environment } = await import('../config.ts');
    const language = options.locale ?? languageOf(environment());
    const outcome = await play(options, language, ended);
    if (outcome === 'interrupted') say(WORDS[language].interrupted);
    process.exitCode = outcome === 'proven' ? EXIT.ok : EXIT.trouble;
    interruption.forget();
  });
}

type Outcome = 'proven' | 'disproven' | 'interrupted';

async function play(
  options: DemoOptions,
  language: Language,
  ended: Promise<'interrupted'>,
): Promise<Outcome> {
  const { setStage } = await import('./demo/stage.ts');
  await using undo = new AsyncDisposableStack();
  const stage = setStage({ dataDir: options.dataDir, keep: options.keep ?? false });
  undo.defer(() => stage.clear());
  const opening = open(stage, options, language, undo);
  const theatre = await Promise.race([opening, ended]);
  if (theatre === 'interrupted') {
    // What is being started has to be there before it can be ended.
    await opening.catch(() => undefined);
    return theatre;
  }
  const { perform } = await import('./demo/perform.ts');
  const { orders, seed } = options;
  const report = await Promise.race([perform({ ...theatre, language, orders, seed }), ended]);
  if (report === 'interrupted') return report;
  const { reportJson, reportText } = await import('./demo/show.ts');
  print(options.json ? reportJson(report) : reportText(report, language));
  const tellPlace = options.json ? say : print;
  if (options.stay) {
    tellPlace(['', ...places(theatre, language)].join('\n'));
    await ended;
  }
  if (stage.isKept) tellPlace(`\n${WORDS[language].kept(stage.folder)}`);
  return report.checks.every(({ ok }) => ok) ? 'proven' : 'disproven';
}

/** What runs while the demo runs. */
type Theatre = Omit<Performance, 'language' | 'orders' | 'seed'>;

/** Starts the gateway and the daemon; `undo` gets how to end them. */
async function open(
  stage: Stage,
  { seed, listen, orders }: DemoOptions,
  locale: Language,
  undo: AsyncDisposableStack,
): Promise<Theatre> {
  say(WORDS[locale].loading);
  const { startGateway } = await import('./demo/gateway.ts');
  const gateway = await startGateway(seed);
  undo.defer(() => gateway.stop());
  say(WORDS[locale].intro(orders, gateway.url));
  const config = stage.configure({ gatewayUrl: gateway.url, listen, locale });
  const { startDaemon } = await import('../daemon.ts');
  let settled = () => {};
  const notices: Notice[] = [];
  const daemon = await startDaemon(config, {
    tell: (event) => {
      if (event.name === 'order.decided' && event.outcome === 'applied') settled();
      if (event.name === 'notice') notices.push(event);
    },
  });
  undo.defer(() => daemon.stop('the demo ended'));
  const { formatAddress } = await import('../config.ts');
  return {
    gateway,
    daemon,
    daemonUrl: `http://${formatAddress(daemon.address)}`,
    config,
    onSettled: (call) => {
      settled = call;
    },
    notices: () => notices,
  };
}

function places({ daemonUrl, gateway }: Theatre, language: Language): readonly string[] {
  const { stays, places: names, untilInterrupted } = WORDS[language];
  return [
    stays,
    `  ${daemonUrl}/v1/orders  ${names.api}`,
    `  ${daemonUrl}/openapi.json  ${names.document}`,
    `  ${daemonUrl}/metrics  ${names.metrics}`,
    `  ${daemonUrl}/readyz  ${names.ready}`,
    `  ${gateway.url}/__simulator/payments  ${names.gateway}`,
    untilInterrupted,
  ];
}

import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { ReconciledError } from '../errors.ts';
import type { PreloadedPayment } from '../simulator/preload.ts';
import { counted } from '../texts/counted.ts';
import { shareOfOne, wholeNumber } from './values.ts';
import { print, say } from './words.ts';

interface SimulatorFlags {
  readonly host: string;
  readonly port: number;
  readonly seed: number;
  readonly requestDelay?: string;
  readonly failureRate?: number;
  readonly processingDelay?: string;
  readonly limitExceededRate?: number;
  readonly invalidCardRate?: number;
  readonly lookupDelay?: string;
  readonly lookupFailureRate?: number;
  readonly lookupSilenceRate?: number;
  readonly callbacks: boolean;
  readonly lostCallbackRate?: number;
  readonly callbackOrigin?: string;
  readonly preload?: string;
  readonly admin?: true;
  readonly json?: true;
}

/** `simulate-gateway`: a pg-simulator of one's own, until Ctrl-C. */
export function define(command: Command): void {
  command
    .option('--host <host>', 'on which address', '127.0.0.1')
    .option('--port <port>', 'where it listens; 0 takes a free one', wholeNumber(0, 65_535), 8082)
    .option(
      '--seed <n>',
      'the same seed gives each order the same fate',
      wholeNumber(0, 2 ** 48),
      1,
    )
    .option('--json', 'print the address as JSON');
  addPaymentOptions(command.optionsGroup('Payment requests:'));
  addLookupOptions(command.optionsGroup('Lookups:'));
  addCallbackOptions(command.optionsGroup('Callbacks:'));
  command.addHelpText(
    'after',
    `
Delays are none, constant:500, uniform:100-500 or lognormal:MEDIAN:P99 (lognormal:120:3000), in milliseconds; rates are 0
to 1. What is left out behaves like the real pg-simulator. All payments are in memory; Ctrl-C ends it.

Examples:
  reconciled simulate-gateway
  reconciled simulate-gateway --port 0 --lookup-delay uniform:100-500 --failure-rate 0
  reconciled simulate-gateway --preload payments.ndjson --no-callbacks --seed 42

A line of a --preload file:
  {"transactionKey":"20250816:TR:9577c5","orderId":"ORDER000001","userId":"member-7","amount":5000,"status":"SUCCESS"}`,
  );
  command.action(async (flags: SimulatorFlags) => {
    const { awaitInterruption } = await import('./interruption.ts');
    const { startSimulator } = await import('../simulator/simulator.ts');
    const { preload: file, json, ...options } = flags;
    const preload = file === undefined ? [] : await readPreloadFile(file);
    const interruption = awaitInterruption();
    const simulator = await startSimulator({ ...options, preload }).catch(namingFlags);
    print(json ? JSON.stringify({ url: simulator.url, port: simulator.port }) : simulator.url);
    say(
      `A simulated gateway listens at ${simulator.url} with ${counted(preload.length, 'payment')}. Ctrl-C ends it.`,
    );
    await interruption.first;
    await simulator.close();
    interruption.forget();
  });
}

function addPaymentOptions(command: Command): void {
  command
    .option('--request-delay <delay>', 'before a request is answered (uniform:100-500)')
    .option('--failure-rate <rate>', 'requests that answer 500, nothing recorded (0.4)', shareOfOne)
    .option('--processing-delay <delay>', 'from accepted to final (uniform:1000-5000)')
    .option('--limit-exceeded-rate <rate>', 'payments over the limit (0.2)', shareOfOne)
    .option('--invalid-card-rate <rate>', 'payments with an invalid card (0.1)', shareOfOne)
    .option('--preload <file>', 'payments to start with: one JSON object a line, or a JSON array')
    .option('--admin', 'open /__simulator (preload, stats, reset), which the real one lacks');
}

function addLookupOptions(command: Command): void {
  command
    .option('--lookup-delay <delay>', 'before a lookup is answered (none)')
    .option('--lookup-failure-rate <rate>', 'lookups that answer 500 (0)', shareOfOne)
    .option('--lookup-silence-rate <rate>', 'lookups that are never answered (0)', shareOfOne);
}

function addCallbackOptions(command: Command): void {
  command
    .option('--no-callbacks', 'send none')
    .option('--lost-callback-rate <rate>', 'callbacks that are lost (0)', shareOfOne)
    .option(
      '--callback-origin <origin>',
      'takes the place of http://localhost:8080 in their address',
    );
}

/** The simulator names its options (lookupDelay); people typed flags (--lookup-delay). */
function namingFlags(error: unknown): never {
  if (!(error instanceof ReconciledError) || error.code !== 'invalid') throw error;
  const message = error.message.replace(/^[\w +]+(?=:)/, (options) =>
    options.replaceAll(
      /\w+/g,
      (option) => `--${option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`,
    ),
  );
  throw new ReconciledError('usage', message, { hint: error.hint, cause: error });
}

async function readPreloadFile(file: string): Promise<readonly PreloadedPayment[]> {
  const { readPreload } = await import('../simulator/preload.ts');
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    throw new ReconciledError('usage', `--preload: ${file} cannot be read.`, {
      hint: 'Name a file that exists and that you may read.',
      cause,
    });
  });
  // What is in them is checked by the simulator, which names every payment that is off.
  return readPreload(text) as readonly PreloadedPayment[];
}

import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { type Child, start, startProgram, type Under } from './children.ts';
import { GATEWAY_NAME } from './orders.ts';

/** A daemon as `serve` starts it, in a process of its own. */
export interface Daemon {
  readonly child: Child;
  readonly pid: number;
  /** Its log so far: a line each, as it wrote it. */
  log(): readonly LogLine[];
  /** Resolves with the first line of that kind; rejects when the daemon ends first. */
  line(msg: string): Promise<LogLine>;
  /** Where it listens. */
  url(): Promise<string>;
  /** Resolves when it is gone. */
  stop(): Promise<void>;
}

/** A line of the log; fields by event. */
interface LogLine {
  readonly msg: string;
  readonly time: string;
  readonly listen?: string;
  readonly looked?: number;
  readonly durationMs?: number;
}

interface DaemonSettings {
  /** The folder for configuration, database and log; made when it is not there. */
  readonly folder: string;
  readonly gatewayUrl: string;
  /** Channels, as they stand in the file; without any the daemon has its log. */
  readonly channels?: string;
  /** Further settings of the first level, as they stand in the file. */
  readonly settings?: string;
  /** The one binary, absolute; without it the daemon runs from this checkout. */
  readonly binary?: string;
  /** A program of this repository in the place of the command line. */
  readonly program?: string;
  readonly under?: Under;
  /** Given to Node before the program. */
  readonly nodeFlags?: readonly string[];
  /** Opens a channel to what the flags load. */
  readonly channel?: boolean;
}

/** Between two looks at the log. What is measured stands in the log with its time, so this costs no precision. */
const LOOK_EVERY_MS = 20;

/** Nothing that is waited for takes longer. */
const PATIENCE_MS = 120_000;

/** Where the database of a daemon in this folder is. */
export function dataDirOf(folder: string): string {
  return join(folder, 'data');
}

/**
 * Starts it. Its settings are the defaults, but that it sweeps only at its start and when it is told, and that the longest of
 * the drawn lookups is not cut off.
 */
export function startDaemon(settings: DaemonSettings): Daemon {
  const {
    folder,
    gatewayUrl,
    channels = '',
    binary,
    program = 'lib/main.ts',
    under = null,
    nodeFlags = [],
    channel = false,
  } = settings;
  mkdirSync(folder, { recursive: true });
  const config = join(folder, 'reconciled.toml');
  writeFileSync(config, `${settings.settings ?? ''}${configuration(gatewayUrl)}${channels}`);
  const logFile = join(folder, 'daemon.log');
  const log = openSync(logFile, 'w');
  const args = ['serve', '--config', config];
  const stdio = ['ignore' as const, 'ignore' as const, log, ...(channel ? ['ipc' as const] : [])];
  const child =
    binary === undefined
      ? startProgram(program, args, { stdio, nodeFlags, under })
      : start(binary, args, stdio);
  closeSync(log);
  const daemon: Daemon = {
    child,
    pid: child.process.pid ?? 0,
    log: () => readLog(logFile),
    line: (msg) => firstLine(daemon, msg),
    url: async () => `http://${(await daemon.line('daemon.started')).listen}`,
    stop: () => child.stop(),
  };
  return daemon;
}

function configuration(gatewayUrl: string): string {
  return `data_dir = "data"

[http]
listen = "127.0.0.1:0"

[sweep]
cron = "0 0 1 1 *"

[[gateway]]
name = "${GATEWAY_NAME}"
kind = "pg-simulator"
base_url = "${gatewayUrl}"
methods = ["CARD"]
max_in_flight = 10
lookup_timeout = "1m"

[gateway.breaker]
slow = "1m"
`;
}

function readLog(file: string): readonly LogLine[] {
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  // The last line may not be whole yet.
  return text
    .slice(0, text.lastIndexOf('\n') + 1)
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line): LogLine => JSON.parse(line));
}

async function firstLine(daemon: Daemon, msg: string): Promise<LogLine> {
  const untilMs = performance.now() + PATIENCE_MS;
  while (performance.now() < untilMs) {
    const line = daemon.log().find((one) => one.msg === msg);
    if (line !== undefined) return line;
    if (daemon.child.process.exitCode !== null) break;
    await wait(LOOK_EVERY_MS);
  }
  const last = daemon.log().at(-1);
  throw new Error(`the daemon never said ${msg}; its last line: ${JSON.stringify(last)}`);
}

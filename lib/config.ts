import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import type { ChannelSettings, LogSettings } from './channels/port.ts';
import { buildChannels, channelVariables, readChannelSecrets } from './config/channel-reading.ts';
import { suggestion } from './config/closest.ts';
import { asTable, readFile, SMALLEST_FILE, type Table } from './config/file.ts';
import { mistakesOf } from './config/mistakes.ts';
import { isLoopback } from './config/rules.ts';
import { configurationSchema, type gatewaySchema } from './config/schema.ts';
import { readSecret, type Secret } from './config/secrets.ts';
import {
  FILE_VARIABLE,
  SIMPLE_SETTINGS,
  type SimpleSetting,
  STANDARD_FILE,
  TOKEN_VARIABLE,
} from './config/simple.ts';
import type { RetryPolicy } from './core/delivery.ts';
import type { EffectTopic } from './core/effect.ts';
import type { DurationMs } from './core/time.ts';
import { ReconciledError } from './errors.ts';
import { GATEWAY_KINDS, gatewayKind } from './gateways/index.ts';
import type { GatewaySettings } from './gateways/port.ts';

/** All settings, read and checked; the only place that reads the environment. */
export interface Config {
  /** The file that was read, absolute; `null`: there was none. */
  readonly file: string | null;
  /** Absolute. */
  readonly dataDir: string;
  readonly timezone: string;
  readonly locale: 'ko' | 'en';
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  /** Since its last change; `null`: for ever. */
  readonly keepOrdersMs: DurationMs | null;
  readonly http: {
    readonly listen: Address;
    /** A listener of its own for callbacks; `null`: they come to `listen`. */
    readonly callbackListen: Address | null;
    readonly apiToken: string | null;
    readonly paymentRequests: boolean;
  };
  readonly sweep: {
    readonly cron: string;
    readonly staleAfterMs: DurationMs;
    readonly threads: number;
    readonly ladderMs: readonly DurationMs[];
    readonly holdAfterMs: DurationMs;
  };
  readonly gateways: readonly GatewayConfig[];
  readonly notify: {
    /** Threads that send. */
    readonly threads: number;
    readonly retry: RetryPolicy;
    /** Where an order is looked at, with `{id}` in the place of its id; `null`: messages link to nothing. */
    readonly orderUrl: string | null;
    /** An order that waits for longer than this beyond its time makes `sweep.late`. */
    readonly sweepLateAfterMs: DurationMs;
    /** A gateway that called back before and has not for so long, while orders were settled, makes `callbacks.stopped`. */
    readonly callbacksStoppedAfterMs: DurationMs;
  };
  /** Never empty: without any in the file it is one log. */
  readonly channels: readonly ChannelConfig[];
}

/** One channel: how it is reached, and what it is told. */
export interface ChannelConfig {
  readonly settings: ChannelSettings | LogSettings;
  readonly topics: readonly EffectTopic[];
  /** 0: every effect makes a message of its own. Conditions always do. */
  readonly digestMs: DurationMs;
  /** Messages under way at one moment. */
  readonly maxInFlight: number;
}

/** Where to listen or to call. An IPv6 host has no brackets here. */
export interface Address {
  readonly host: string;
  readonly port: number;
}

/** `host:port`, as the configuration has it. */
export function formatAddress({ host, port }: Address): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** One gateway: what its adapter must know, and how it is asked. */
export interface GatewayConfig {
  readonly settings: GatewaySettings;
  readonly methods: readonly string[];
  /** Over all threads. */
  readonly maxInFlight: number;
  readonly paymentWindowMs: DurationMs;
  /** Requests a second; `null`: none. */
  readonly ratePerSecond: number | null;
  readonly breaker: BreakerSettings;
}

/** When the circuit of a gateway opens, so that it is left alone, and how it closes again. */
export interface BreakerSettings {
  /** The share of failed or slow exchanges that opens the circuit, 0–1. */
  readonly failures: number;
  /** Over this long. */
  readonly windowMs: DurationMs;
  /** With at least so many exchanges. */
  readonly minimum: number;
  /** How long it stays open. */
  readonly openMs: DurationMs;
  /** Trial requests then. */
  readonly halfOpen: number;
  /** An exchange slower than this counts as failed. */
  readonly slowMs: DurationMs;
}

/** Where settings come from. Flags go before the environment, the environment before the file, the file before defaults. */
export interface Sources {
  /** The file named on the command line; without it RECONCILED_CONFIG, else `reconciled.toml` where there is one. */
  readonly file?: string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly flags?: Readonly<Partial<Record<SimpleSetting, string | undefined>>>;
  /**
   * Which secrets have to be readable; one that is not is then like none. `token`: only the bearer token, for commands that
   * may have to go through a daemon; `ignore`: none, for commands that only look.
   */
  readonly secrets?: 'require' | 'token' | 'ignore';
}

/** The environment of this process. Nothing else reads it. */
export function environment(): Readonly<Record<string, string | undefined>> {
  return process.env;
}

/**
 * Reads and checks all settings.
 * @throws ReconciledError `configuration`: its message names every mistake, one a line.
 */
export function loadConfig(sources: Sources): Config {
  const { file, folder, table: fromFile } = readFile(sources.file, sources.env[FILE_VARIABLE]);
  const { table, labels } = overlay(fromFile, sources);
  const read = configurationSchema(GATEWAY_KINDS).safeParse(table, JITLESS);
  const { env, secrets = 'require' } = sources;
  const token = readToken(table, sources, folder);
  const channelSecrets = readChannelSecrets(table, { env, folder });
  const mistakes = [
    ...(read.success ? [] : mistakesOf(read.error.issues, labels, table)),
    ...(token.mistake === null ? [] : [token.mistake]),
    ...(secrets === 'require' ? channelSecrets.mistakes : []),
    ...unknownVariables(table, env),
  ];
  const listen = read.success ? read.data.http.listen : listenOf(table);
  const isOpen = token.value === null && token.mistake === null && secrets !== 'ignore';
  if (listen !== undefined && isOpen && !isLoopback(listen.host)) {
    const label = labels.get('http.listen') ?? 'http.listen';
    mistakes.push(
      `${label}: without a token anyone who reaches ${formatAddress(listen)} could change orders. Set ${TOKEN_VARIABLE}, or listen on 127.0.0.1.`,
    );
  }
  if (!read.success || mistakes.length > 0) throw configurationError(file, mistakes);
  const dataDir = resolve(labels.has('data_dir') ? '.' : folder, read.data.data_dir);
  return {
    ...build(read.data, file, dataDir, token.value),
    channels: buildChannels(read.data.channel, channelSecrets.values),
  };
}

/**
 * The configured gateways, at least one.
 * @throws ReconciledError `configuration` with a file to start from.
 */
export function requireGateways(config: Config): readonly GatewayConfig[] {
  if (config.gateways.length > 0) return config.gateways;
  const where = config.file ?? `no ${STANDARD_FILE} was found here`;
  throw new ReconciledError('configuration', `No gateway is configured (${where}).`, {
    hint: `Write this into ${config.file ?? STANDARD_FILE}, with the address of your gateway:\n\n${SMALLEST_FILE}`,
  });
}

/** Where the database of a configuration is. */
export function databasePath({ dataDir }: Pick<Config, 'dataDir'>): string {
  return join(dataDir, 'reconciled.db');
}

/** Where the daily reports of a configuration are written. */
export function reportsFolder({ dataDir }: Pick<Config, 'dataDir'>): string {
  return join(dataDir, 'reports');
}

/** A schema that is used once is not worth compiling. */
const JITLESS = { jitless: true } as const;

/** Puts flags and variables over what the file says; `labels` keeps where each of those came from. */
function overlay(table: Table, { env, flags }: Sources) {
  const labels = new Map<string, string>();
  let whole = table;
  for (const { name, path, flag, variable } of SIMPLE_SETTINGS) {
    const flagged = flags?.[name];
    // An empty variable is how container tools write one that is not set.
    const value = flagged ?? (env[variable] || undefined);
    if (value === undefined) continue;
    whole = withValue(whole, path, value);
    labels.set(path.join('.'), flagged === undefined ? variable : flag);
  }
  return { table: whole, labels };
}

function withValue(table: Table, [key, ...rest]: readonly string[], value: string): Table {
  if (key === undefined) return table;
  if (rest.length === 0) return { ...table, [key]: value };
  return { ...table, [key]: withValue(asTable(table[key]), rest, value) };
}

/** Where it would listen, whatever else is wrong: all mistakes stand in one report. */
function listenOf(table: Table): Address | undefined {
  const { listen } = configurationSchema([]).shape.http.unwrap().shape;
  return listen.safeParse(asTable(table.http).listen, JITLESS).data;
}

function readToken(table: Table, { env, secrets }: Sources, folder: string): Secret {
  const direct = env[TOKEN_VARIABLE];
  const source = direct ? { env: TOKEN_VARIABLE } : asTable(table.http).api_token;
  if (source === undefined) return { value: null, mistake: null };
  const secret = readSecret('http.api_token', source, { env, folder });
  return secrets === 'ignore' ? { value: secret.value, mistake: null } : secret;
}

function unknownVariables(table: Table, env: Sources['env']): readonly string[] {
  const known: string[] = [
    FILE_VARIABLE,
    TOKEN_VARIABLE,
    ...SIMPLE_SETTINGS.map(({ variable }) => variable),
  ];
  const named = [asTable(asTable(table.http).api_token).env, ...channelVariables(table)];
  return Object.keys(env)
    .filter((name) => name.startsWith('RECONCILED_') && !named.includes(name))
    .filter((name) => !known.includes(name))
    .map((name) => `${name}: there is no such variable. ${suggestion(name, known)}`);
}

function configurationError(file: string | null, mistakes: readonly string[]): ReconciledError {
  const where = file ?? 'the flags and variables (no file was read)';
  const lines = mistakes.map((mistake) => `  ${mistake}`).join('\n');
  const number = mistakes.length === 1 ? 'One mistake' : `${mistakes.length} mistakes`;
  return new ReconciledError('configuration', `${number} in ${where}:\n${lines}`, {
    hint: 'Correct what is named; `reconciled config check` looks at it again. docs/configuration.md explains every setting.',
  });
}

function build(
  read: z.output<ReturnType<typeof configurationSchema>>,
  file: string | null,
  dataDir: string,
  apiToken: string | null,
): Omit<Config, 'channels'> {
  return {
    file,
    dataDir,
    timezone: read.timezone,
    locale: read.locale,
    logLevel: read.log_level,
    keepOrdersMs: read.keep_orders,
    http: {
      listen: read.http.listen,
      callbackListen: read.http.callback_listen,
      apiToken,
      paymentRequests: read.http.payment_requests,
    },
    sweep: {
      cron: read.sweep.cron,
      staleAfterMs: read.sweep.stale_after,
      threads: read.sweep.threads,
      ladderMs: read.sweep.ladder,
      holdAfterMs: read.sweep.hold_after,
    },
    gateways: read.gateway.map(buildGateway),
    notify: {
      threads: read.notify.threads,
      retry: {
        firstWaitMs: read.notify.first_retry,
        longestWaitMs: read.notify.longest_retry,
        giveUpAfterMs: read.notify.give_up_after,
      },
      orderUrl: read.notify.order_url === '' ? null : read.notify.order_url,
      sweepLateAfterMs: read.notify.sweep_late_after,
      callbacksStoppedAfterMs: read.notify.callbacks_stopped_after,
    },
  };
}

function buildGateway(read: z.output<ReturnType<typeof gatewaySchema>>): GatewayConfig {
  const { breaker } = read;
  const kind = gatewayKind(read.kind);
  assert(kind !== undefined, 'the schema lets only built-in kinds pass');
  return {
    settings: {
      name: read.name,
      kind: read.kind,
      baseUrl: read.base_url,
      currency: read.currency,
      userId: read.user_id,
      callbackUrl: read.callback_url,
      lookupTimeoutMs: read.lookup_timeout,
      connectTimeoutMs: read.connect_timeout,
      // One thread may be the only one that runs, and then has all of them.
      connections: read.max_in_flight,
    },
    methods: read.methods,
    maxInFlight: read.max_in_flight,
    paymentWindowMs: read.payment_window ?? kind.capabilities.paymentWindowMs,
    ratePerSecond: read.rate_limit,
    breaker: {
      failures: breaker.failures,
      windowMs: breaker.window,
      minimum: breaker.minimum,
      openMs: breaker.open,
      halfOpen: breaker.half_open,
      slowMs: breaker.slow,
    },
  };
}

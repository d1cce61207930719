import { accessSync, constants, existsSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { probeChannel } from '../../channels/probe.ts';
import { systemClock } from '../../clock.ts';
import { asTable } from '../../config/file.ts';
import { type ChannelConfig, type Config, databasePath, type GatewayConfig } from '../../config.ts';
import type { Inquiry } from '../../core/gateway.ts';
import { type DurationMs, SECOND_MS } from '../../core/time.ts';
import { ReconciledError } from '../../errors.ts';
import { gatewayKind } from '../../gateways/index.ts';
import { databaseId } from '../../store/sqlite/in-place.ts';
import { type Texts, textsOf } from '../../texts.ts';
import { originOf } from '../client.ts';
import { withReader } from '../opening.ts';
import { openSecretFiles } from './secret-files.ts';

/** One thing that was looked at. */
export interface Finding {
  /** What: `disk`, `gateway pg`. The same in every language. */
  readonly what: string;
  readonly verdict: 'ok' | 'warning' | 'trouble';
  readonly found: string;
  /** What to do about it; `null`: nothing. */
  readonly todo: string | null;
}

/** Looks at everything, from the inside to the outside. Changes nothing. */
export async function examine(config: Config): Promise<readonly Finding[]> {
  const texts = textsOf(config.locale);
  const { doctor } = texts;
  return [
    ok('configuration', doctor.configuration(config.file)),
    ...(config.gateways.length > 0
      ? []
      : [trouble('gateways', doctor.noGateway, doctor.noGatewayTodo)]),
    ...examineFolder(config, texts),
    ...examineSecrets(config, texts),
    await examineDatabase(config, texts),
    await examineDaemon(config, texts),
    ...(await Promise.all(config.gateways.map((one) => examineGateway(one, texts)))).flat(),
    ...(await Promise.all(config.channels.map((one) => examineChannel(one, texts)))),
  ];
}

function ok(what: string, found: string): Finding {
  return { what, verdict: 'ok', found, todo: null };
}

function warning(what: string, found: string, todo: string): Finding {
  return { what, verdict: 'warning', found, todo };
}

function trouble(what: string, found: string, todo: string): Finding {
  return { what, verdict: 'trouble', found, todo };
}

// ── This machine ────────────────────────────────────────────────────────────────────────────────────────────────────

/** With less the daemon may stop within the day: a write-ahead log alone grows to 64 MiB. */
const LOW_BYTES = 1_000_000_000;
const EMPTY_BYTES = 200_000_000;

/** A start makes half a dozen, and each day three for its report. */
const FEW_FILES = 1_000;
const NO_FILES = 20;

function examineFolder(config: Config, { doctor }: Texts): readonly Finding[] {
  const { dataDir } = config;
  const there = existsSync(dataDir) ? dataDir : nearestFolder(dataDir);
  const findings: Finding[] = [];
  if (!isWritable(there)) {
    findings.push(trouble('data_dir', doctor.folderLocked(there), doctor.folderLockedTodo(there)));
  } else {
    const found = there === dataDir ? doctor.folder(dataDir) : doctor.folderMissing(dataDir);
    findings.push(ok('data_dir', found));
  }
  const { bavail, bsize, files, ffree } = statfsSync(there);
  const freeBytes = bavail * bsize;
  const free = doctor.disk(`${(freeBytes / 1_000_000_000).toFixed(1)} GB`);
  if (freeBytes < EMPTY_BYTES) findings.push(trouble('disk', free, doctor.diskTodo));
  else if (freeBytes < LOW_BYTES) findings.push(warning('disk', free, doctor.diskTodo));
  else findings.push(ok('disk', free));
  // Many file systems count none: they make files for as long as there is room.
  if (files > 0 && ffree < FEW_FILES) {
    const found = doctor.files(ffree);
    findings.push(
      ffree < NO_FILES
        ? trouble('files', found, doctor.filesTodo)
        : warning('files', found, doctor.filesTodo),
    );
  }
  const path = databasePath(config);
  if (!existsSync(path)) return findings;
  // The folder hides what is in it, whatever the file itself allows.
  const isOpen = (statSync(dataDir).mode & 0o005) !== 0 && (statSync(path).mode & 0o004) !== 0;
  findings.push(
    isOpen
      ? warning('permissions', doctor.open(path), doctor.openTodo(path))
      : ok('permissions', doctor.secret),
  );
  return findings;
}

function examineSecrets({ file }: Config, { doctor }: Texts): readonly Finding[] {
  const open = file === null ? [] : openSecretFiles(file);
  return open.map((path) => warning('secrets', doctor.open(path), doctor.secretTodo(path)));
}

function nearestFolder(path: string): string {
  const above = dirname(path);
  return existsSync(above) || above === path ? above : nearestFolder(above);
}

function isWritable(path: string): boolean {
  try {
    accessSync(path, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function examineDatabase(config: Config, { doctor }: Texts): Promise<Finding> {
  try {
    const { orders } = await withReader(config, (reader) => reader.counts());
    const all = Object.values(orders).reduce((sum, count) => sum + count, 0);
    return ok('database', doctor.database(all));
  } catch (error) {
    if (!(error instanceof ReconciledError)) throw error;
    if (error.code === 'not_found') return ok('database', doctor.noDatabase);
    return trouble('database', error.message, error.hint);
  }
}

async function examineDaemon(config: Config, { doctor }: Texts): Promise<Finding> {
  const origin = originOf(config);
  const reply = await answerOf(`${origin}/readyz`);
  if (reply === null) return warning('daemon', doctor.noDaemon(origin), doctor.noDaemonTodo);
  if (!(await isOurs(origin, config)))
    return trouble('daemon', doctor.otherDaemon(origin), doctor.otherDaemonTodo);
  if (reply.ok) return ok('daemon', doctor.daemon(origin));
  return trouble('daemon', doctor.daemonNotReady(origin), doctor.daemonNotReadyTodo);
}

/** Whether it is a daemon of this database that answers. Who may not look at the database takes it for that. */
async function isOurs(origin: string, config: Config): Promise<boolean> {
  const id = databaseId(databasePath(config));
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const reply = await fetch(`${origin}/healthz`, { redirect: 'manual', signal });
    const { status, database } = asTable(await reply.json());
    return status === 'ok' && (id === null || database === id);
  } catch {
    return false;
  }
}

/** Whoever takes longer to answer anything at all is not there. */
const PATIENCE_MS: DurationMs = 5 * SECOND_MS;

async function answerOf(url: string): Promise<Response | null> {
  try {
    const signal = AbortSignal.timeout(PATIENCE_MS);
    const reply = await fetch(url, { redirect: 'manual', signal });
    await reply.body?.cancel();
    return reply;
  } catch {
    return null;
  }
}

// ── Gateways and channels ───────────────────────────────────────────────────────────────────────────────────────────

/** More and the ages of orders are wrong by as much; HTTP dates have whole seconds. */
const CLOCK_OFF_MS: DurationMs = 5 * SECOND_MS;

/** No gateway has it. */
const NOBODYS = 'reconciled-doctor';

async function examineGateway(
  { settings }: GatewayConfig,
  texts: Texts,
): Promise<readonly Finding[]> {
  const what = `gateway ${settings.name}`;
  const gateway = gatewayKind(settings.kind)?.connect(settings);
  if (gateway === undefined) return [];
  const { doctor, silences } = texts;
  const inquiry: Inquiry = {
    kind: 'inquire',
    gateway: settings.name,
    orderId: NOBODYS,
    userId: settings.userId === 'member' ? NOBODYS : settings.userId,
    keys: [NOBODYS],
    about: [],
    listAll: false,
  };
  const { exchanges } = await gateway.inquire(inquiry);
  await gateway.close();
  const [exchange] = exchanges;
  if (exchange?.result === 'answered') {
    return [ok(what, doctor.gateway(Math.round(exchange.durationMs))), ...(await examineClock())];
  }
  const cause = exchange?.result ?? 'internal';
  const { misconfigured, others } = doctor.gatewayTodo;
  const todo = cause === 'misconfigured' ? misconfigured : others;
  return [trouble(what, silences[cause], todo)];

  async function examineClock(): Promise<readonly Finding[]> {
    const sentAt = systemClock.now();
    const date = (await answerOf(settings.baseUrl))?.headers.get('date');
    const theirs = date === null || date === undefined ? Number.NaN : Date.parse(date);
    if (Number.isNaN(theirs)) return [];
    // It was written somewhere between our question and its answer, and has lost its fraction of a second.
    const receivedAt = systemClock.now();
    const offMs = Math.max(0, sentAt - (theirs + SECOND_MS), theirs - receivedAt);
    const found = doctor.clock(settings.name, (offMs / SECOND_MS).toFixed(0));
    return [offMs > CLOCK_OFF_MS ? warning('clock', found, doctor.clockTodo) : ok('clock', found)];
  }
}

async function examineChannel({ settings }: ChannelConfig, texts: Texts): Promise<Finding> {
  const what = `channel ${settings.name}`;
  const { doctor, deliveries } = texts;
  if (settings.kind === 'log') return ok(what, doctor.channelLog);
  const receipt = await probeChannel(settings);
  if (receipt.kind === 'delivered') return ok(what, doctor.channel(receipt.detail));
  const found = `${deliveries.failures[receipt.cause]} (${receipt.detail})`;
  return trouble(what, found, doctor.channelTodo(settings.name));
}

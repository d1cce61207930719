import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { dirname, join } from 'node:path';
import { systemClock } from '../../lib/clock.ts';
import { type Config, loadConfig } from '../../lib/config.ts';
import { firstLook } from '../../lib/core/questions.ts';
import { createApps, type Readiness } from '../../lib/http/app.ts';
import { listen } from '../../lib/http/listen.ts';
import type { Event } from '../../lib/observe/events.ts';
import { createMetrics } from '../../lib/observe/metrics.ts';
import { createReporting } from '../../lib/pools/reporting.ts';
import type { Store } from '../../lib/store/port.ts';
import { type FlowWorld, openFlowWorld } from '../support/flow-world.ts';
import { scratchDir } from '../support/scratch-dir.ts';

/** The HTTP interface on real sockets, in front of real flows and a real database; one tea stands in it. */
export interface Serving {
  readonly world: FlowWorld;
  readonly port: number;
  /** Where callbacks go: the same port unless a listener of their own is configured. */
  readonly callbackPort: number;
  readonly events: Event[];
  /** What /readyz is told. */
  readiness: Readiness;
  call(method: string, path: string, given?: Given): Promise<Reply>;
  close(): Promise<void>;
}

export interface Given {
  /** Sent as JSON, or as it is when it is a text or bytes. */
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  readonly port?: number;
  /** Without announcing a length. */
  readonly chunked?: boolean;
}

export interface Reply {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The JSON, or the text where it is none. */
  // biome-ignore lint/suspicious/noExplicitAny: tests look at whatever came
  readonly body: any;
}

interface ServingOptions {
  readonly token?: string;
  readonly http?: string;
  readonly requesting?: boolean;
  /** Puts something between the flows and the store. */
  readonly through?: (store: Store) => Store;
}

export async function openServing(options: ServingOptions = {}): Promise<Serving> {
  const { through } = options;
  const world = await openFlowWorld(through === undefined ? {} : { through });
  const { clock, store, daemon, events } = world;
  const config = configOf(options);
  const metrics = createMetrics({
    counts: () => store.reader.counts(),
    ready: async () => true,
    oldestDue: () => store.reader.oldestDue(),
    utilization: () => ({ asking: 0.5 }),
    now: () => clock.now(),
    gateways: config.gateways.map(({ settings }) => settings.name),
    channels: [],
  });
  const reporting = createReporting({
    database: world.path,
    folder: join(dirname(world.path), 'reports'),
    timezone: config.timezone,
    locale: config.locale,
    clock: systemClock,
    tell: (event) => events.push(event),
  });
  const { api, callbacks } = createApps({
    reporting,
    config,
    version: '0.1.0',
    databaseId: () => '66306-1835024',
    store,
    sweeping: daemon.sweeping,
    callbacks: daemon.callbacks,
    commands: daemon.commands,
    requesting: options.requesting === true ? daemon.requesting : null,
    clock,
    tell: (event) => {
      events.push(event);
      metrics.tell(event);
    },
    metricsText: () => metrics.text(),
    readiness: async () => serving.readiness,
    firstLook: (order, now) => firstLook(order, daemon.policy(), now),
  });
  const anyPort = { host: '127.0.0.1', port: 0 };
  const listeners = [await listen(api, anyPort, systemClock)];
  if (config.http.callbackListen !== null) {
    listeners.push(await listen(callbacks, anyPort, systemClock));
  }
  const port = listeners[0]?.address.port ?? 0;
  const serving: Serving = {
    world,
    port,
    callbackPort: listeners.at(-1)?.address.port ?? 0,
    events,
    readiness: { ready: true, checks: [] },
    call: (method, path, given = {}) => call(method, path, { port, ...given }),
    close: async () => {
      await Promise.all(listeners.map((listener) => listener.close(0)));
      await reporting.close();
      await world.close();
    },
  };
  return serving;
}

/** One request on a connection of its own. */
export function call(method: string, path: string, given: Given): Promise<Reply> {
  const { body, headers = {}, port = 0, chunked = false } = given;
  const isRaw = typeof body === 'string' || body instanceof Uint8Array;
  const bytes = body === undefined ? null : isRaw ? body : JSON.stringify(body);
  return new Promise((resolve, reject) => {
    const outgoing = request(
      {
        host: '127.0.0.1',
        port,
        method,
        path,
        agent: false,
        headers: {
          ...(bytes === null ? {} : { 'content-type': 'application/json' }),
          ...(bytes === null || chunked ? {} : { 'content-length': Buffer.byteLength(bytes) }),
          ...headers,
        },
      },
      (incoming) => {
        const chunks: Buffer[] = [];
        incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
        incoming.on('error', reject);
        incoming.on('end', () => {
          const text = Buffer.concat(chunks).toString();
          resolve({
            status: incoming.statusCode ?? 0,
            headers: incoming.headers,
            body: parsed(text),
          });
        });
      },
    );
    outgoing.on('error', reject);
    if (chunked) outgoing.flushHeaders();
    outgoing.end(bytes ?? undefined);
  });
}

/** An order of one tea for 5,000 won, made just now. */
export function anOrder(over: Readonly<Record<string, unknown>> = {}) {
  return {
    id: 'ORDER000001',
    memberId: 'member-7',
    currency: 'KRW',
    amount: 5_000,
    items: [{ productId: 'tea', quantity: 1, unitPrice: 5_000 }],
    payments: [{ method: 'CARD', amount: 5_000, transactionKey: null }],
    ...over,
  };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** Read from a real file, as a user writes it: cards go to `pg`, transfers to `bank`, and both could take points, `abroad` in dollars. */
function configOf({ token, http = '', requesting = false }: ServingOptions): Config {
  const dir = scratchDir('config');
  const file = join(dir.path, 'reconciled.toml');
  const gateway = (name: string, methods: string, currency = 'KRW') =>
    `[[gateway]]\nname = "${name}"\nkind = "pg-simulator"\nbase_url = "http://127.0.0.1:9/${name}"\nmethods = ${methods}\ncurrency = "${currency}"\ncallback_url = "http://localhost:8080/x"\n`;
  const gateways = [
    gateway('pg', '["CARD", "POINTS"]'),
    gateway('bank', '["TRANSFER", "POINTS"]'),
    gateway('abroad', '["POINTS"]', 'USD'),
  ];
  writeFileSync(file, `[http]\npayment_requests = ${requesting}\n${http}\n${gateways.join('')}`);
  try {
    return loadConfig({ file, env: token === undefined ? {} : { RECONCILED_API_TOKEN: token } });
  } finally {
    dir.remove();
  }
}

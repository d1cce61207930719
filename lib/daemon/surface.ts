import type { Clock } from '../clock.ts';
import { type Address, type Config, databasePath } from '../config.ts';
import { firstLook } from '../core/questions.ts';
import { type DurationMs, SECOND_MS } from '../core/time.ts';
import { createCommands } from '../flows/commands.ts';
import { createCallbacks, ringingIntake } from '../flows/intake.ts';
import type { Requesting, Stoppable } from '../flows/port.ts';
import { createRequesting } from '../flows/request.ts';
import { gatewayKind } from '../gateways/index.ts';
import type { CallbackReading } from '../gateways/port.ts';
import type { HttpDependencies } from '../http/app.ts';
import { type Answering, type Listener, listen } from '../http/listen.ts';
import type { Tell } from '../observe/events.ts';
import { databaseId } from '../store/sqlite/in-place.ts';
import { VERSION } from '../version.ts';
import type { Engine } from './engine.ts';

/** What others reach of a daemon. */
interface Surface extends Stoppable {
  readonly address: Address;
  /** `null`: callbacks come to `address`. */
  readonly callbackAddress: Address | null;
  /** Takes nothing new from here on; resolves when what was taken is answered or cut off. */
  close(): Promise<void>;
}

/** What the surface is given beside the engine below it. */
interface SurfaceSurroundings
  extends Pick<HttpDependencies, 'metricsText' | 'readiness' | 'reporting'> {
  readonly clock: Clock;
  readonly tell: Tell;
}

/** Requests that still run when the daemon stops are cut off after this. */
const GRACE_MS: DurationMs = 3 * SECOND_MS;

/**
 * Opens the HTTP interface.
 * @throws ReconciledError `port_in_use` or `configuration`, when an address cannot be listened on.
 */
export async function openSurface(
  config: Config,
  engine: Engine,
  surroundings: SurfaceSurroundings,
): Promise<Surface> {
  const { clock } = surroundings;
  const { createApps } = await import('../http/app.ts');
  const requesting = config.http.paymentRequests ? requests(engine, surroundings) : null;
  const { api, callbacks } = createApps(dependencies(config, engine, surroundings, requesting));
  const { listen: address, callbackListen } = config.http;
  await using undo = new AsyncDisposableStack();
  const opened: Listener[] = [];
  const open = async (app: Answering, at: Address) => {
    const listener = await listen(app, at, clock);
    opened.push(listener);
    undo.defer(() => listener.close(0));
    return listener.address;
  };
  const bound = await open(api, address);
  const callbackBound = callbackListen === null ? null : await open(callbacks, callbackListen);
  undo.move();
  return {
    address: bound,
    callbackAddress: callbackBound,
    close: async () => {
      await Promise.all(opened.map((listener) => listener.close(GRACE_MS)));
    },
    stop: async () => requesting?.stop(),
  };
}

function dependencies(
  config: Config,
  engine: Engine,
  { clock, tell, metricsText, readiness, reporting }: SurfaceSurroundings,
  requesting: Requesting | null,
): HttpDependencies {
  const { store, sweeping, pump, policy } = engine;
  return {
    config,
    version: VERSION,
    databaseId: () => databaseId(databasePath(config)),
    store: { ...store, intake: ringingIntake(store.intake, () => pump.nudged()) },
    sweeping,
    callbacks: createCallbacks({
      intake: store.intake,
      clock,
      tell,
      readers: readersOf(config),
      kept: () => pump.kept(),
    }),
    commands: createCommands({ docket: store.docket, clock, tell, policy }),
    requesting,
    clock,
    tell,
    metricsText,
    readiness,
    reporting,
    firstLook: (order, now) => firstLook(order, policy(), now),
  };
}

/** What reads a callback, by the name of its gateway. */
function readersOf({ gateways }: Config) {
  return new Map<string, (body: Uint8Array) => CallbackReading>(
    gateways.flatMap(({ settings: { name, kind } }) => {
      const known = gatewayKind(kind);
      return known === undefined ? [] : [[name, known.readCallback]];
    }),
  );
}

function requests(engine: Engine, { clock, tell }: SurfaceSurroundings): Requesting & Stoppable {
  const { store, asking, policy } = engine;
  return createRequesting({
    docket: store.docket,
    intake: store.intake,
    asking,
    clock,
    tell,
    policy,
  });
}

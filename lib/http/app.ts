import type { HttpBindings } from '@hono/node-server';
import { OpenAPIHono } from '@hono/zod-openapi';
import { type Context, Hono } from 'hono';
import { HTTPException } from 'hono/http-exception';
import type { Clock } from '../clock.ts';
import type { Config } from '../config.ts';
import type { Instant } from '../core/time.ts';
import { ReconciledError } from '../errors.ts';
import type { Callbacks, Commands, Requesting, Sweeping } from '../flows/port.ts';
import type { Tell } from '../observe/events.ts';
import type { Reporting } from '../report/port.ts';
import type { NewOrder, Store } from '../store/port.ts';
import { notJson, readJson } from './body.ts';
import { addCallbackRoute, CALLBACK_PATH, documentCallbacks, takeCallbacks } from './callbacks.ts';
import { addDeliveryRoutes } from './deliveries.ts';
import { addDocument } from './document.ts';
import { requireLocal, requireToken, secureHeaders } from './guard.ts';
import type { Take } from './listen.ts';
import { addOperationRoutes } from './operations.ts';
import { addOrderRoutes } from './orders.ts';
import { addPaymentRoutes } from './payments.ts';
import {
  fieldErrors,
  problemResponse,
  Refusal,
  type RefusalDetails,
  refusalOf,
  refusedFields,
} from './problem.ts';
import { addProductRoutes } from './products.ts';
import { addReportRoute } from './reports.ts';
import { addSweepRoutes } from './sweeps.ts';

/** All that the HTTP interface stands on. */
export interface HttpDependencies {
  readonly config: Config;
  readonly version: string;
  /** Which database is worked on, for commands that find it in use; `null`: nobody knows. */
  databaseId(): string | null;
  readonly store: Pick<Store, 'intake' | 'docket' | 'outbox' | 'reader'>;
  readonly sweeping: Sweeping;
  readonly callbacks: Callbacks;
  readonly commands: Commands;
  /** `null`: payment requests are off. */
  readonly requesting: Requesting | null;
  readonly clock: Clock;
  readonly tell: Tell;
  /** All metrics in the text format of Prometheus. */
  metricsText(): Promise<string>;
  readiness(): Promise<Readiness>;
  readonly reporting: Pick<Reporting, 'report' | 'page' | 'orders'>;
  /** When a new order is looked at for the first time. */
  firstLook(order: Omit<NewOrder, 'lookAt'>, now: Instant): Instant;
}

/** Whether the daemon does its work; each check says in a sentence what it found. */
export interface Readiness {
  readonly ready: boolean;
  readonly checks: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly text: string;
  }[];
}

/** What the adapter for Node tells each request about its connection. */
interface Environment {
  readonly Bindings: HttpBindings;
}

/** The routes for the shop, for people and for monitoring. */
export type Api = OpenAPIHono<Environment>;

/** Where gateways call. */
export type CallbackApp = Hono<Environment>;

/**
 * The two applications: `callbacks` takes nothing but callbacks, for a listener of its own; where none is configured `api`
 * takes them too. `take` is the short way for callbacks, for the listener of whichever takes them.
 */
export function createApps(dependencies: HttpDependencies): {
  api: Api & { readonly take?: Take };
  callbacks: CallbackApp & { readonly take: Take };
} {
  const { config, tell } = dependencies;
  const api: Api = new OpenAPIHono<Environment>({
    defaultHook: (result) => {
      if (result.success) return;
      const code = result.target === 'json' ? 'invalid' : 'malformed';
      throw refusedFields(code, fieldErrors(result.error));
    },
  });
  const callbacks: CallbackApp = new Hono<Environment>();
  addCallbackRoute(callbacks, dependencies);
  if (config.http.callbackListen === null) addCallbackRoute(api, dependencies);
  documentCallbacks(api, config.http.callbackListen);

  const { apiToken } = config.http;
  // Named one by one and not "*": a callback must not pay for what it does not need.
  for (const path of ['/v1/*', '/healthz', '/readyz', '/metrics', '/openapi.json']) {
    api.use(path, secureHeaders);
    if (apiToken === null) api.use(path, requireLocal);
  }
  if (apiToken !== null) api.use('/v1/*', requireToken(apiToken));
  api.use('/v1/*', readJson);
  addOrderRoutes(api, dependencies);
  addPaymentRoutes(api, dependencies);
  addProductRoutes(api, dependencies);
  addSweepRoutes(api, dependencies);
  addDeliveryRoutes(api, dependencies);
  addReportRoute(api, dependencies);
  addOperationRoutes(api, dependencies);
  addDocument(api, dependencies.version);

  for (const app of [api, callbacks]) {
    app.notFound((c) => notFound(app, c, app === api ? addressesFor(c.req.path) : {}));
    app.onError((error, c) => failed(error, c.req.method, routeOf(c), tell));
  }
  const take = takeCallbacks(dependencies, (error) => failed(error, 'POST', CALLBACK_PATH, tell));
  return {
    api: config.http.callbackListen === null ? Object.assign(api, { take }) : api,
    callbacks: Object.assign(callbacks, { take }),
  };
}

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'];

/**
 * What is said of an unknown path where the shop calls. The listener for callbacks has no such document, and tells whoever calls as little
 * as it can.
 */
function addressesFor(path: string): RefusalDetails {
  const isCallback = path.startsWith('/callbacks/');
  return { hint: isCallback ? ELSEWHERE : 'GET /openapi.json lists all addresses.' };
}

/** Also of a path that no listener takes, where they all go to one. */
const ELSEWHERE =
  'Callbacks go to /callbacks/{gateway}, and to the listener of http.callback_listen where that is set.';

/** Nothing was found for the path and method: tells apart an unknown path and a wrong method. */
function notFound(app: CallbackApp | Api, c: Context, known: RefusalDetails): Response {
  const { method, path } = c.req;
  const taken = METHODS.filter((candidate) =>
    app.router.match(candidate, path)[0].some(([[, route]]) => route.method === candidate),
  );
  if (taken.length === 0) {
    return problemResponse(new Refusal('not_found', 'There is nothing at this address.', known));
  }
  const allow = taken.flatMap((known) => (known === 'GET' ? ['GET', 'HEAD'] : [known])).join(', ');
  if (method === 'OPTIONS') return new Response(null, { status: 204, headers: { allow } });
  const detail = `This address takes ${allow}.`;
  return problemResponse(new Refusal('method_not_allowed', detail, { headers: { allow } }));
}

function failed(error: unknown, method: string, route: string, tell: Tell): Response {
  if (error instanceof Refusal) return problemResponse(error);
  if (error instanceof ReconciledError) return problemResponse(refusalOf(error));
  // The routes look at the content type of an empty body too, and take fewer spellings of it than `readJson`.
  if (error instanceof HTTPException && error.status === 415) return problemResponse(notJson());
  if (error instanceof HTTPException && error.status === 400) {
    return problemResponse(
      new Refusal('malformed', 'The request needs a JSON body.', {
        hint: 'Send the header content-type: application/json and a JSON object.',
      }),
    );
  }
  tell({ name: 'http.failed', method, route, error: describe(error) });
  return problemResponse(
    new Refusal('internal', 'Something went wrong in the daemon.', {
      hint: 'This is a bug in reconciled; the log tells more.',
    }),
  );
}

/** The route as it was registered, because a path may hold ids. */
function routeOf(c: Context): string {
  return c.req.matchedRoutes?.at(-1)?.path ?? 'unknown';
}

/** The kind of error and where it happened. Its message is left out: it may quote what was sent. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const place = error.stack?.split('\n').find((line) => /^\s+at /.test(line)) ?? '';
  return `${error.name}${place.replace(/^\s+/, ' ')}`;
}

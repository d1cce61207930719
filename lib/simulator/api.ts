import { type Context, Hono } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { ReconciledError } from '../errors.ts';
import {
  checkRequest,
  type FailureStatus,
  failureEnvelope,
  listingData,
  paymentData,
  successEnvelope,
  unknownKey,
  unknownOrder,
  WORDS,
} from './contract.ts';
import type { Delay } from './delay.ts';
import type { Behaviour } from './options.ts';
import type { Payments } from './payments.ts';
import { checkPreload, readPreload } from './preload.ts';
import type { Processing } from './processing.ts';
import type { Draw, Draws } from './random.ts';
import type { Traffic, Visit } from './traffic.ts';

/** What a request to the simulator works with. */
export interface Surroundings {
  readonly behaviour: Behaviour;
  readonly payments: Payments;
  readonly processing: Processing;
  readonly traffic: Traffic;
  readonly draws: Draws;
}

/** The connection of a request, as far as it matters here. */
interface Connection {
  readonly outgoing: { once(event: 'close', call: () => void): unknown };
}

type Bindings = Connection & { readonly visit: Visit };

type Call = Context<{ Bindings: Bindings }>;

/** Answers one request. */
type Fetch = (request: Request, connection: Connection) => Promise<Response>;

const PATH = '/api/v1/payments';

/** Where what the real one lacks is, when it is open. */
const ADMIN_PATH = '/__simulator';

/** The simulator's HTTP: the contract, and beside it what tests and benchmarks need. */
export function simulatorFetch(surroundings: Surroundings): Fetch {
  const { behaviour, traffic } = surroundings;
  const contract = contractApp(surroundings);
  const admin = behaviour.admin ? adminApp(surroundings) : null;
  return async (request, connection) => {
    if (admin !== null && new URL(request.url).pathname.startsWith(ADMIN_PATH)) {
      return admin.fetch(request, connection);
    }
    const visit = traffic.enter();
    const response = await contract.fetch(request, { outgoing: connection.outgoing, visit });
    visit.leave();
    return response;
  };
}

function contractApp(surroundings: Surroundings): Hono<{ Bindings: Bindings }> {
  const { payments } = surroundings;
  const app = new Hono<{ Bindings: Bindings }>();
  app.post(PATH, bodyLimit({ maxSize: MAX_REQUEST_BYTES }), (call) => pay(call, surroundings));
  app.get(PATH, (call) =>
    answerLookup(call, surroundings, 'lists', (userId) => {
      const orderId = call.req.query('orderId');
      if (orderId === undefined) return failure(call, 400, WORDS.noOrderId);
      call.env.visit.orderId = orderId;
      const found = payments.ofOrder(userId, orderId);
      if (found.length === 0) return failure(call, 404, unknownOrder(orderId));
      return call.json(successEnvelope(listingData(orderId, found)));
    }),
  );
  app.get(`${PATH}/:key`, (call) =>
    answerLookup(call, surroundings, 'lookups', (userId) => {
      const key = call.req.param('key');
      const payment = payments.find(userId, key);
      if (payment === undefined) return failure(call, 404, unknownKey(key));
      call.env.visit.orderId = payment.orderId;
      return call.json(successEnvelope(paymentData(payment)));
    }),
  );
  // Other methods on a known path end in the real one's handler for everything unexpected.
  app.all(PATH, (call) => failure(call, 500, WORDS.failure));
  app.all(`${PATH}/:key`, (call) => failure(call, 500, WORDS.failure));
  app.notFound((call) => failure(call, 404, WORDS.noRoute));
  app.onError((_error, call) => failure(call, 500, WORDS.failure));
  return app;
}

/** A payment request is a few hundred bytes. */
const MAX_REQUEST_BYTES = 64 * 1024;

async function pay(call: Call, surroundings: Surroundings): Promise<Response> {
  const { behaviour, draws, processing, traffic } = surroundings;
  traffic.counts.requests += 1;
  const userId = user(call);
  if (userId === null) return failure(call, 400, WORDS.noUser);
  if (!/^application\/json\b/i.test(call.req.header('content-type') ?? '')) {
    return failure(call, 500, WORDS.failure);
  }
  const checked = checkRequest(await call.req.json<unknown>().catch(() => null));
  if (typeof checked === 'string') return failure(call, 400, checked);
  const draw = draws.next('request', checked.orderId);
  // A client that hangs up meanwhile changes nothing: the payment is recorded all the same.
  await pause(call, behaviour, behaviour.delays.request, draw);
  if (draw('failure') < behaviour.failureRate) return failure(call, 500, WORDS.unstable);
  const { transactionKey, status } = processing.accept(checked, userId, draw);
  return call.json(successEnvelope({ transactionKey, status }));
}

/** What both kinds of GET have in common: the user, and the troubles that were ordered. */
async function answerLookup(
  call: Call,
  { behaviour, draws, traffic }: Surroundings,
  kind: 'lookups' | 'lists',
  answer: (userId: string) => Response,
): Promise<Response> {
  traffic.counts[kind] += 1;
  const userId = user(call);
  if (userId === null) return failure(call, 400, WORDS.noUser);
  const { lookupFailureRate, lookupSilenceRate, delays } = behaviour;
  const smooth = delays.lookup === null && lookupFailureRate === 0 && lookupSilenceRate === 0;
  // At full speed nothing is drawn and nothing waited for.
  if (smooth) return answer(userId);
  const draw = draws.next(kind, call.req.path + (call.req.query('orderId') ?? ''));
  if (draw('silence') < lookupSilenceRate) {
    await hangUp(call);
    return failure(call, 500, WORDS.failure);
  }
  await pause(call, behaviour, delays.lookup, draw);
  if (draw('failure') < lookupFailureRate) return failure(call, 500, WORDS.failure);
  return answer(userId);
}

/** Header values are bytes; other scripts than Latin come as UTF-8. */
function user(call: Call): string | null {
  const value = call.req.header('x-user-id');
  return value === undefined ? null : Buffer.from(value, 'latin1').toString('utf8');
}

function failure(call: Call, status: FailureStatus, message: string): Response {
  return call.json(failureEnvelope(status, message), status);
}

function pause(call: Call, { clock }: Behaviour, delay: Delay, draw: Draw): Promise<void> | null {
  if (delay === null) return null;
  const { outgoing, visit } = call.env;
  // From then on the request is not in flight any more, although the real one would not notice either.
  outgoing.once('close', visit.leave);
  return new Promise((resolve) => {
    clock.after(delay(draw), resolve);
  });
}

/** Resolves when the client gives up. */
function hangUp(call: Call): Promise<void> {
  const { outgoing, visit } = call.env;
  return new Promise((resolve) => {
    outgoing.once('close', () => {
      visit.leave();
      resolve();
    });
  });
}

function adminApp(surroundings: Surroundings): Hono<{ Bindings: Connection }> {
  const { behaviour, payments, processing, traffic, draws } = surroundings;
  const app = new Hono<{ Bindings: Connection }>().basePath(ADMIN_PATH);
  app.post('/payments', bodyLimit({ maxSize: MAX_PRELOAD_BYTES }), async (call) => {
    try {
      const checked = checkPreload(readPreload(await call.req.text()), behaviour.clock);
      const taken = checked.find(({ transactionKey }) => payments.has(transactionKey));
      if (taken !== undefined) {
        return call.json({ error: `There is a payment ${taken.transactionKey} already.` }, 409);
      }
      for (const payment of checked) payments.record(payment);
      return call.json({ preloaded: checked.length });
    } catch (error) {
      if (!(error instanceof ReconciledError)) throw error;
      return call.json({ error: error.message, hint: error.hint }, 400);
    }
  });
  app.get('/stats', (call) => call.json(traffic.stats()));
  app.get('/payments', (call) => call.json(payments.all().map(({ cardNo: _, ...rest }) => rest)));
  app.post('/reset', (call) => {
    processing.reset();
    payments.clear();
    traffic.reset();
    draws.reset();
    return call.json({ reset: true });
  });
  return app;
}

/** Some hundred thousand payments at once. */
const MAX_PRELOAD_BYTES = 64 * 1024 * 1024;

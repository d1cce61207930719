import { type MessagePort, parentPort } from 'node:worker_threads';
import type { Answer, Question } from '../lib/core/gateway.ts';
import { loadAgent } from '../lib/gateways/http.ts';
import { gatewayKind } from '../lib/gateways/index.ts';
import type { Asked, Gateway, GatewaySettings, RequestOutcome } from '../lib/gateways/port.ts';
import type { AskTask, Chunk, Feeding, Reply, RequestTask } from '../lib/pools/messages.ts';

/** Asks about each order that comes, several at once, and posts each answer in the turn of the event loop that it is heard in. */
export function ask({ gateway, first, port }: AskTask): Promise<number> {
  const peer = connected(gateway);
  const { promise: ended, resolve, reject } = Promise.withResolvers<number>();
  const { post, flush } = poster(port);
  const left: (readonly [at: number, questions: readonly Question[]])[] = [];
  let came = 0;
  let lanes = 0;
  const giveBack = () => {
    if (left.length > 0) post({ kind: 'returned', at: left.splice(0).map(([at]) => at) });
  };
  // Whoever is done with an order has the next one at hand: nobody waits for the main thread in between.
  const lane = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [at, questions] = next;
      const asked: Asked<Answer>[] = [];
      for (const question of questions) asked.push(await askOne(peer, question));
      const exchanges = asked.flatMap((one) => one.exchanges);
      post({ kind: 'heard', at, answers: asked.map((one) => one.outcome), exchanges });
      if (exchanges.some(({ result }) => result !== 'answered')) giveBack();
    }
    lanes -= 1;
    if (lanes === 0) end();
  };
  const take = (chunk: Chunk) => {
    for (const questions of chunk.orders) {
      left.push([came, questions]);
      came += 1;
    }
    while (lanes < chunk.lanes && left.length > 0) {
      lanes += 1;
      lane().catch(reject);
    }
  };
  const feed = (feeding: Feeding) => (feeding === 'give_back' ? giveBack() : take(feeding));
  const end = () => {
    port.off('message', feed);
    flush();
    resolve(came);
  };
  port.on('message', feed);
  take(first);
  return ended;
}

/** Posts replies, those of one turn of the event loop as one message, because a message costs as much as an answer. */
function poster(port: MessagePort) {
  let replies: Reply[] = [];
  const flush = () => {
    if (replies.length > 0) port.postMessage(replies);
    replies = [];
  };
  const post = (reply: Reply) => {
    replies.push(reply);
    if (replies.length === 1) setImmediate(flush);
  };
  return { post, flush };
}

/** Sends one payment request. */
export async function request({ gateway, request }: RequestTask): Promise<Asked<RequestOutcome>> {
  const peer = connected(gateway);
  if (peer.request !== undefined) return peer.request(request);
  return { outcome: { kind: 'not_reached', cause: 'unsupported' }, exchanges: [] };
}

async function askOne(peer: Gateway, question: Question): Promise<Asked<Answer>> {
  if (question.kind === 'inquire') return peer.inquire(question);
  if (peer.refund !== undefined) return peer.refund(question);
  return { outcome: { kind: 'silent', cause: 'internal' }, exchanges: [] };
}

const peers = new Map<string, Gateway>();

/** One connection pool for each gateway and thread. */
function connected(settings: GatewaySettings): Gateway {
  const known = peers.get(settings.name);
  if (known !== undefined) return known;
  const peer = gatewayKind(settings.kind)?.connect(settings);
  if (peer === undefined) throw new Error(`this thread knows no gateway of kind ${settings.kind}`);
  peers.set(settings.name, peer);
  return peer;
}

// The first question must not wait for code that could have been loaded before it. The pool marks its first threads as ready
// before they are, so they say it themselves. No `await` here: the one binary has these lines in a script.
void loadAgent().then(() => parentPort?.postMessage('ready'));

import { parentPort, workerData } from 'node:worker_threads';
import type { Answer, Question } from '../lib/core/gateway.ts';
import { gatewayKind } from '../lib/gateways/index.ts';
import type { Asked, Gateway, RequestOutcome } from '../lib/gateways/port.ts';
import type { AskTask, Reply, RequestTask, ThreadSettings } from '../lib/pools/messages.ts';

/** Asks about each order of the task, several at once, and posts each answer when it is heard. */
export async function ask({ gateway, orders, lanes, returnAfterMs, port }: AskTask): Promise<void> {
  const peer = connected(gateway);
  const left = [...orders.entries()];
  const post = (reply: Reply) => port.postMessage(reply);
  const giveBack = () => {
    if (left.length > 0) post({ kind: 'returned', at: left.splice(0).map(([at]) => at) });
  };
  const late = orders.length > lanes ? setTimeout(giveBack, returnAfterMs) : undefined;
  const lane = async () => {
    for (let next = left.shift(); next !== undefined; next = left.shift()) {
      const [at, questions] = next;
      const asked: Asked<Answer>[] = [];
      for (const question of questions) asked.push(await askOne(peer, question));
      const exchanges = asked.flatMap((one) => one.exchanges);
      post({ kind: 'heard', at, answers: asked.map((one) => one.outcome), exchanges });
      if (exchanges.some(({ result }) => result !== 'answered')) giveBack();
    }
  };
  await Promise.all(Array.from({ length: lanes }, lane));
  clearTimeout(late);
}

/** Sends one payment request. */
export async function request({ request }: RequestTask): Promise<Asked<RequestOutcome>> {
  const peer = connected(request.gateway);
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
function connected(name: string): Gateway {
  const known = peers.get(name);
  if (known !== undefined) return known;
  const settings = configured().find((gateway) => gateway.name === name);
  const peer = settings && gatewayKind(settings.kind)?.connect(settings);
  if (peer === undefined) throw new Error(`gateway ${name} is not known in this thread`);
  peers.set(name, peer);
  return peer;
}

/** What the thread was given; nothing where this file is loaded outside of one. */
function configured(): ThreadSettings['gateways'] {
  const given: ThreadSettings | null = workerData;
  return given?.gateways ?? [];
}

// The first question must not wait for code that could have been loaded before it.
for (const { name } of configured()) connected(name);

// The pool marks its first threads as ready before they are.
parentPort?.postMessage('ready');

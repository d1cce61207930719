import type { IncomingMessage, ServerResponse } from 'node:http';
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { type Address, formatAddress } from '../config.ts';
import { ReconciledError } from '../errors.ts';
import type { CallbackOutcome } from '../flows/port.ts';
import type { CallbackFlaw } from '../gateways/port.ts';
import type { Api, CallbackApp, HttpDependencies } from './app.ts';
import { Gathered, isEncoded, MAX_CALLBACK_BYTES, readBytes, tooLarge } from './body.ts';
import type { Take } from './listen.ts';
import { ANY_PROBLEMS, passingProblem, problem, Refusal } from './problem.ts';

/** Where gateways call. */
export const CALLBACK_PATH = '/callbacks/:gateway';

const ACCEPTED = JSON.stringify({ status: 'accepted' });

/** One object for all replies: nothing about them differs. */
const ACCEPTED_HEADERS = {
  'content-type': 'application/json',
  'content-length': String(Buffer.byteLength(ACCEPTED)),
};

/**
 * Takes a gateway's callback, where `takeCallbacks` has left it. The 200 goes out after the notice is durable; everything that a repeat
 * could mend is a 503, because some gateways send again. What becomes of a callback is told by the flow; only a body that
 * never gets there is told here.
 */
export function addCallbackRoute(app: CallbackApp | Api, dependencies: HttpDependencies): void {
  const { callbacks, clock, config, tell } = dependencies;
  const known = new Set(config.gateways.map(({ settings }) => settings.name));

  app.post(CALLBACK_PATH, async (c: Context) => {
    const gateway = c.req.param('gateway') ?? '';
    // Who calls may be anybody: what is configured is not said, and an unknown name becomes no metric.
    if (!known.has(gateway)) throw unknownGateway();
    const startedMs = clock.monotonicMs();
    const body = await readBytes(c, MAX_CALLBACK_BYTES).catch((error: unknown) => {
      const durationMs = clock.monotonicMs() - startedMs;
      const isTooLarge = error instanceof Refusal && error.code === 'too_large';
      const cause = isTooLarge ? 'too_large' : 'cut_off';
      tell({ name: 'callback.received', gateway, outcome: 'invalid', cause, durationMs });
      throw error;
    });
    const refusal = refusalOfOutcome(
      await callbacks
        .receive(gateway, body, () => isCompressed(c.req.header('content-encoding'), body))
        .catch((error: unknown) => {
          throw refusalOfFailure(error);
        }),
    );
    if (refusal !== null) throw refusal;
    return new Response(ACCEPTED, { status: 200, headers: ACCEPTED_HEADERS });
  });
}

/**
 * The same for the callbacks that gateways really send, those to the exact address, but without a web Request and Response: they
 * cost as much as the callback. All others are left to the route. `failed` makes the reply to whatever went wrong.
 */
export function takeCallbacks(
  { callbacks, clock, config, tell }: HttpDependencies,
  failed: (error: unknown) => Response,
): Take {
  const gateways = new Map(
    config.gateways.map(({ settings: { name } }) => [
      CALLBACK_PATH.replace(':gateway', () => name),
      name,
    ]),
  );
  const refuse = async (outgoing: ServerResponse, error: unknown) => {
    const { status, headers, body } = failed(error);
    outgoing.writeHead(status, Object.fromEntries(headers));
    for await (const chunk of body ?? []) outgoing.write(chunk);
    outgoing.end();
  };
  const answer = (
    gateway: string,
    body: Uint8Array,
    incoming: IncomingMessage,
    outgoing: ServerResponse,
  ) => {
    const encoded = () => isCompressed(incoming.headers['content-encoding'], body);
    return callbacks.receive(gateway, body, encoded).then(
      (received) => {
        const refusal = refusalOfOutcome(received);
        if (refusal !== null) return refuse(outgoing, refusal);
        // All of it is ASCII, and this is the encoding that costs least.
        outgoing.writeHead(200, ACCEPTED_HEADERS).end(ACCEPTED, 'latin1');
        return;
      },
      (error) => refuse(outgoing, refusalOfFailure(error)),
    );
  };
  return (incoming: IncomingMessage, outgoing: ServerResponse) => {
    const gateway = incoming.method === 'POST' ? gateways.get(incoming.url ?? '') : undefined;
    if (gateway === undefined) return false;
    const startedMs = clock.monotonicMs();
    const invalid = (cause: CallbackFlaw) => {
      const durationMs = clock.monotonicMs() - startedMs;
      tell({ name: 'callback.received', gateway, outcome: 'invalid', cause, durationMs });
    };
    const body = new Gathered();
    let size = 0;
    // Counted, whatever length was announced: nothing else needs the headers, and Node makes an object of them only when asked.
    incoming.on('data', (chunk: Buffer) => {
      const isTooLarge = size > MAX_CALLBACK_BYTES;
      size += chunk.byteLength;
      if (size <= MAX_CALLBACK_BYTES) body.add(chunk);
      else if (!isTooLarge) {
        invalid('too_large');
        void refuse(outgoing, tooLarge(MAX_CALLBACK_BYTES));
      }
    });
    incoming.on('end', () => {
      if (size <= MAX_CALLBACK_BYTES) void answer(gateway, body.bytes(), incoming, outgoing);
    });
    incoming.on('close', () => {
      // The caller went away, or sent so slowly that it was cut off: nobody reads a reply.
      if (!incoming.complete && size <= MAX_CALLBACK_BYTES) invalid('cut_off');
    });
    return true;
  };
}

/** Puts the route into the document; `listener` is where it is when it is not beside the others. */
export function documentCallbacks(api: Api, listener: Address | null): void {
  api.openAPIRegistry.registerPath({
    method: 'post',
    path: '/callbacks/{gateway}',
    operationId: 'receiveCallback',
    tags: ['callbacks'],
    summary: 'Take a callback from a gateway',
    description:
      'Makes the daemon ask the gateway sooner; it decides nothing by itself, so that a forged one does no harm. It is kept before the 200. An order that is not there yet is waited for, 24 hours; when 10,000 callbacks of a gateway wait, further ones are dropped and counted.',
    security: [],
    ...(listener === null ? {} : { servers: [{ url: `http://${formatAddress(listener)}` }] }),
    request: {
      params: z.object({
        gateway: z
          .string()
          .openapi({ description: 'Its name in the configuration.', example: 'pg' }),
      }),
      body: {
        required: true,
        description:
          'As the gateway sends it. Unknown fields are ignored; nothing of it is kept but key and order id.',
        content: {
          'application/json': {
            schema: z.looseObject({
              transactionKey: z.string().optional(),
              orderId: z.string().optional(),
              status: z.string().optional(),
            }),
            example: {
              transactionKey: '20250816:TR:9577c5',
              orderId: 'ORDER000001',
              status: 'SUCCESS',
            },
          },
        },
      },
    },
    responses: {
      200: {
        description: 'It is kept.',
        content: {
          'application/json': { schema: z.object({ status: z.literal('accepted') }) },
        },
      },
      400: problem(
        'It names neither a key nor an order, is no JSON or compressed, or has more than 1,000 values.',
      ),
      404: problem('No gateway of that name is configured.'),
      413: problem('It has more than 64 KiB.'),
      ...ANY_PROBLEMS,
      503: passingProblem('It could not be kept. Send it again.'),
    },
  });
}

/** As its header says, or as gzip begins: there are proxies that forget the header. */
function isCompressed(encoding: string | undefined, body: Uint8Array): boolean {
  return isEncoded(encoding) || (body[0] === 0x1f && body[1] === 0x8b);
}

/** `null`: it is kept. */
function refusalOfOutcome(received: CallbackOutcome): Refusal | null {
  switch (received.kind) {
    case 'kept':
    case 'duplicate':
      return null;
    case 'dropped':
      return full();
    case 'invalid':
      return unreadable(received.problem);
    case 'unknown_gateway':
      return unknownGateway();
  }
}

function unknownGateway(): Refusal {
  return new Refusal('gateway_unknown', 'No gateway of that name is configured.');
}

function unreadable(what: string): Refusal {
  return new Refusal('malformed', `The callback cannot be read: ${what}.`);
}

/** They are matched as fast as the gateway can be asked. */
function full(): Refusal {
  return new Refusal('waiting_full', 'Too many callbacks are not matched with their orders yet.', {
    headers: { 'retry-after': '60' },
  });
}

/** What is wrong with the database is told in the log, not to whoever calls. */
function refusalOfFailure(error: unknown): unknown {
  if (!(error instanceof ReconciledError)) return error;
  return new Refusal(error.code, 'The callback could not be kept. Send it again.', {
    headers: { 'retry-after': '5' },
  });
}

import assert from 'node:assert/strict';
import { createRoute, z } from '@hono/zod-openapi';
import { toIso } from '../clock.ts';
import { ORDER_STATES } from '../core/order.ts';
import { REASONS } from '../core/reason.ts';
import { ReconciledError } from '../errors.ts';
import type { CommandOutcome } from '../flows/port.ts';
import type { JournalRow, OrderView, Page, Reader } from '../store/port.ts';
import type { Api, HttpDependencies } from './app.ts';
import { answer, jsonBody } from './bodies.ts';
import { after, closed, count, limit, NO_QUERY, oneOf, storedPaymentId, words } from './forms.ts';
import { completeOrder, newOrderSchema } from './order-reading.ts';
import { orderBody, orderSchema, pageSchema } from './order-view.ts';
import {
  BODY_PROBLEMS,
  COMMON_PROBLEMS,
  problem,
  Refusal,
  refusedFields,
  refusedRepeat,
} from './problem.ts';

/** Orders: told by the shop, read by anybody, and ended by a person where the daemon cannot. */
export function addOrderRoutes(api: Api, dependencies: HttpDependencies): void {
  const { store, clock, commands, config, tell, firstLook } = dependencies;

  api.openapi(createOrderRoute, async (c) => {
    const now = clock.now();
    const rules = { gateways: config.gateways, now, firstLook };
    const reading = completeOrder(c.req.valid('json'), rules);
    if (reading.kind === 'invalid') throw refusedFields('invalid', reading.errors);
    const { order } = reading;
    const [outcome] = await store.intake.createOrders([order], now);
    assert(outcome !== undefined, 'one outcome for one order');
    switch (outcome.kind) {
      case 'created':
        tell({ name: 'order.created', orderId: order.id });
        break;
      case 'same':
        break;
      case 'differs':
        throw refusedRepeat(
          `Order ${order.id}`,
          outcome.fields,
          `GET /v1/orders/${order.id} shows it. An order's content never changes; another order needs another id.`,
        );
      case 'forgotten':
        throw new Refusal(
          'conflict',
          `Order ${order.id} was settled long ago and removed as old.`,
          {
            hint: 'Its id stays taken (keep_orders). Another order needs another id.',
          },
        );
      case 'unknown_product':
        throw unknownProduct(
          order.items.map(({ productId }) => productId).indexOf(outcome.productId),
        );
      case 'conflict':
        throw conflictWhere(outcome.where);
    }
    const body = orderBody(await theOrder(store.reader, order.id));
    if (outcome.kind === 'same') return c.json(body, 200);
    return c.json(body, 201, { location: `/v1/orders/${order.id}` });
  });

  api.openapi(getOrderRoute, async (c) => {
    const { id: orderId } = c.req.valid('param');
    return c.json(orderBody(await theOrder(store.reader, orderId)), 200);
  });

  api.openapi(listOrdersRoute, async (c) => {
    const { state = null, reason = null, after: cursor = null, limit: most } = c.req.valid('query');
    const page = await readPage(store.reader.orders({ state, reason, after: cursor, limit: most }));
    return c.json({ items: page.items.map(orderBody), next: page.next }, 200);
  });

  api.openapi(journalRoute, async (c) => {
    const { id: orderId } = c.req.valid('param');
    const { after: cursor, limit: most } = c.req.valid('query');
    await theOrder(store.reader, orderId);
    const page = await readPage(store.reader.journal(orderId, sequence(cursor), most));
    return c.json({ items: page.items.map(journalBody), next: page.next }, 200);
  });

  api.openapi(resolveRoute, async (c) => {
    const { id: orderId } = c.req.valid('param');
    const { state, paymentId = null, note, by, version = null } = c.req.valid('json');
    if (paymentId !== null && state !== 'completed') {
      const hint = 'Only `completed` names the payment that is accepted.';
      throw refusedFields('invalid', [{ field: 'paymentId', message: 'not wanted here', hint }]);
    }
    const command = { state, paymentId, note, by, version };
    const outcome = await commands.resolve(orderId, command);
    return c.json(orderBody(settledView(outcome, noOrder(orderId))), 200);
  });
}

/** The view after a person's command. @throws Refusal when it was not done. */
export function settledView(outcome: CommandOutcome, missing: Refusal): OrderView {
  switch (outcome.kind) {
    case 'done':
    case 'same':
      return outcome.view;
    case 'not_found':
      throw missing;
    case 'conflict': {
      const { problem, field } = outcome;
      const errors = field === null ? [] : [{ field, message: problem, hint: null }];
      throw new Refusal('conflict', `Refused: ${problem}.`, { errors });
    }
  }
}

/** The order. @throws Refusal when there is none. */
export async function theOrder(reader: Reader, orderId: string): Promise<OrderView> {
  const view = await reader.order(orderId);
  if (view === null) throw noOrder(orderId);
  return view;
}

function noOrder(orderId: string): Refusal {
  return new Refusal('not_found', `There is no order ${shown(orderId)}.`);
}

/** A page of the store. @throws Refusal naming `after` when the store cannot read that. */
export async function readPage<T>(reading: Promise<Page<T>>): Promise<Page<T>> {
  try {
    return await reading;
  } catch (error) {
    if (error instanceof ReconciledError && error.code === 'invalid') throw badCursor();
    throw error;
  }
}

/** A place in a list that is counted. @throws Refusal naming `after` when it is no such place. */
function sequence(cursor: string | undefined): number {
  if (cursor === undefined) return 0;
  const place = Number(cursor);
  if (!/^\d{1,16}$/.test(cursor) || !Number.isSafeInteger(place)) throw badCursor();
  return place;
}

/** Says of two things which is the other's already; the store begins with the field. */
export function conflictWhere(where: string): Refusal {
  const [, field = 'body', message = where] = /^([\w[\].]+): (.*)$/.exec(where) ?? [];
  return refusedFields('conflict', [{ field, message, hint: null }]);
}

/** An id from a path as it may be said back: what is no id of ours is not repeated. */
export function shown(written: string): string {
  return /^[A-Za-z0-9_-]{1,64}$/.test(written) ? written : 'of that id';
}

function badCursor(): Refusal {
  const hint = 'Write what the page before said as `next`.';
  return refusedFields('malformed', [
    { field: 'after', message: 'not the `next` of a page', hint },
  ]);
}

function unknownProduct(index: number): Refusal {
  return refusedFields('invalid', [
    {
      field: `items[${index}].productId`,
      message: 'there is no such product',
      hint: 'PUT /v1/products/{id} with its name and count first.',
    },
  ]);
}

function journalBody(row: JournalRow): z.infer<typeof journalRowSchema> {
  const { record } = row;
  const person = 'by' in record ? { by: record.by, note: record.note } : {};
  return {
    seq: row.seq,
    version: row.version,
    at: toIso(row.at),
    kind: record.kind,
    reason: row.reason,
    ...person,
    record: { ...record },
  };
}

const orderPath = z.object({ id: z.string().openapi({ example: 'ORDER000001' }) });

const noSuchOrder = problem('There is no such order.');

const createOrderRoute = createRoute({
  method: 'post',
  path: '/v1/orders',
  operationId: 'createOrder',
  tags: ['orders'],
  summary: 'Tell the daemon of an order',
  description:
    'Idempotent by id: the same again is a 200, other content under the same id a 409. The order is looked at when it is ten minutes old (`sweep.stale_after`).',
  security: [{ bearer: [] }],
  request: {
    query: NO_QUERY,
    body: jsonBody(newOrderSchema),
  },
  responses: {
    200: answer('It was stored before; as it is now.', orderSchema),
    201: {
      ...answer('It is stored.', orderSchema),
      headers: { Location: { description: 'Where it reads.', schema: { type: 'string' } } },
    },
    ...COMMON_PROBLEMS,
    ...BODY_PROBLEMS,
    409: problem('Its id is taken with other content, or a payment belongs to another order.'),
  },
});

const getOrderRoute = createRoute({
  method: 'get',
  path: '/v1/orders/{id}',
  operationId: 'getOrder',
  tags: ['orders'],
  summary: 'Read an order',
  security: [{ bearer: [] }],
  request: { params: orderPath, query: NO_QUERY },
  responses: {
    200: answer('The order.', orderSchema),
    ...COMMON_PROBLEMS,
    400: problem('There is a parameter, and it takes none.'),
    404: noSuchOrder,
  },
});

const listOrdersRoute = createRoute({
  method: 'get',
  path: '/v1/orders',
  operationId: 'listOrders',
  tags: ['orders'],
  summary: 'List orders, oldest first',
  security: [{ bearer: [] }],
  request: {
    query: closed({
      state: oneOf(ORDER_STATES).optional(),
      reason: oneOf(REASONS).optional(),
      after: after(),
      limit: limit(),
    }),
  },
  responses: {
    200: answer('A page.', pageSchema(orderSchema, 'OrderPage')),
    ...COMMON_PROBLEMS,
    400: problem('A parameter is wrong; `errors` names it.'),
  },
});

const journalRowSchema = z
  .object({
    seq: z.int(),
    version: z.int().openapi({ description: 'The version of the order that this made.' }),
    at: z.string().openapi({ format: 'date-time' }),
    kind: z.enum([
      'created',
      'payment_added',
      'decided',
      'requested',
      'resolved',
      'refund_recorded',
    ]),
    reason: z.enum(REASONS).nullable(),
    by: z.string().optional().openapi({ description: 'The person, where a person did it.' }),
    note: z.string().nullable().optional(),
    record: z.looseObject({}).openapi({
      description:
        'All that the decision was made from, as it is stored: times in milliseconds since 1970. Fields may be added.',
    }),
  })
  .openapi('JournalRow');

const journalRoute = createRoute({
  method: 'get',
  path: '/v1/orders/{id}/journal',
  operationId: 'getJournal',
  tags: ['orders'],
  summary: 'Read why an order is as it is, oldest first',
  security: [{ bearer: [] }],
  request: { params: orderPath, query: closed({ after: after(), limit: limit() }) },
  responses: {
    200: answer('A page.', pageSchema(journalRowSchema, 'JournalPage')),
    ...COMMON_PROBLEMS,
    400: problem('A parameter is wrong; `errors` names it.'),
    404: noSuchOrder,
  },
});

const resolveRoute = createRoute({
  method: 'post',
  path: '/v1/orders/{id}/resolve',
  operationId: 'resolveOrder',
  tags: ['orders'],
  summary: 'End a hold',
  description:
    'A person decides. `completed` names the accepted payment and takes the stock; `failed` makes every payment that was last found captured refund_due; `pending` lets the daemon go on.',
  security: [{ bearer: [] }],
  request: {
    params: orderPath,
    query: NO_QUERY,
    body: jsonBody(
      closed({
        state: oneOf(['pending', 'completed', 'failed']),
        paymentId: storedPaymentId('ORDER000001-1').nullable().optional().openapi({
          description: 'The accepted payment, with `completed`.',
        }),
        note: words(500, 'The bank confirmed it by telephone.'),
        by: words(100, 'kim@shop.example'),
        version: count(1).optional().openapi({
          description: 'Refused with 409 unless the order has this version.',
        }),
      }).openapi('Resolve', {
        example: {
          state: 'completed',
          paymentId: 'ORDER000001-1',
          note: 'The bank confirmed it by telephone.',
          by: 'kim@shop.example',
        },
      }),
    ),
  },
  responses: {
    200: answer('As it is now.', orderSchema),
    ...COMMON_PROBLEMS,
    ...BODY_PROBLEMS,
    404: noSuchOrder,
    409: problem(
      'The order is not held, has another version, the payment cannot be accepted, or the stock does not suffice.',
    ),
  },
});

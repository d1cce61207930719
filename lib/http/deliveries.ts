import { createRoute, z } from '@hono/zod-openapi';
import { DELIVERY_STATES } from '../core/delivery.ts';
import type { Delivery } from '../store/outbox-port.ts';
import type { Api, HttpDependencies } from './app.ts';
import { answer } from './bodies.ts';
import { deliveryBody, deliverySchema } from './delivery-view.ts';
import { after, closed, limit, NO_QUERY, oneOf, text } from './forms.ts';
import { pageSchema } from './order-view.ts';
import { readPage } from './orders.ts';
import { COMMON_PROBLEMS, problem, Refusal, WRITE_PROBLEMS } from './problem.ts';

/** Notifications: what is on its way, what arrived and what was given up; and once more, please. */
export function addDeliveryRoutes(api: Api, { store, clock }: HttpDependencies): void {
  const { reader, outbox } = store;

  api.openapi(listDeliveriesRoute, async (c) => {
    const {
      state = null,
      channel = null,
      after: cursor = null,
      limit: most,
    } = c.req.valid('query');
    const page = await readPage(reader.deliveries({ state, channel, after: cursor, limit: most }));
    return c.json({ items: page.items.map(deliveryBody), next: page.next }, 200);
  });

  api.openapi(getDeliveryRoute, async (c) =>
    c.json(deliveryBody(await theDelivery(c.req.valid('param').id)), 200),
  );

  api.openapi(retryDeliveryRoute, async (c) => {
    const { id } = await theDelivery(c.req.valid('param').id);
    const [outcome] = await outbox.retry([id], clock.now());
    const { state, channel, ...rest } = await theDelivery(String(id));
    if (outcome === 'not_dead') {
      throw new Refusal('conflict', `It is not dead but ${state}.`, {
        hint: 'Only what was given up can be sent again.',
      });
    }
    if (outcome === 'no_channel') {
      throw new Refusal('conflict', `There is no channel ${channel} any more.`, {
        hint: `Configure a channel named ${channel}, or leave it dead.`,
      });
    }
    return c.json(deliveryBody({ state, channel, ...rest }), 200);
  });

  async function theDelivery(written: string): Promise<Delivery> {
    const id = /^\d{1,15}$/.test(written) ? Number(written) : null;
    const delivery = id === null ? null : await reader.delivery(id);
    if (delivery === null) {
      throw new Refusal('not_found', 'There is no such delivery.', {
        hint: 'GET /v1/deliveries lists them.',
      });
    }
    return delivery;
  }
}

const oneDelivery = { params: z.object({ id: z.string().openapi({ example: '17' }) }) };

const listDeliveriesRoute = createRoute({
  method: 'get',
  path: '/v1/deliveries',
  operationId: 'listDeliveries',
  tags: ['deliveries'],
  summary: 'List notifications, newest first',
  security: [{ bearer: [] }],
  request: {
    query: closed({
      state: oneOf(DELIVERY_STATES).optional(),
      channel: text(32, 'ops').optional(),
      after: after(),
      limit: limit(),
    }),
  },
  responses: {
    200: answer('A page.', pageSchema(deliverySchema, 'DeliveryPage')),
    ...COMMON_PROBLEMS,
    400: problem('A parameter is wrong; `errors` names it.'),
  },
});

const getDeliveryRoute = createRoute({
  method: 'get',
  path: '/v1/deliveries/{id}',
  operationId: 'getDelivery',
  tags: ['deliveries'],
  summary: 'Read a notification',
  security: [{ bearer: [] }],
  request: { ...oneDelivery, query: NO_QUERY },
  responses: {
    200: answer('The delivery.', deliverySchema),
    ...COMMON_PROBLEMS,
    400: problem('There is a parameter, and it takes none.'),
    404: problem('There is no such delivery.'),
  },
});

const retryDeliveryRoute = createRoute({
  method: 'post',
  path: '/v1/deliveries/{id}/retry',
  operationId: 'retryDelivery',
  tags: ['deliveries'],
  summary: 'Send a dead notification again',
  description: 'It is due at once, with all its time before it, and keeps its key.',
  security: [{ bearer: [] }],
  request: { ...oneDelivery, query: NO_QUERY },
  responses: {
    200: answer('It is due.', deliverySchema),
    ...COMMON_PROBLEMS,
    ...WRITE_PROBLEMS,
    404: problem('There is no such delivery.'),
    409: problem('It is not dead, or its channel is not configured any more.'),
  },
});

import { createRoute, z } from '@hono/zod-openapi';
import type { Config } from '../config.ts';
import type { AddPaymentOutcome, NewPayment } from '../store/port.ts';
import type { Api, HttpDependencies } from './app.ts';
import { answer, jsonBody } from './bodies.ts';
import { amount, closed, flag, id, instant, NO_QUERY, oneOf, says, text, words } from './forms.ts';
import {
  gatewayOf,
  tooFarAhead,
  transactionKeySchema,
  unserved,
  wrongAmount,
} from './order-reading.ts';
import { orderBody, orderSchema } from './order-view.ts';
import { conflictWhere, settledView, shown, theOrder } from './orders.ts';
import {
  BODY_PROBLEMS,
  COMMON_PROBLEMS,
  type FieldError,
  problem,
  Refusal,
  refusedFields,
  refusedRepeat,
} from './problem.ts';

/** Payments of an order: further attempts, attempts that the daemon makes itself, and refunds made by hand. */
export function addPaymentRoutes(api: Api, dependencies: HttpDependencies): void {
  const { store, clock, commands, config, requesting } = dependencies;

  api.openapi(addPaymentRoute, async (c) => {
    const { id: orderId } = c.req.valid('param');
    const body = c.req.valid('json');
    const isRequest = c.req.valid('query').request === 'true';
    if (isRequest && requesting === null) throw requestsAreOff();
    const now = clock.now();
    const errors = [
      ...misplaced(body, isRequest),
      ...unserved('', body, config.gateways),
      ...tooFarAhead('requestedAt', body.requestedAt ?? now, now),
    ];
    if (errors.length > 0) throw refusedFields('invalid', errors);
    const { currency } = (await theOrder(store.reader, orderId)).order;
    const gateway = gatewayOf({ ...body, currency }, config.gateways);
    if (isRequest) {
      const wrong = otherCurrency(gateway, currency, config.gateways);
      if (wrong.length > 0) throw refusedFields('invalid', wrong);
    }
    const payment: NewPayment = {
      id: body.id,
      gateway,
      method: body.method,
      amount: body.amount,
      transactionKey: body.transactionKey ?? null,
      // A look must not take a request that is on its way for one that left no trace long ago.
      requestedAt: isRequest ? now : (body.requestedAt ?? now),
      ...(body.gateway === undefined ? { routed: true } : {}),
    };
    const outcome =
      isRequest && requesting !== null && body.request !== undefined
        ? await requesting.request(orderId, payment, body.request)
        : await store.intake.addPayment(orderId, payment, now, 'recorded');
    const isSame = isRepeat(outcome, orderId);
    const view = orderBody(await theOrder(store.reader, orderId));
    if (isSame) return c.json(view, 200);
    return c.json(view, isRequest ? 202 : 201, { location: `/v1/orders/${orderId}` });
  });

  api.openapi(refundedRoute, async (c) => {
    const { id: paymentId } = c.req.valid('param');
    const outcome = await commands.recordRefund(paymentId, c.req.valid('json'));
    return c.json(orderBody(settledView(outcome, noPayment(paymentId))), 200);
  });
}

function noPayment(paymentId: string): Refusal {
  return new Refusal('not_found', `There is no payment ${shown(paymentId)}.`, {
    hint: 'It is not the id of the order: `reconciled explain ORDER` and GET /v1/orders/{id} name the payments.',
  });
}

/** True when the payment was recorded before. @throws Refusal when it is not recorded. */
function isRepeat(outcome: AddPaymentOutcome, orderId: string): boolean {
  switch (outcome.kind) {
    case 'created':
      return false;
    case 'same':
      return true;
    case 'not_found':
      throw new Refusal('not_found', `There is no order ${shown(orderId)}.`);
    case 'differs':
      throw refusedRepeat(
        'A payment of that id',
        outcome.fields,
        `GET /v1/orders/${shown(orderId)} shows it. Another attempt needs another id.`,
      );
    case 'too_many':
      throw new Refusal('conflict', 'The order has as many payments as one may have.');
    case 'busy':
      throw new Refusal(
        'conflict',
        'The order is not pending, or another of its payments is not resolved yet.',
        { hint: `GET /v1/orders/${shown(orderId)} shows what it waits for.` },
      );
    case 'wrong_amount':
      throw refusedFields('invalid', wrongAmount('amount', Number.NaN, outcome.due));
    case 'conflict':
      throw conflictWhere(outcome.where);
  }
}

function requestsAreOff(): Refusal {
  return new Refusal('payment_requests_off', 'This daemon requests no payments.', {
    hint: 'Set http.payment_requests = true to let it: card numbers then pass through this machine.',
  });
}

type Body = z.output<typeof newPaymentSchema>;

/** What belongs to the one kind of attempt and not to the other. */
function misplaced(body: Body, isRequest: boolean): readonly FieldError[] {
  const wrong = (field: string, message: string, hint: string) => [{ field, message, hint }];
  if (!isRequest) {
    return [
      ...(body.request === undefined
        ? []
        : wrong(
            'request',
            'not wanted here',
            'Add ?request=true to the address to let the daemon request it.',
          )),
      ...(body.transactionKey === undefined
        ? wrong('transactionKey', 'missing', 'Write the key that the gateway gave, or null.')
        : []),
    ];
  }
  return [
    ...(body.request === undefined
      ? wrong('request', 'missing', 'Write {"cardType": …, "cardNo": …}.')
      : []),
    ...(body.transactionKey === undefined || body.transactionKey === null
      ? []
      : wrong('transactionKey', 'not wanted here', 'The gateway gives it when it is asked.')),
  ];
}

/** What a gateway is asked for is a number: where it takes it for another currency, the charge would be of another amount. */
function otherCurrency(
  chosen: string | null,
  currency: string,
  gateways: Config['gateways'],
): readonly FieldError[] {
  const gateway = gateways.find(({ settings }) => settings.name === chosen)?.settings;
  if (gateway === undefined || gateway.currency === currency) return [];
  const message = `${gateway.name} takes ${gateway.currency}, and the order is in ${currency}`;
  const hint = "Name a gateway whose `currency` is the order's.";
  return [{ field: 'gateway', message, hint }];
}

const notACard = says('a card number in the form 0000-0000-0000-0000', '"0000-0000-0000-0000"');

/** The form of pg-simulator, the only kind of gateway that takes requests from us. What is written is never said back. */
const cardSchema = closed({
  cardType: oneOf(['SAMSUNG', 'KB', 'HYUNDAI']),
  cardNo: z
    .string({ error: notACard })
    .regex(/^\d{4}-\d{4}-\d{4}-\d{4}$/, { error: notACard })
    .openapi({ description: 'Passed on to the gateway; never stored, never logged.' }),
}).openapi('Card');

const newPaymentSchema = closed({
  id: id('ORDER000001-2'),
  gateway: id('pg').optional(),
  method: id('CARD'),
  amount: amount().openapi({ description: "The order's amount.", example: 5000 }),
  transactionKey: transactionKeySchema.optional().openapi({
    description: 'What the gateway calls it, or null. Left out only with ?request=true.',
  }),
  requestedAt: instant('Now when it is left out, and always with ?request=true.').optional(),
  request: cardSchema.optional().openapi({ description: 'Only with ?request=true.' }),
}).openapi('NewPayment', {
  example: {
    id: 'ORDER000001-2',
    method: 'CARD',
    amount: 5000,
    transactionKey: '20250816:TR:9577c6',
  },
});

const orderLocation = {
  Location: { description: 'Where the order reads.', schema: { type: 'string' } },
} as const;

const addPaymentRoute = createRoute({
  method: 'post',
  path: '/v1/orders/{id}/payments',
  operationId: 'addPayment',
  tags: ['payments'],
  summary: 'Record a further attempt, or let the daemon make one',
  description:
    'Idempotent by id, in any state of the order: on a final one the attempt is watched, and refunded if it captures. With `request=true` (off unless http.payment_requests is set) the daemon requests the payment at the gateway, after it is stored.',
  security: [{ bearer: [] }],
  request: {
    params: z.object({ id: z.string().openapi({ example: 'ORDER000001' }) }),
    query: closed({ request: flag('Request it at the gateway.') }),
    body: jsonBody(newPaymentSchema),
  },
  responses: {
    200: answer('It was recorded before; the order as it is now.', orderSchema),
    201: { ...answer('It is recorded.', orderSchema), headers: orderLocation },
    202: {
      ...answer('It is recorded and will be requested.', orderSchema),
      headers: orderLocation,
    },
    ...COMMON_PROBLEMS,
    ...BODY_PROBLEMS,
    403: problem(
      'Payment requests are off, or no token is configured and a web page of another site sent it.',
    ),
    404: problem('There is no such order.'),
    409: problem('Its id or key is taken, in this order too, or the order takes no request now.'),
  },
});

const refundedRoute = createRoute({
  method: 'post',
  path: '/v1/payments/{id}/refunded',
  operationId: 'recordRefund',
  tags: ['payments'],
  summary: 'Record a refund that was made by hand',
  description: 'Only of a payment that is refund_due. Idempotent by reference.',
  security: [{ bearer: [] }],
  request: {
    params: z.object({ id: z.string().openapi({ example: 'ORDER000001-1' }) }),
    query: NO_QUERY,
    body: jsonBody(
      closed({
        reference: text(200, 'R-2026-0001').openapi({
          description: 'The receipt of the refund.',
        }),
        note: words(500, 'Refunded in the console of the gateway.'),
        by: words(100, 'kim@shop.example'),
      }).openapi('Refunded'),
    ),
  },
  responses: {
    200: answer('The order as it is now.', orderSchema),
    ...COMMON_PROBLEMS,
    ...BODY_PROBLEMS,
    404: problem('There is no such payment.'),
    409: problem('The payment is not refund_due, or was refunded under another reference.'),
  },
});

import { z } from '@hono/zod-openapi';
import { TIES } from '../report/report.ts';
import { SETTLED_BY } from '../store/port.ts';

const sum = {
  count: z.int(),
  amount: z.int().openapi({ description: 'In the minor unit of the currency.' }),
};

const sumSchema = z.object(sum);

const orderStates = z.object({
  pending: sumSchema,
  completed: sumSchema,
  failed: sumSchema,
  held: sumSchema,
});

const paymentStates = z.object({
  pending: sumSchema,
  succeeded: sumSchema,
  failed: sumSchema,
  refund_due: sumSchema,
  refunded: sumSchema,
});

const origin = z.object({ completed: sumSchema, failed: sumSchema, total: sumSchema });

const currencySchema = z.object({
  currency: z.string().openapi({ example: 'KRW' }),
  total: sumSchema,
  states: orderStates,
  reasons: z.array(z.object({ ...sum, state: z.string(), reason: z.string().nullable() })),
  gateways: z
    .array(
      z.object({
        gateway: z.string().nullable(),
        total: sumSchema,
        states: paymentStates,
        refundDue: z.int(),
      }),
    )
    .openapi({ description: 'Payments, not orders: an order can have several.' }),
  hours: z.array(z.object({ hour: z.int(), states: orderStates })),
  settled: z
    .object({ sweep: origin, callback: origin, request: origin, person: origin })
    .openapi({ description: `Final orders by what made them so: ${SETTLED_BY.join(', ')}.` }),
});

const tieSchema = z.object({
  what: z.enum(TIES),
  currency: z.string().nullable(),
  sides: z.array(z.object({ of: z.string(), count: z.int(), amount: z.int().nullable() })),
  equal: z.boolean(),
});

const length = z.number().nullable();

/** A daily report as the OpenAPI document describes it. */
export const reportSchema = z
  .object({
    from: z.string().openapi({ example: '2026-11-23' }),
    to: z.string().openapi({ example: '2026-11-23' }),
    timezone: z.string().openapi({ example: 'Asia/Seoul' }),
    begins: z.string().openapi({ format: 'date-time' }),
    ends: z.string().openapi({ format: 'date-time' }),
    madeAt: z.string().openapi({ format: 'date-time' }),
    complete: z.boolean().openapi({ description: 'false: the day is not over.' }),
    orders: z.int(),
    currencies: z.array(currencySchema),
    timeToSettle: z.object({ orders: z.int(), medianMs: length, p95Ms: length, maxMs: length }),
    open: z.object({
      held: z.array(
        z.object({
          ...sum,
          currency: z.string(),
          reason: z.string().nullable(),
          oldestAt: z.string(),
        }),
      ),
      refundsOwed: z.array(
        z.object({ ...sum, currency: z.string(), gateway: z.string().nullable() }),
      ),
    }),
    stock: z.object({
      products: z.int(),
      pieces: z.int(),
      most: z.array(z.object({ id: z.string(), name: z.string(), pieces: z.int() })),
    }),
    deadDeliveries: z.array(z.object({ channel: z.string(), count: z.int(), inReport: z.int() })),
    tiesOut: z.boolean().openapi({
      description: 'false: orders, journal, payments, stock or counters contradict each other.',
    }),
    differences: z.array(tieSchema),
    ties: z.array(tieSchema).openapi({ description: 'Everything that was compared.' }),
  })
  .openapi('Report');

import { z } from '@hono/zod-openapi';
import { suggestion } from '../config/closest.ts';
import type { Config } from '../config.ts';
import { MAX_ITEMS, MAX_PAYMENTS } from '../core/decision.ts';
import { type DurationMs, type Instant, MINUTE_MS } from '../core/time.ts';
import type { NewOrder, NewPayment } from '../store/port.ts';
import { amount, closed, count, currency, id, instant, orderId, says, text } from './forms.ts';
import { type FieldError, fieldErrors } from './problem.ts';

/** A shop's clock may be ahead of ours by this much; an order from further on is a mistake. */
const MAX_AHEAD_MS: DurationMs = 5 * MINUTE_MS;

/** Pieces in one item: more is a mistake, and the sum over all items stays a safe number. */
const MAX_QUANTITY = 1_000_000_000;

/** A key as the gateway gave it: of no particular form. */
export const transactionKeySchema = text(200, '20250816:TR:9577c5')
  .nullable()
  .openapi({ description: 'What the gateway calls it; null: it never told.' });

const itemSchema = closed({
  productId: id('tea'),
  quantity: count(1, MAX_QUANTITY),
  unitPrice: amount(),
});

const paymentSchema = closed({
  id: id('ORDER000001-1').optional().openapi({
    description: "The order's id with -1, -2 … when it is left out.",
  }),
  gateway: id('pg').optional().openapi({
    description:
      "A configured gateway; the first one that serves the method, in the order's currency if any does, when it is left out.",
  }),
  method: id('CARD'),
  amount: amount(),
  transactionKey: transactionKeySchema,
  requestedAt: instant("The order's createdAt when it is left out.").optional(),
});

/** An order as the shop sends it. */
export const newOrderSchema = closed({
  id: orderId().openapi({
    description: "The gateway's order id too, used as it is.",
    example: 'ORDER000001',
  }),
  memberId: id('member-7'),
  currency: currency(),
  amount: amount().openapi({
    description: 'What one payment has to capture, in the minor unit of the currency.',
    example: 5000,
  }),
  items: z
    .array(itemSchema, { error: says(`a list of up to ${MAX_ITEMS} items`, '[]') })
    .max(MAX_ITEMS, {
      error: `has more than ${MAX_ITEMS} items`,
    }),
  payments: z
    .array(paymentSchema, { error: says(`a list of up to ${MAX_PAYMENTS} payments`, '[]') })
    .max(MAX_PAYMENTS, { error: `has more than ${MAX_PAYMENTS} payments` }),
  createdAt: instant('At most five minutes ahead; now when it is left out.').optional(),
}).openapi('NewOrder', {
  example: {
    id: 'ORDER000001',
    memberId: 'member-7',
    currency: 'KRW',
    amount: 5000,
    items: [{ productId: 'tea', quantity: 1, unitPrice: 5000 }],
    payments: [{ method: 'CARD', amount: 5000, transactionKey: '20250816:TR:9577c5' }],
  },
});

/** What a new order depends on beside what was sent. */
export interface OrderRules {
  readonly gateways: Config['gateways'];
  readonly now: Instant;
  firstLook(order: Omit<NewOrder, 'lookAt'>, now: Instant): Instant;
}

/** An order that may be stored, or every field of it that is wrong. */
type OrderReading =
  | { readonly kind: 'order'; readonly order: NewOrder }
  | { readonly kind: 'invalid'; readonly errors: readonly FieldError[] };

/** Reads an order from outside: what the HTTP interface takes and what the import takes is the same. */
export function readOrder(value: unknown, rules: OrderRules): OrderReading {
  const read = newOrderSchema.safeParse(value);
  if (!read.success) return { kind: 'invalid', errors: fieldErrors(read.error) };
  return completeOrder(read.data, rules);
}

/** Fills in what may be left out and checks what no single field shows. */
export function completeOrder(
  body: z.output<typeof newOrderSchema>,
  rules: OrderRules,
): OrderReading {
  const createdAt = body.createdAt ?? rules.now;
  const payments = body.payments.map(
    (payment, index): NewPayment => ({
      id: payment.id ?? `${body.id}-${index + 1}`,
      gateway: gatewayOf({ ...payment, currency: body.currency }, rules.gateways),
      method: payment.method,
      amount: payment.amount,
      transactionKey: payment.transactionKey,
      requestedAt: payment.requestedAt ?? createdAt,
      ...(payment.gateway === undefined ? { routed: true } : {}),
    }),
  );
  const errors = [
    ...tooFarAhead('createdAt', createdAt, rules.now),
    ...body.payments.flatMap((payment, index) => {
      const at = `payments[${index}]`;
      return [
        ...wrongAmount(`${at}.amount`, payment.amount, body.amount),
        ...unserved(at, payment, rules.gateways),
        ...tooFarAhead(`${at}.requestedAt`, payment.requestedAt ?? rules.now, rules.now),
      ];
    }),
    ...repeated(payments),
  ];
  if (errors.length > 0) return { kind: 'invalid', errors };
  const order: Omit<NewOrder, 'lookAt'> = {
    id: body.id,
    memberId: body.memberId,
    currency: body.currency,
    amount: body.amount,
    items: body.items,
    payments,
    createdAt,
    ...(body.createdAt === undefined ? { undated: true } : {}),
  };
  return { kind: 'order', order: { ...order, lookAt: rules.firstLook(order, rules.now) } };
}

interface Routed {
  readonly gateway?: string | undefined;
  readonly method: string;
}

/**
 * The gateway that a payment goes to; `null`: none serves its method. One that is asked for another currency knows nothing of the
 * payment, and each of them would wait for a person.
 */
export function gatewayOf(
  { gateway, method, currency }: Routed & { readonly currency: string },
  gateways: Config['gateways'],
): string | null {
  const serving = gateways.filter(({ methods }) => methods.includes(method));
  const chosen =
    gateway === undefined
      ? (serving.find(({ settings }) => settings.currency === currency) ?? serving[0])
      : serving.find(({ settings }) => settings.name === gateway);
  return chosen?.settings.name ?? null;
}

/** Why no gateway takes the payment: said of its gateway or of its method. */
export function unserved(
  at: string,
  { gateway, method }: Routed,
  gateways: Config['gateways'],
): readonly FieldError[] {
  const isServed = gateways.some(
    ({ settings: { name }, methods }) =>
      methods.includes(method) && (gateway === undefined || name === gateway),
  );
  if (isServed) return [];
  const prefix = at === '' ? '' : `${at}.`;
  const named = gateways.find(({ settings }) => settings.name === gateway);
  if (gateway !== undefined && named === undefined) {
    const names = gateways.map(({ settings }) => settings.name);
    const hint = suggestion(gateway, names);
    return [{ field: `${prefix}gateway`, message: 'no gateway of that name is configured', hint }];
  }
  const served = new Set(
    (named === undefined ? gateways : [named]).flatMap(({ methods }) => methods),
  );
  const who = named === undefined ? 'no configured gateway serves' : 'the gateway does not serve';
  const hint = `Served are ${[...served].join(', ')}.`;
  return [{ field: `${prefix}method`, message: `${who} this method`, hint }];
}

/** One payment pays the whole order. */
export function wrongAmount(field: string, given: number, due: number): readonly FieldError[] {
  if (given === due) return [];
  return [
    {
      field,
      message: "not the order's amount",
      hint: `One payment pays the whole order: write ${due}.`,
    },
  ];
}

/** A moment that lies further ahead than clocks differ. */
export function tooFarAhead(field: string, given: Instant, now: Instant): readonly FieldError[] {
  if (given <= now + MAX_AHEAD_MS) return [];
  const hint = "It may be at most five minutes ahead of the daemon's clock.";
  return [{ field, message: 'lies in the future', hint }];
}

function repeated(payments: readonly NewPayment[]): readonly FieldError[] {
  const ids = new Set<string>();
  const keys = new Set<string>();
  return payments.flatMap((payment, index): FieldError[] => {
    const key = JSON.stringify([payment.gateway, payment.transactionKey]);
    const wrong = [
      ...(ids.has(payment.id) ? ['id'] : []),
      ...(payment.transactionKey !== null && keys.has(key) ? ['transactionKey'] : []),
    ];
    ids.add(payment.id);
    keys.add(key);
    return wrong.map((name) => ({
      field: `payments[${index}].${name}`,
      message: 'another payment of this order has it already',
      hint: 'Each payment has its own.',
    }));
  });
}

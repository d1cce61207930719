import * as z from 'zod';
import { type Clock, fromIso } from '../clock.ts';
import { MAX_AMOUNT_MINOR } from '../core/money.ts';
import { ReconciledError } from '../errors.ts';
import { CARD_TYPES, type GatewayPayment, STATUSES } from './payments.ts';

/** A payment to start with; what is left out gets a default. `createdAt`: ISO 8601 or milliseconds, may lie in the past. */
export type PreloadedPayment = z.input<typeof schema>;

const schema = z.strictObject({
  transactionKey: z.string().min(1).max(200),
  orderId: z.string().min(1).max(200),
  userId: z.string().min(1).max(200),
  cardType: z.enum(CARD_TYPES).default('SAMSUNG'),
  cardNo: z
    .string()
    .regex(/^\d{4}-\d{4}-\d{4}-\d{4}$/, 'must be xxxx-xxxx-xxxx-xxxx')
    .default('1234-5678-9814-1451'),
  amount: z.int().min(0).max(MAX_AMOUNT_MINOR),
  /** A PENDING one stays so for ever, as after a restart of the simulator. */
  status: z.enum(STATUSES),
  reason: z.string().nullable().default(null),
  createdAt: z.union([z.int(), z.string()]).optional(),
});

/** Mistakes told in one report; more would only scroll by. */
const MAX_PROBLEMS = 20;

/** Checks payments to start with. Throws a `ReconciledError` that names every one that is off, by its number. */
export function checkPreload(values: readonly unknown[], clock: Clock): readonly GatewayPayment[] {
  const problems: string[] = [];
  const payments: GatewayPayment[] = [];
  const numbers = new Map<string, number>();
  values.forEach((value, index) => {
    const number = index + 1;
    const parsed = schema.safeParse(value);
    if (!parsed.success) {
      const first = parsed.error.issues[0];
      problems.push(`payment ${number}: ${first?.path.join('.') ?? ''} ${first?.message ?? ''}`);
      return;
    }
    const { createdAt, ...payment } = parsed.data;
    const instant = typeof createdAt === 'string' ? fromIso(createdAt) : createdAt;
    const earlier = numbers.get(payment.transactionKey);
    if (instant === null) problems.push(`payment ${number}: createdAt is not ISO 8601`);
    if (earlier !== undefined) {
      problems.push(`payment ${number}: transactionKey is that of payment ${earlier}`);
    }
    numbers.set(payment.transactionKey, number);
    payments.push({ ...payment, createdAt: instant ?? clock.now() });
  });
  if (problems.length > 0) throw refusal(problems);
  return payments;
}

/** Reads payments to start with: one JSON object a line, or one JSON array. */
export function readPreload(text: string): readonly unknown[] {
  const whole = tryParse(text);
  if (Array.isArray(whole)) return whole;
  const problems: string[] = [];
  const values: unknown[] = [];
  text.split('\n').forEach((line, index) => {
    if (line.trim() === '') return;
    const value = tryParse(line);
    if (value === undefined) problems.push(`line ${index + 1}: not JSON`);
    values.push(value);
  });
  if (problems.length > 0) throw refusal(problems);
  return values;
}

function tryParse(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return value;
  } catch {
    return undefined;
  }
}

function refusal(problems: readonly string[]): ReconciledError {
  const shown = problems.slice(0, MAX_PROBLEMS);
  const rest = problems.length - shown.length;
  const more = rest === 0 ? [] : [`and ${rest} more`];
  return new ReconciledError(
    'invalid',
    `The payments to start with are off:\n  ${[...shown, ...more].join('\n  ')}`,
    {
      hint: 'One JSON object a line: {"transactionKey":"20250816:TR:9577c5","orderId":"ORDER000001","userId":"1","amount":5000,"status":"SUCCESS"}',
    },
  );
}

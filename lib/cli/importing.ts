import { isDeepStrictEqual } from 'node:util';
import type { z } from 'zod';
import { systemClock } from '../clock.ts';
import { asTable } from '../config/file.ts';
import { type Config, requireGateways } from '../config.ts';
import { isDeeplyNested, MAX_NESTING } from '../core/nesting.ts';
import { firstLook } from '../core/questions.ts';
import { ReconciledError } from '../errors.ts';
import { policyOf } from '../flows/policy.ts';
import { closed, count, id, text } from '../http/forms.ts';
import { type OrderRules, readOrder } from '../http/order-reading.ts';
import { type FieldError, fieldErrors, otherContent } from '../http/problem.ts';
import {
  type CreateOutcome,
  type Intake,
  MAX_PIECES,
  type NewOrder,
  type Product,
} from '../store/port.ts';
import type { Client, Reply } from './client.ts';
import { linesOf, MAX_LINE_BYTES } from './lines.ts';
import { withStore } from './opening.ts';

/** What became of one line. */
export type Outcome =
  | { readonly kind: 'created' | 'updated' | 'same' }
  | { readonly kind: 'bad'; readonly problem: string };

/** A line as JSON, or why it is none. */
export type Reading =
  | { readonly kind: 'json'; readonly value: unknown }
  | { readonly kind: 'bad'; readonly problem: string };

/** Stores a batch of lines; the outcomes are in the order of the lines. Rejects only when nothing more can be stored. */
export type Storing = (readings: readonly Reading[]) => Promise<readonly Outcome[]>;

/** Lines that are stored together. */
interface Batch {
  readonly lines: readonly { readonly number: number; readonly reading: Reading }[];
  /** Where the last of them ends in the file, in bytes. */
  readonly end: number;
}

/** Orders in one commit: enough to share an fsync, few enough that the bar moves. */
const MAX_LINES = 500;

/** The lines of a batch are in memory together. */
const MAX_CHARACTERS = 4 * 1024 * 1024;

/** The lines of a stream in batches, read only as fast as they are stored. */
export async function* batchesOf(stream: AsyncIterable<Uint8Array>): AsyncGenerator<Batch> {
  let lines: Batch['lines'][number][] = [];
  let characters = 0;
  let end = 0;
  for await (const line of linesOf(stream)) {
    const { number, text: written, problem } = line;
    end = line.end;
    characters += written?.length ?? 0;
    lines.push({
      number,
      reading: written === null ? { kind: 'bad', problem: problem ?? '' } : readJson(written),
    });
    if (lines.length < MAX_LINES && characters < MAX_CHARACTERS) continue;
    yield { lines, end };
    lines = [];
    characters = 0;
  }
  if (lines.length > 0) yield { lines, end };
}

/** What is quoted from the line would perhaps be a card number: only the place is told. */
function readJson(written: string): Reading {
  if (isDeeplyNested(written)) {
    return { kind: 'bad', problem: `nested more than ${MAX_NESTING} deep` };
  }
  try {
    return { kind: 'json', value: JSON.parse(written) };
  } catch (error) {
    const place = /at position (\d+)/.exec(error instanceof Error ? error.message : '')?.[1];
    const where = place === undefined ? '' : ` (at character ${Number(place) + 1})`;
    return { kind: 'bad', problem: `not JSON${where}` };
  }
}

/** Opens the store for `work`, creates it if need be, and closes it afterwards. */
export async function storeHere(
  config: Config,
  what: 'orders' | 'products',
  work: (storing: Storing) => Promise<void>,
): Promise<void> {
  if (what === 'orders') requireGateways(config);
  const policy = policyOf(config, []);
  const rules = (): OrderRules => ({
    gateways: config.gateways,
    now: systemClock.now(),
    firstLook: (order, now) => firstLook(order, policy, now),
  });
  await withStore(config, 'create', ({ intake }) =>
    work(what === 'orders' ? orderStoring(intake, rules) : productStoring(intake)),
  );
}

function orderStoring(intake: Intake, rules: () => OrderRules): Storing {
  return async (readings) => {
    const ruled = rules();
    const orders: NewOrder[] = [];
    // Each line is a bad one, or the place of its order in the batch.
    const places = readings.map((reading): Outcome | number => {
      if (reading.kind === 'bad') return reading;
      const read = readOrder(reading.value, ruled);
      return read.kind === 'order' ? orders.push(read.order) - 1 : bad(read.errors);
    });
    const outcomes = await intake.createOrders(orders, ruled.now);
    return places.map((place) =>
      typeof place === 'number' ? orderOutcome(orders[place]?.id ?? '', outcomes[place]) : place,
    );
  };
}

function orderOutcome(orderId: string, outcome: CreateOutcome | undefined): Outcome {
  switch (outcome?.kind) {
    case 'created':
    case 'same':
      return { kind: outcome.kind };
    case 'differs':
      return {
        kind: 'bad',
        problem: `order ${orderId} is stored already, ${otherContent(outcome.fields)}`,
      };
    case 'forgotten':
      return {
        kind: 'bad',
        problem: `order ${orderId} was settled long ago and removed as old; its id stays taken`,
      };
    case 'unknown_product':
      return {
        kind: 'bad',
        problem: `there is no product ${outcome.productId}; import the products first`,
      };
    case 'conflict':
      return { kind: 'bad', problem: outcome.where };
    case undefined:
      return { kind: 'bad', problem: 'the store said nothing about it' };
  }
}

const productRule = closed({
  id: id('tea'),
  name: text(200, 'Green tea'),
  onHand: count(0, MAX_PIECES),
  lowStockAt: count(0, MAX_PIECES).nullable().optional(),
}).transform(({ lowStockAt = null, ...product }): Product => ({ ...product, lowStockAt }));

function productStoring(intake: Intake): Storing {
  return (readings) =>
    Promise.all(
      readings.map(async (reading): Promise<Outcome> => {
        const read = readProduct(reading);
        return 'kind' in read ? read : { kind: await intake.putProduct(read, systemClock.now()) };
      }),
    );
}

function readProduct(reading: Reading): Product | Extract<Outcome, { kind: 'bad' }> {
  if (reading.kind === 'bad') return reading;
  const read = productRule.safeParse(reading.value);
  return read.success ? read.data : bad(fieldErrors(read.error));
}

/** Stores through the daemon, so many lines at one moment. */
export function storeByDaemon(
  client: Client,
  what: 'orders' | 'products',
  atOnce: number,
): Storing {
  const send = what === 'orders' ? sendOrder : sendProduct;
  return async (readings) => {
    const outcomes: Outcome[] = [];
    const waiting = readings.entries();
    // Each of the senders takes the next line when its last one is answered.
    const sender = async () => {
      for (const [index, reading] of waiting) {
        outcomes[index] = reading.kind === 'bad' ? reading : await send(client, reading.value);
      }
    };
    await Promise.all(Array.from({ length: atOnce }, sender));
    return outcomes;
  };
}

async function sendOrder(client: Client, value: unknown): Promise<Outcome> {
  const reply = await offer(client, 'POST', '/v1/orders', value);
  if (typeof reply === 'string') return { kind: 'bad', problem: reply };
  return { kind: reply.status === 201 ? 'created' : 'same' };
}

async function sendProduct(client: Client, value: unknown): Promise<Outcome> {
  const { id: productId, ...rest } = asTable(value);
  const read = productIdRule.safeParse(productId);
  if (!read.success) return bad([{ field: 'id', message: 'missing, or no id', hint: null }]);
  const path = `/v1/products/${encodeURIComponent(read.data)}`;
  // What is set anew is not told from what was so already.
  const known = await client.call('GET', path).catch(ifMissing);
  const wanted = { id: read.data, lowStockAt: null, ...rest };
  if (known !== null && isDeepStrictEqual(known.body, wanted)) return { kind: 'same' };
  const reply = await offer(client, 'PUT', path, rest);
  if (typeof reply === 'string') return { kind: 'bad', problem: reply };
  return { kind: reply.status === 201 ? 'created' : 'updated' };
}

/** A line can get longer than it was written (`1e20`). The daemon hangs up on such a body, and whether it is heard to refuse it is chance. */
async function offer(
  client: Client,
  method: 'POST' | 'PUT',
  path: string,
  body: unknown,
): Promise<Reply | string> {
  const isTooLong = Buffer.byteLength(JSON.stringify(body)) > MAX_LINE_BYTES;
  return isTooLong ? `longer than ${MAX_LINE_BYTES} bytes` : client.offer(method, path, body);
}

function ifMissing(error: unknown): null {
  if (error instanceof ReconciledError && error.code === 'not_found') return null;
  throw error;
}

const productIdRule: z.ZodType<string> = id('tea');

function bad(errors: readonly FieldError[]): Extract<Outcome, { kind: 'bad' }> {
  const told = errors.map(({ field, message, hint }) =>
    hint === null ? `${field}: ${message}` : `${field}: ${message}. ${hint.replace(/\.$/, '')}`,
  );
  return { kind: 'bad', problem: told.join('; ') };
}

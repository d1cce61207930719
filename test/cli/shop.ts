import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Test } from 'tap';
import { type Simulator, startSimulator } from '../../lib/simulator/simulator.ts';
import { scratchDir } from '../support/scratch-dir.ts';

/** A folder with a configuration, and the gateway that it names. */
export interface Shop {
  readonly cwd: string;
  readonly simulator: Simulator;
}

/** What the gateway truly has of the orders that `orderLine` makes. */
const TRUTHS = [
  { number: 1, status: 'SUCCESS', amount: 5000, reason: '정상 승인되었습니다.' },
  {
    number: 2,
    status: 'FAILED',
    amount: 5000,
    reason: '한도초과입니다. 다른 카드를 선택해주세요.',
  },
  { number: 3, status: 'SUCCESS', amount: 4000, reason: '정상 승인되었습니다.' },
  { number: 4, status: 'PENDING', amount: 5000, reason: null },
] as const;

/** On the first of January: a daemon sweeps when it is told to, whatever second of the minute a test begins in. */
const NEVER = '0 0 1 1 *';

export async function openShop(t: Test): Promise<Shop> {
  const scratch = scratchDir('shop');
  t.teardown(scratch.remove);
  const simulator = await startSimulator({
    port: 0,
    preload: TRUTHS.map(({ number, status, amount, reason }) => ({
      transactionKey: keyOf(number),
      orderId: orderIdOf(number),
      userId: 'member-7',
      status,
      amount,
      reason,
    })),
  });
  t.teardown(() => simulator.close());
  writeFileSync(
    join(scratch.path, 'reconciled.toml'),
    `[http]
listen = "127.0.0.1:0"
[sweep]
cron = "${NEVER}"
[[gateway]]
name = "pg"
kind = "pg-simulator"
base_url = "${simulator.url}"
methods = ["CARD"]
`,
  );
  return { cwd: scratch.path, simulator };
}

export function orderIdOf(number: number): string {
  return `ORDER${String(number).padStart(6, '0')}`;
}

export function keyOf(number: number): string {
  return `20250816:TR:${String(number).padStart(6, '0')}`;
}

/** An order of long ago, as a line of an import. */
export function orderLine(number: number, changes: Readonly<Record<string, unknown>> = {}): string {
  return JSON.stringify({
    id: orderIdOf(number),
    memberId: 'member-7',
    currency: 'KRW',
    amount: 5000,
    items: [{ productId: 'tea', quantity: 1, unitPrice: 5000 }],
    payments: [{ method: 'CARD', amount: 5000, transactionKey: keyOf(number) }],
    createdAt: '2026-08-16T00:00:00Z',
    ...changes,
  });
}

/** Enough tea for everybody. */
export const PRODUCTS = `${JSON.stringify({ id: 'tea', name: '녹차', onHand: 100, lowStockAt: 5 })}\n`;

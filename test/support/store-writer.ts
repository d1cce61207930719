import { createInterface } from 'node:readline';
import { systemClock } from '../../lib/clock.ts';
import { ReconciledError } from '../../lib/errors.ts';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';
import { newOrder } from './store-fixtures.ts';

/**
 * A process of its own that writes: opens the database named by its argument, says `ready`, then for each line with an order
 * id creates that order and says the id when the write was acknowledged, or `ID CODE MESSAGE` when it was not.
 */
const [path = ''] = process.argv.slice(2);
try {
  const store = openSqliteStore({ path, clock: systemClock, tell: () => {} });
  say('ready');
  for await (const id of createInterface({ input: process.stdin })) say(`${id}${await write(id)}`);
  await store.upkeep.close();

  async function write(id: string): Promise<string> {
    try {
      const [outcome] = await store.intake.createOrders([newOrder({ id })], systemClock.now());
      return outcome?.kind === 'created' ? '' : ` ${outcome?.kind}`;
    } catch (error) {
      return ` ${wordsOf(error)}`;
    }
  }
} catch (error) {
  say(wordsOf(error));
}

function wordsOf(error: unknown): string {
  return error instanceof ReconciledError ? `${error.code} ${error.message}` : String(error);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

import { once } from 'node:events';
import { rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { join } from 'node:path';
import { MessageChannel } from 'node:worker_threads';
import type { Require } from './binary/program.ts';

/**
 * Does something with scripts of the binary, so that what runs is compiled. The folder is for files of its own.
 * @throws Error when it goes another way than it should: then other things were compiled than it stands for.
 */
type Exercise = (load: Require, folder: string) => Promise<void>;

/** What the first question of every start waits for: one in the main thread, one in the thread that asks. */
export const EXERCISES: Readonly<Record<string, Exercise>> = {
  'read a configuration': readConfiguration,
  'ask a gateway': askGateway,
};

async function readConfiguration(load: Require, folder: string): Promise<void> {
  const file = join(folder, 'usual.toml');
  writeFileSync(file, USUAL);
  process.argv = [process.execPath, 'reconciled', 'config', 'check', '--config', file];
  load('main.js');
  await once(process, 'beforeExit');
  rmSync(file);
  if (process.exitCode !== 0) throw new Error(`config check ended with ${process.exitCode}`);
}

const USUAL = `[[gateway]]
name = "pg"
kind = "pg-simulator"
base_url = "https://pg.example"
methods = ["CARD"]
`;

/** What a thread posts when all is well, as far as it matters here. */
interface HeardReply {
  readonly answers?: readonly { readonly transactions?: readonly unknown[] }[];
}

async function askGateway(load: Require): Promise<void> {
  const gateway = createServer((_, response) => {
    response.setHeader('content-type', 'application/json');
    response.end(JSON.stringify({ meta: { result: 'SUCCESS' }, data: PAYMENT }));
  }).listen(0, '127.0.0.1');
  await once(gateway, 'listening');
  const { port }: { port: number } = Object(gateway.address());
  const settings = { ...SETTINGS, baseUrl: `http://127.0.0.1:${port}` };
  // The second of a lane finds a connection.
  const orders = [[QUESTION], [QUESTION], [QUESTION]];
  const { port1: ours, port2: theirs } = new MessageChannel();
  const { ask } = Object(load('worker-ask.js'));
  const heard = new Promise<void>((resolve, reject) => {
    let left = orders.length;
    ours.on('message', (replies: readonly HeardReply[]) => {
      const isHeard = replies.every(({ answers }) => answers?.[0]?.transactions?.length === 1);
      if (!isHeard) reject(new Error('the gateway was not heard'));
      left -= replies.length;
      if (left === 0) resolve();
    });
  });
  await ask({ gateway: settings, first: { orders, lanes: 2 }, port: theirs });
  await heard;
}

const PAYMENT = {
  transactionKey: '20250816:TR:9577c5',
  orderId: '1351039135',
  cardType: 'SAMSUNG',
  cardNo: '1234-****',
  amount: 5_000,
  status: 'SUCCESS',
  reason: '정상 승인되었습니다.',
};

const QUESTION = {
  kind: 'inquire',
  gateway: 'pg',
  orderId: PAYMENT.orderId,
  userId: '135135',
  keys: [PAYMENT.transactionKey],
  about: ['1'],
  listAll: false,
};

const SETTINGS = {
  name: 'pg',
  kind: 'pg-simulator',
  currency: 'KRW',
  userId: 'member',
  callbackUrl: 'http://127.0.0.1:8080/callbacks/pg',
  lookupTimeoutMs: 3_000,
  connectTimeoutMs: 1_000,
  connections: 10,
};

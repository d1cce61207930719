import t, { type Test } from 'tap';
import type { Case } from '../../lib/core/decision.ts';
import type { Claimed, Store } from '../../lib/store/port.ts';
import {
  claimRequest,
  newOrder,
  newPayment,
  T0,
  type TestClock,
  testClock,
} from '../support/store-fixtures.ts';
import { claimsContract } from './claims.contract.ts';
import { docketContract } from './docket.contract.ts';
import { intakeContract } from './intake.contract.ts';
import { noticesContract } from './notices.contract.ts';
import { outboxContract } from './outbox.contract.ts';
import { readerContract } from './reader.contract.ts';
import { upkeepContract } from './upkeep.contract.ts';

/** A kind of store to be held to the contract. */
interface StoreEngine {
  readonly name: string;
  /** A fresh, empty store on that clock, gone when the test ends. */
  open(test: Test, clock: TestClock): Promise<OpenedStore>;
}

interface OpenedStore {
  readonly store: Store;
  /** Closes it and opens what it kept, as after a restart of the daemon. */
  reopen(): Promise<Store>;
}

/** The definition of the store's port, for any engine. */
export function storeContract(engine: StoreEngine): void {
  for (const part of [
    intakeContract,
    noticesContract,
    claimsContract,
    docketContract,
    outboxContract,
    readerContract,
    upkeepContract,
  ])
    part((name, body) => {
      t.test(`${engine.name}: ${name}`, async (test) => {
        const clock = testClock();
        const opened = await engine.open(test, clock);
        let { store } = opened;
        const reopen = async () => {
          store = await opened.reopen();
          return store;
        };
        await body(test, { store, reopen, clock });
        // Whatever a test did, the file keeps its rules.
        test.strictSame(await store.upkeep.check(), []);
      });
    });
}

/** Declares one clause of the contract. */
export type Clause = (name: string, body: (test: Test, world: World) => Promise<void>) => void;

export interface World extends OpenedStore {
  readonly clock: TestClock;
}

/** The case of an order that is there. */
export async function caseOf(store: Store, orderId: string): Promise<Case> {
  const found = await store.docket.load(orderId);
  if (found === null) throw new Error(`no order ${orderId}`);
  return found;
}

/** Claims one order that must be there. */
export async function claimOne(store: Store): Promise<Claimed> {
  const [claimed] = await store.docket.claim(claimRequest({ limit: 1 }));
  if (claimed === undefined) throw new Error('nothing is due');
  return claimed;
}

/** When an order is due. */
export type Due = readonly [id: string, lookAt: number];

/** Orders with one payment each, due then. */
export async function dueOrders(store: Store, due: readonly Due[]): Promise<void> {
  const orders = due.map(([id, lookAt]) =>
    newOrder({ id, lookAt, payments: [newPayment({ id: `pay-${id}` })] }),
  );
  await store.intake.createOrders(orders, T0);
}

/** An order of two pens, paid by `pay`, with that many pens on hand. */
export async function penOrder(
  store: Store,
  onHand: number,
  id = 'ORDER1',
  lowStockAt: number | null = null,
): Promise<Case> {
  await store.intake.putProduct({ id: 'pen', name: 'Pen', onHand, lowStockAt }, T0);
  const items = [
    { productId: 'pen', quantity: 1, unitPrice: 3_000 },
    { productId: 'pen', quantity: 1, unitPrice: 2_000 },
  ];
  const payments = [newPayment({ id: `pay-${id}` })];
  await store.intake.createOrders([newOrder({ id, items, payments })], T0);
  return caseOf(store, id);
}

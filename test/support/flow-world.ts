import { join } from 'node:path';
import { firstLook } from '../../lib/core/questions.ts';
import { DAY_MS, HOUR_MS, MINUTE_MS } from '../../lib/core/time.ts';
import { ringingIntake } from '../../lib/flows/intake.ts';
import type { Event } from '../../lib/observe/events.ts';
import type { NewOrder, NewPayment, Store } from '../../lib/store/port.ts';
import { openSqliteStore } from '../../lib/store/sqlite/index.ts';
import { ModelAsking, type Weather } from './model-asking.ts';
import { type ModelDaemon, startModelDaemon } from './model-daemon.ts';
import { ModelGateway, type ModelSettings, type TrueTransaction } from './model-gateway.ts';
import { scratchDir } from './scratch-dir.ts';
import { syncHere } from './syncing.ts';
import { TurnedClock, turnTo, turnUntil } from './turned-clock.ts';
import { type Gauge, watched } from './watched-store.ts';

/** A daemon's flows on a real database file, one or more model gateways and a clock that the test turns. */
export interface FlowWorld {
  /** The database file. */
  readonly path: string;
  readonly clock: TurnedClock;
  readonly store: Store;
  readonly gateway: ModelGateway;
  /** Those of `others`. */
  readonly others: readonly ModelGateway[];
  readonly asking: ModelAsking;
  readonly daemon: ModelDaemon;
  readonly events: Event[];
  /** Puts a captured (or other) transaction of 1,000 won into the gateway, from now on. */
  transaction(given: Partial<TrueTransaction> & { readonly key: string }): void;
  /** Records an order of 1,000 won that was made eleven minutes ago. */
  order(id: string, payments: readonly Partial<NewPayment>[]): Promise<void>;
  sweep(): ReturnType<FlowWorld['until']>;
  /** Turns the clock until the promise has settled. */
  until<T>(promise: Promise<T>): Promise<T>;
  /** Turns the clock this much further. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

interface FlowOptions {
  readonly gateway?: Partial<ModelSettings>;
  /** More gateways beside `pg`. */
  readonly others?: readonly ModelSettings[];
  readonly window?: number;
  readonly weather?: Weather;
  /** Puts something between the flows and the store. */
  readonly through?: (store: Store) => Store;
}

/** The settings that flow tests and the simulation run with: the defaults. */
export const MODEL_SETTINGS = {
  staleAfterMs: 10 * MINUTE_MS,
  holdAfterMs: 3 * DAY_MS,
  ladderMs: [1, 1, 1, 2, 5, 10, 30, 60].map((minutes) => minutes * MINUTE_MS),
};

export async function openFlowWorld(options: FlowOptions = {}): Promise<FlowWorld> {
  const dir = scratchDir('flows');
  const clock = new TurnedClock();
  const gauge: Gauge = { busy: 0 };
  const events: Event[] = [];
  const tell = (event: Event) => void events.push(event);
  const path = join(dir.path, 'reconciled.db');
  const real = openSqliteStore({ path, clock, tell, syncFile: syncHere });
  const store = watched(options.through?.(real) ?? real, gauge);
  const gateway = new ModelGateway({
    name: 'pg',
    canList: true,
    canRefund: false,
    paymentWindowMs: 10 * MINUTE_MS,
    ...options.gateway,
  });
  const others = (options.others ?? []).map((one) => new ModelGateway(one));
  const gateways = [gateway, ...others];
  const asking = new ModelAsking(clock, gateways, options);
  const settings = MODEL_SETTINGS;
  const parts = { clock, store, asking, gateways, settings, tell };
  const idle = () => gauge.busy === 0;
  const daemon = await startModelDaemon(parts);
  await store.intake.putProduct(
    { id: 'tea', name: 'Tea', onHand: 100, lowStockAt: null },
    clock.now(),
  );
  const until = <T>(promise: Promise<T>) => turnUntil(clock, idle, promise);
  return {
    path,
    clock,
    store,
    gateway,
    others,
    asking,
    daemon,
    events,
    transaction: (given) =>
      gateway.put({
        orderId: given.orderId ?? 'ORDER-1',
        currency: 'KRW',
        amount: 1_000,
        steps: [{ at: clock.trueNow(), status: 'succeeded' }],
        ...given,
      }),
    order: async (id, payments) => {
      const order = newOrder(id, payments, clock.now() - 11 * MINUTE_MS);
      const lookAt = firstLook(order, daemon.policy(), clock.now());
      const intake = ringingIntake(store.intake, () => daemon.pump.nudged());
      await intake.createOrders([{ ...order, lookAt }], clock.now());
    },
    sweep: () => until(daemon.sweeping.request().ended),
    until,
    pass: (ms) => turnTo(clock, idle, clock.trueNow() + ms),
    close: async () => {
      await until(daemon.stop());
      await real.upkeep.close();
      dir.remove();
    },
  };
}

function newOrder(
  id: string,
  payments: readonly Partial<NewPayment>[],
  createdAt: number,
): NewOrder {
  return {
    id,
    memberId: 'member-1',
    currency: 'KRW',
    amount: 1_000,
    items: [{ productId: 'tea', quantity: 1, unitPrice: 1_000 }],
    payments: payments.map((payment, index) => ({
      id: `${id}-pay-${index + 1}`,
      gateway: 'pg',
      method: 'CARD',
      amount: 1_000,
      transactionKey: null,
      requestedAt: createdAt,
      ...payment,
    })),
    createdAt,
    lookAt: createdAt + HOUR_MS,
  };
}

import type { TransactionStatus } from '../../../lib/core/gateway.ts';
import { HOUR_MS, MINUTE_MS } from '../../../lib/core/time.ts';
import type { NewPayment } from '../../../lib/store/port.ts';
import { ModelGateway, type ModelSettings } from '../../support/model-gateway.ts';

/** Where histories begin: what there is, and what may come. */
export interface Beginning {
  readonly words: string;
  readonly gateways: readonly ModelSettings[];
  readonly pieces: number;
  /** Each wants one piece, is due at once, and its payments were requested when it was made. */
  readonly orders: readonly {
    readonly id: string;
    readonly payments: readonly PaymentInBrief[];
  }[];
  readonly transactions: readonly {
    readonly key: string;
    readonly gateway?: string;
    readonly orderId?: string;
    readonly amount?: number;
    readonly currency?: string;
    /** `null`: the gateway does not have it yet. */
    readonly status: TransactionStatus | null;
  }[];
  /** Payments of the first order that the shop may record later. */
  readonly further?: readonly PaymentInBrief[];
  /** The daemon may be told to request a payment of the first order. */
  readonly requests?: boolean;
  /** What happens first, in the words of the steps. */
  readonly first: readonly string[];
}

/** A payment by its gateway and key. */
export interface PaymentInBrief {
  readonly gateway?: string;
  readonly key: string | null;
}

export const ORDER = 'ORDER-A';
export const OTHER = 'ORDER-B';
export const AMOUNT = 1_000;

/** The payment in full. */
export function paymentOf(
  orderId: string,
  name: string,
  { gateway = 'pg', key }: PaymentInBrief,
  requestedAt: number,
): NewPayment {
  const id = `${orderId}-${name}`;
  return { id, gateway, method: 'CARD', amount: AMOUNT, transactionKey: key, requestedAt };
}

const PG: ModelSettings = {
  name: 'pg',
  canList: true,
  canRefund: false,
  paymentWindowMs: 10 * MINUTE_MS,
};

const REFUNDS: ModelSettings = { ...PG, canRefund: true };

const LISTS_NOTHING: ModelSettings = { ...PG, canList: false };

const ALT: ModelSettings = { ...REFUNDS, name: 'alt', paymentWindowMs: HOUR_MS };

const sent = (id: string) => `the shop sends ${id}`;

const SWEEP = 'a sweep begins';

const SECOND = 'a second passes';

const MINUTE = 'a minute passes without a sweep';

const LOOK = 'a look, all is heard';

const one = (payments: readonly PaymentInBrief[]) => [{ id: ORDER, payments }];

export const BEGINNINGS: readonly Beginning[] = [
  {
    words: 'nothing is there yet',
    gateways: [PG],
    pieces: 1,
    orders: one([{ key: 'K1' }]),
    transactions: [
      { key: 'K1', status: 'pending' },
      { key: 'K2', status: null },
    ],
    first: [],
  },
  {
    words: 'nobody knows whether the request arrived, and the gateway is just saying what it has',
    gateways: [PG],
    pieces: 1,
    orders: one([{ key: null }]),
    transactions: [
      { key: 'K1', status: null },
      { key: 'K2', status: null },
    ],
    further: [{ key: 'K2' }],
    first: [sent(ORDER), SWEEP, SECOND],
  },
  {
    words: 'two orders want the last piece, and the gateway is just saying that both are paid',
    gateways: [PG],
    pieces: 1,
    orders: [
      { id: ORDER, payments: [{ key: 'K1' }] },
      { id: OTHER, payments: [{ key: 'K2' }] },
    ],
    transactions: [
      { key: 'K1', status: 'succeeded' },
      { key: 'K2', orderId: OTHER, status: 'succeeded' },
    ],
    first: [sent(ORDER), sent(OTHER), SWEEP, SECOND],
  },
  {
    words: 'it was paid twice, and the gateway is just asked to give one back',
    gateways: [REFUNDS],
    pieces: 1,
    orders: one([{ key: 'K1' }]),
    transactions: [
      { key: 'K1', status: 'succeeded' },
      { key: 'K2', status: 'succeeded' },
    ],
    first: [sent(ORDER), 'a callback names ORDER-A', SECOND, SECOND, SWEEP, SECOND, SECOND],
  },
  {
    words: 'nothing is left to sell, and the gateway can refund',
    gateways: [REFUNDS],
    pieces: 0,
    orders: one([{ key: 'K1' }]),
    transactions: [{ key: 'K1', status: 'succeeded' }],
    first: [sent(ORDER), LOOK],
  },
  {
    words: 'another amount was captured, and the gateway is just saying so once more',
    gateways: [PG],
    pieces: 1,
    orders: one([{ key: 'K1' }]),
    transactions: [
      { key: 'K1', status: 'succeeded', amount: 900 },
      { key: 'K2', status: null },
    ],
    first: [sent(ORDER), LOOK, 'a callback names K1', MINUTE],
  },
  {
    words: 'the gateway lists nothing and the key is not known',
    gateways: [LISTS_NOTHING],
    pieces: 1,
    orders: one([{ key: null }]),
    transactions: [
      { key: 'K1', status: 'succeeded' },
      { key: 'K2', status: null },
    ],
    first: [sent(ORDER), LOOK],
  },
  {
    words: 'the daemon is just requesting the payment',
    gateways: [PG],
    pieces: 1,
    orders: one([]),
    transactions: [{ key: 'K1', status: null }],
    requests: true,
    first: [sent(ORDER), 'the daemon is told to request a payment'],
  },
  {
    words: 'two orders claim one transaction',
    gateways: [PG],
    pieces: 2,
    orders: [
      { id: ORDER, payments: [{ key: null }] },
      { id: OTHER, payments: [{ key: 'K1' }] },
    ],
    transactions: [
      { key: 'K1', status: 'succeeded' },
      { key: 'K2', status: null },
    ],
    first: [sent(OTHER), sent(ORDER)],
  },
  {
    words: 'two gateways, and the other one has captured as well',
    gateways: [PG, ALT],
    pieces: 1,
    orders: one([{ key: 'K1' }]),
    transactions: [
      { key: 'K1', status: 'pending' },
      { key: 'K2', gateway: 'alt', status: 'succeeded' },
    ],
    first: [sent(ORDER)],
  },
  {
    words: 'it failed for an absence',
    gateways: [PG],
    pieces: 1,
    orders: one([{ key: null }]),
    transactions: [
      { key: 'K1', status: null },
      { key: 'K2', status: null },
    ],
    first: [sent(ORDER), LOOK],
  },
];

/** The gateways of a beginning. */
export function gatewaysOf({ gateways }: Beginning): readonly ModelGateway[] {
  return gateways.map((settings) => new ModelGateway(settings));
}

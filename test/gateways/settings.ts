import type { Inquiry } from '../../lib/core/gateway.ts';
import type { GatewaySettings, PaymentRequest } from '../../lib/gateways/port.ts';

export const ORDER = 'ORDER000001';
export const KEY = '20250816:TR:9577c5';
export const MEMBER = '135135';
export const CARD = '1234-5678-9814-1451';

/** Long enough for a machine that is busy with other tests. */
export const PATIENT_MS = 10_000;

export function settingsFor(
  baseUrl: string,
  changes: Partial<GatewaySettings> = {},
): GatewaySettings {
  return {
    name: 'pg',
    kind: 'pg-simulator',
    baseUrl,
    currency: 'KRW',
    userId: 'member',
    callbackUrl: 'http://localhost:8080/callbacks/pg',
    lookupTimeoutMs: PATIENT_MS,
    connectTimeoutMs: PATIENT_MS,
    connections: 2,
    ...changes,
  };
}

export function inquiry(changes: Partial<Inquiry> = {}): Inquiry {
  return {
    kind: 'inquire',
    gateway: 'pg',
    orderId: ORDER,
    userId: MEMBER,
    keys: [KEY],
    about: [],
    listAll: false,
    ...changes,
  };
}

export function paymentRequest(changes: Partial<PaymentRequest> = {}): PaymentRequest {
  return {
    gateway: 'pg',
    orderId: ORDER,
    userId: MEMBER,
    amount: 5000,
    cardType: 'SAMSUNG',
    cardNo: CARD,
    ...changes,
  };
}

import { CARD_TYPES, type CardType, type GatewayPayment } from './payments.ts';

// The contract of the pg-simulator in pure functions: its envelope, its words, its checks in their order.

/** What it says. */
export const WORDS = {
  noUser: '유저 ID 헤더는 필수입니다.',
  noRoute: '존재하지 않는 요청입니다.',
  failure: '일시적인 오류가 발생했습니다.',
  unstable: '현재 서버가 불안정합니다. 잠시 후 다시 시도해주세요.',
  unreadable: '요청 본문을 처리하는 중 오류가 발생했습니다. JSON 메세지 규격을 확인해주세요.',
  noOrderId: "필수 요청 파라미터 'orderId' (타입: String)가 누락되었습니다.",
  approved: '정상 승인되었습니다.',
  limitExceeded: '한도초과입니다. 다른 카드를 선택해주세요.',
  invalidCard: '잘못된 카드입니다. 다른 카드를 선택해주세요.',
} as const;

const REASON_PHRASES = {
  400: 'Bad Request',
  404: 'Not Found',
  500: 'Internal Server Error',
} as const;

/** The statuses that it fails with. */
export type FailureStatus = keyof typeof REASON_PHRASES;

/** Around everything that went well. */
export function successEnvelope(data: unknown): object {
  return { meta: { result: 'SUCCESS' }, data };
}

/** Around everything else; the error code is the reason phrase of the status. */
export function failureEnvelope(status: FailureStatus, message: string): object {
  return { meta: { result: 'FAIL', errorCode: REASON_PHRASES[status], message } };
}

/** Of a key that it does not have, or has for another user. */
export function unknownKey(key: string): string {
  return `(transactionKey: ${key}) 결제건이 존재하지 않습니다.`;
}

/** Of an order id that it has nothing for: a 404 and not an empty list. */
export function unknownOrder(orderId: string): string {
  return `(orderId: ${orderId}) 에 해당하는 결제건이 존재하지 않습니다.`;
}

/** What a lookup by key, and a callback, say of a payment; a reason that is not there is left out. */
export function paymentData(payment: GatewayPayment): object {
  const { transactionKey, orderId, cardType, cardNo, amount, status, reason } = payment;
  return { transactionKey, orderId, cardType, cardNo, amount, status, ...reasonData(reason) };
}

/** What a listing says of an order's payments: no amounts. */
export function listingData(orderId: string, payments: readonly GatewayPayment[]): object {
  const transactions = payments.map(({ transactionKey, status, reason }) => ({
    transactionKey,
    status,
    ...reasonData(reason),
  }));
  return { orderId, transactions };
}

/** A payment request that keeps every rule. */
export interface CheckedRequest {
  readonly orderId: string;
  readonly cardType: CardType;
  readonly cardNo: string;
  readonly amount: number;
  readonly callbackUrl: string;
}

/** Reads a payment request; a text is the message of the 400. First the shape, as the JSON library reads it, then the rules. */
export function checkRequest(body: unknown): CheckedRequest | string {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return WORDS.unreadable;
  const fields = new Map<string, unknown>(Object.entries(body));
  for (const name of ['orderId', 'cardType', 'cardNo', 'amount', 'callbackUrl']) {
    // Of an object or a list in its place the library says the same.
    if (typeof (fields.get(name) ?? null) === 'object')
      return `필수 필드 '${name}'이(가) 누락되었습니다.`;
  }
  const cardType = CARD_TYPES.find((known) => known === fields.get('cardType'));
  if (cardType === undefined) {
    const known = `사용 가능한 값 : [${CARD_TYPES.join(', ')}]`;
    return mismatch('cardType', fields.get('cardType'), 'CardTypeDto', known);
  }
  const amount = readLong(fields.get('amount'));
  if (amount === null) return mismatch('amount', fields.get('amount'), 'long', '');
  const orderId = String(fields.get('orderId'));
  const cardNo = String(fields.get('cardNo'));
  const callbackUrl = String(fields.get('callbackUrl'));
  const problem = brokenRule({ orderId, cardType, cardNo, amount, callbackUrl });
  return problem ?? { orderId, cardType, cardNo, amount, callbackUrl };
}

/** The rules, in the gateway's order: the first broken one is told. */
function brokenRule({ orderId, cardNo, amount, callbackUrl }: CheckedRequest): string | null {
  if (orderId.trim() === '' || orderId.length < 6) {
    return '주문 ID는 6자리 이상 문자열이어야 합니다.';
  }
  if (!/^\d{4}-\d{4}-\d{4}-\d{4}$/.test(cardNo)) {
    return '카드 번호는 xxxx-xxxx-xxxx-xxxx 형식이어야 합니다.';
  }
  if (amount <= 0) return '결제금액은 양의 정수여야 합니다.';
  if (!callbackUrl.startsWith('http://localhost:8080')) {
    return '콜백 URL 은 http://localhost:8080 로 시작해야 합니다.';
  }
  return null;
}

/** A number or a text, as the gateway takes it; only up to what a number here holds exactly. */
function readLong(value: unknown): number | null {
  const number =
    typeof value === 'string' && /^\s*[+-]?\d+\s*$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isSafeInteger(number) ? number : null;
}

function mismatch(field: string, value: unknown, type: string, known: string): string {
  return `필드 '${field}'의 값 '${String(value)}'이(가) 예상 타입(${type})과 일치하지 않습니다. ${known}`;
}

function reasonData(reason: string | null): object {
  return reason === null ? {} : { reason };
}

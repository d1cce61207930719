import type { CheckName } from './checks.ts';
import type { Truth } from './scenario.ts';

/** The languages of the demo. */
export type Language = 'ko' | 'en';

/** Everything that the demo says, in one language. */
export interface Words {
  readonly truths: Readonly<Record<Truth, string>>;
  readonly columns: {
    readonly truth: string;
    readonly orders: string;
    readonly state: string;
    readonly reason: string;
    readonly refund: string;
    readonly right: string;
  };
  intro(orders: number, gatewayUrl: string): string;
  readonly loading: string;
  settling(orders: number): string;
  readonly wrong: string;
  took(orders: number, lookups: number, maxInFlight: number, took: string): string;
  instead(oneByOne: string, chunk: number, chunkByChunk: string): string;
  readonly computed: string;
  why(orderId: string): string;
  readonly told: string;
  readonly checked: string;
  readonly checks: Readonly<Record<CheckName, string>>;
  readonly ok: string;
  readonly failed: string;
  readonly allRight: string;
  someWrong(failed: number): string;
  readonly stays: string;
  readonly interrupted: string;
  readonly untilInterrupted: string;
  /** Where things are while the daemon stays up, without their addresses. */
  readonly places: {
    readonly api: string;
    readonly document: string;
    readonly metrics: string;
    readonly ready: string;
    readonly gateway: string;
  };
  kept(folder: string): string;
  seconds(ms: number): string;
}

const en: Words = {
  truths: {
    captured: 'captured',
    declined_limit: 'declined: over the limit',
    declined_card: 'declined: wrong card',
    still_open: 'still being processed',
    second_card: 'first card declined, second captured',
    keyless_captured: 'reply lost, but captured',
    keyless_declined: 'reply lost, and declined',
    keyless_unknown: 'request never arrived',
    wrong_amount: 'captured, but another amount',
    captured_twice: 'captured twice',
    keyless_captured_twice: 'reply lost, captured twice',
    last_pieces: 'captured, few pieces left',
    never_paid: 'never paid at all',
  },
  columns: {
    truth: 'What really happened',
    orders: 'Orders',
    state: 'Decided',
    reason: 'Reason',
    refund: 'To give back',
    right: 'Right',
  },
  intro: (orders, gatewayUrl) =>
    `A shop has ${orders} orders that have been stuck for 11 to 70 minutes: their callbacks got lost.\n` +
    `The payment gateway (a process of its own, ${gatewayUrl}) knows the truth and takes 100–500 ms to answer.`,
  loading: 'Starting the gateway and the daemon, sending it the orders …',
  settling: (orders) => `Asking about ${orders} orders, ten at a time …`,
  wrong: 'WRONG',
  took: (orders, lookups, maxInFlight, took) =>
    `${orders} orders settled with ${lookups} lookups, at most ${maxInFlight} in flight, in ${took}.`,
  instead: (oneByOne, chunk, chunkByChunk) =>
    `One by one it would have taken ${oneByOne}; in chunks of ${chunk} that wait for their slowest, ${chunkByChunk}.`,
  computed:
    'These two are computed from the same lookups as the gateway measured them, with nothing added for travelling, deciding and writing.',
  why: (orderId) => `Why is it so? For example ${orderId} (reconciled explain ${orderId}):`,
  told: 'What people were told (the channel log; others are e-mail, Slack and webhooks):',
  checked: 'Checked at the end, against the truth and not against the rules:',
  checks: {
    truth: 'every order is as its truth demands',
    once: 'completions in the journal / completed orders, each on one payment',
    stock: 'pieces put in = on hand + taken by completed orders',
    money: 'won captured at the gateway = paid for orders + to give back + held for a person',
    window: 'lookups in flight at once',
    file: 'the database is sound',
    told: 'what was to be told / told',
    replay: 'decisions of the journal that come out the same when made again',
  },
  ok: 'ok',
  failed: 'FAILED',
  allRight: 'No payment is left in doubt.',
  someWrong: (failed) =>
    `${failed} ${failed === 1 ? 'check' : 'checks'} failed. This is a bug; please report it with the output above.`,
  stays: 'The daemon stays up:',
  interrupted: 'Stopped before the end.',
  untilInterrupted: 'Ctrl-C ends it.',
  places: {
    api: 'orders',
    document: 'OpenAPI document',
    metrics: 'metrics',
    ready: 'readiness',
    gateway: 'the gateway',
  },
  kept: (folder) =>
    `The database is kept. Look into it with: reconciled orders --config ${folder}/reconciled.toml`,
  seconds: (ms) => `${(ms / 1_000).toFixed(1)} s`,
};

const ko: Words = {
  truths: {
    captured: '승인됨',
    declined_limit: '거절: 한도초과',
    declined_card: '거절: 잘못된 카드',
    still_open: '아직 처리 중',
    second_card: '첫 카드 거절, 둘째 카드 승인',
    keyless_captured: '응답 유실, 실제로는 승인',
    keyless_declined: '응답 유실, 실제로는 거절',
    keyless_unknown: '요청이 도착하지 않음',
    wrong_amount: '다른 금액으로 승인',
    captured_twice: '이중 승인',
    keyless_captured_twice: '응답 유실, 이중 승인',
    last_pieces: '승인됨, 남은 재고 적음',
    never_paid: '결제 시도 없음',
  },
  columns: {
    truth: '실제로 일어난 일',
    orders: '주문',
    state: '결정',
    reason: '사유',
    refund: '환불할 금액',
    right: '일치',
  },
  intro: (orders, gatewayUrl) =>
    `콜백이 유실되어 11~70분 전부터 멈춰 있는 주문이 ${orders}건 있습니다.\n` +
    `PG(별도 프로세스, ${gatewayUrl})는 실제 결과를 알고 있으며, 조회마다 100~500 ms가 걸립니다.`,
  loading: 'PG와 데몬을 시작하고 주문을 보내는 중 …',
  settling: (orders) => `주문 ${orders}건을 한 번에 열 건씩 조회하는 중 …`,
  wrong: '불일치',
  took: (orders, lookups, maxInFlight, took) =>
    `주문 ${orders}건을 조회 ${lookups}회(동시에 최대 ${maxInFlight}건)로 ${took} 만에 처리했습니다.`,
  instead: (oneByOne, chunk, chunkByChunk) =>
    `한 건씩 조회했다면 ${oneByOne}, ${chunk}건씩 묶어 가장 느린 조회를 기다렸다면 ${chunkByChunk} 걸렸을 것입니다.`,
  computed:
    '두 값은 PG가 측정한 같은 조회 시간으로 계산했으며, 전송·결정·저장 시간은 더하지 않았습니다.',
  why: (orderId) => `왜 이렇게 되었나요? 예: ${orderId} (reconciled explain ${orderId})`,
  told: '담당자에게 전한 알림 (log 채널; 그 밖에 이메일, Slack, 웹훅):',
  checked: '마지막 점검 (규칙이 아니라 실제 결과와 비교):',
  checks: {
    truth: '모든 주문이 실제 결과와 일치',
    once: '저널의 완료 횟수 / 완료된 주문 (주문마다 결제 하나)',
    stock: '입고 수량 = 남은 재고 + 완료된 주문이 가져간 수량',
    money: 'PG 승인 금액(원) = 주문 결제 + 환불할 금액 + 보류',
    window: '동시에 진행된 조회',
    file: '데이터베이스에 이상 없음',
    told: '전할 알림 / 전한 알림',
    replay: '저널의 결정을 다시 내려도 같은 결과',
  },
  ok: '통과',
  failed: '실패',
  allRight: '결과를 알 수 없는 결제가 남지 않았습니다.',
  someWrong: (failed) => `점검 ${failed}개가 실패했습니다. 버그이니 위의 출력과 함께 알려 주세요.`,
  stays: '데몬이 계속 실행됩니다:',
  interrupted: '끝나기 전에 멈췄습니다.',
  untilInterrupted: 'Ctrl-C로 끝냅니다.',
  places: {
    api: '주문',
    document: 'OpenAPI 문서',
    metrics: '지표',
    ready: '준비 상태',
    gateway: 'PG',
  },
  kept: (folder) =>
    `데이터베이스를 남겨 두었습니다. 보려면: reconciled orders --config ${folder}/reconciled.toml`,
  seconds: (ms) => `${(ms / 1_000).toFixed(1)}초`,
};

/** The words of a language. */
export const WORDS: Readonly<Record<Language, Words>> = { ko, en };

/** The language of a terminal, from its environment: Korean when it says so, English otherwise. */
export function languageOf(env: Readonly<Record<string, string | undefined>>): Language {
  const locale = env.LC_ALL || env.LC_MESSAGES || env.LANG || '';
  return locale.toLowerCase().startsWith('ko') ? 'ko' : 'en';
}

import type { reportEn } from './en.ts';

/** The words of the daily report, in Korean. */
export const reportKo = {
  title: '결제 일일 보고서',
  days: (from: string, to: string) => (from === to ? from : `${from} – ${to}`),
  facts: {
    days: '날짜',
    span: '시작 – 끝',
    zone: '시간대',
    made: '작성 시각',
    orders: '주문',
    settle: '확정 소요 시간',
    ties: '합계 대조',
  },
  incomplete: '작성 시점에 마지막 날이 아직 끝나지 않았습니다.',
  settleTimes: (median: string, p95: string, max: string) =>
    `중앙값 ${median}, 95 %가 ${p95} 이내, 최장 ${max}`,
  settleNone: '확정된 주문 없음',
  tiesOut: '주문, 저널, 결제, 재고의 합계가 모두 일치합니다.',
  tiesNot: (differences: number) =>
    `불일치: 합계 ${differences}건이 맞지 않습니다. “불일치 내역”을 보십시오.`,
  advice:
    '데이터베이스가 직접 수정되었거나 손상되었습니다. `reconciled check`와 `reconciled replay`로 확인하십시오.',
  sections: {
    states: (currency: string) => `상태별 주문 (${currency})`,
    reasons: (currency: string) => `사유별 주문 (${currency})`,
    gateways: (currency: string) => `PG별 결제 (${currency})`,
    hours: (currency: string) => `시간대별 주문 (${currency})`,
    settled: (currency: string) => `확정 경로 (${currency})`,
    held: '현재 보류 (전체 기간)',
    refunds: '현재 환불 대기 (전체 기간)',
    stock: '재고 차감',
    dead: '전송을 포기한 알림',
    differences: '불일치 내역',
    ties: '대조 항목',
  },
  columns: {
    state: '상태',
    reason: '사유',
    meaning: '설명',
    orders: '주문 수',
    payments: '결제 수',
    amount: '금액',
    gateway: 'PG',
    hour: '시',
    by: '경로',
    completed: '완료',
    failed: '실패',
    currency: '통화',
    oldest: '가장 오래된 주문',
    product: '상품',
    name: '상품명',
    pieces: '수량',
    channel: '채널',
    messages: '알림 수',
    inReport: '해당 기간',
    what: '대조',
    refundDue: '환불 금액',
    sides: '값',
    equal: '일치',
  },
  charts: {
    hours: '시간·상태별 주문',
    gateways: 'PG·상태별 결제',
    settled: '확정 경로',
  },
  total: '합계',
  noGateway: '(없음)',
  noReason: '(아직 없음)',
  none: '없음.',
  more: (products: number) => `외 상품 ${products}종`,
  settledBy: {
    sweep: '정기 확인',
    callback: '콜백',
    request: '결제 요청',
    person: '담당자',
  },
  ties: {
    created: '생성: 주문과 저널',
    pending: '대기: 주문과 저널',
    completed: '완료: 주문과 저널',
    failed: '실패: 주문과 저널',
    held: '보류: 주문과 저널',
    agreeing: '주문 하나하나와 그 저널',
    history: '변경 횟수와 저널 행 수',
    paid: '완료 주문과 성공한 결제',
    paying: '완료 주문 하나하나와 그 결제',
    stock: '완료 주문의 수량과 재고 이동',
    open_held: '현재 보류와 카운터',
    open_refunds: '현재 환불 대기와 카운터',
  },
  ledgers: {
    orders: '주문',
    journal: '저널',
    payments: '결제',
    items: '주문 품목',
    movements: '재고 이동',
    counters: '카운터',
  },
  yes: '일치',
  no: '불일치',
  summary: ({ day, orders, amounts, completed, failed, held, pending }) =>
    `${day}: 주문 ${orders}건${amounts === '' ? '' : ` (${amounts})`} – 완료 ${completed}, 실패 ${failed}, 보류 ${held}, 대기 ${pending}.`,
  summaryOpen: (held: string, refunds: string) => `미해결: 보류 ${held}건, 환불 대기 ${refunds}건.`,
  written: (day: string, folder: string) => `${day} 보고서를 ${folder}에 저장했습니다.`,
} satisfies Worded<typeof reportEn>;

/** The same words, whatever they are. */
type Worded<T> = T extends string
  ? string
  : T extends (...given: infer Given) => string
    ? (...given: Given) => string
    : { readonly [Key in keyof T]: Worded<T[Key]> };

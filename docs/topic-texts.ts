import type { EffectTopic } from '../lib/core/effect.ts';

/** When each topic is told: `docs/topics.md` is rendered from it. */
export const TOPIC_TEXTS: Readonly<Record<EffectTopic, Readonly<Record<'en' | 'ko', string>>>> = {
  'order.completed': {
    en: 'An order is paid for and its stock is taken.',
    ko: '결제가 확인되고 재고가 차감되었습니다.',
  },
  'order.failed': {
    en: 'An order will not be paid, or its stock did not suffice. Nothing was taken.',
    ko: '결제되지 않을 주문이거나 재고가 부족했습니다. 차감된 재고는 없습니다.',
  },
  'order.held': {
    en: 'An order cannot be decided by asking. It waits for a person and `reconciled resolve`.',
    ko: '조회만으로 결정할 수 없는 주문입니다. 담당자와 `reconciled resolve`를 기다립니다.',
  },
  'order.attention': {
    en: 'An order that is final already needs a person: money was found late, a refund has to be made by hand, a payment was taken back.',
    ko: '이미 종결된 주문을 담당자가 확인해야 합니다: 뒤늦은 승인, 직접 해야 하는 환불, PG에서 취소되거나 환불된 결제.',
  },
  'refund.due': {
    en: 'Money was taken that pays for nothing, and has to go back.',
    ko: '받을 근거가 없는 금액이 결제되어 환불해야 합니다.',
  },
  'refund.done': {
    en: 'Money that had to go back went back.',
    ko: '환불해야 할 금액이 환불되었습니다.',
  },
  'stock.low': {
    en: 'The count of a product came down to its `lowStockAt`. Again only after it stood above it.',
    ko: '상품 재고가 `lowStockAt` 이하로 내려왔습니다. 다시 그 위로 채워진 뒤에만 또 알립니다.',
  },
  'sweep.late': {
    en: 'The order that waits longest waits for `notify.sweep_late_after` beyond its time.',
    ko: '가장 오래 기다린 주문의 확인이 예정보다 `notify.sweep_late_after` 넘게 늦었습니다.',
  },
  'callbacks.stopped': {
    en: 'A gateway used to call back and has not for `notify.callbacks_stopped_after`, while its orders were settled by asking.',
    ko: '콜백을 보내던 PG가 `notify.callbacks_stopped_after` 동안 보내지 않았고, 그동안 주문은 조회로만 처리되었습니다.',
  },
  'gateway.down': {
    en: 'A gateway fails so often that it is left alone for a while, or has answered nothing for an hour.',
    ko: 'PG의 실패가 많아 잠시 조회를 멈췄거나, PG가 한 시간 동안 응답하지 않았습니다.',
  },
  'gateway.up': {
    en: 'A gateway that was down, or refused us, has answered again for five minutes.',
    ko: '장애가 있었거나 접근을 거부하던 PG가 5분 동안 다시 정상적으로 응답했습니다.',
  },
  'gateway.misconfigured': {
    en: 'A gateway refuses us: its address, user or rights are wrong.',
    ko: 'PG가 접근을 거부합니다. 주소, 사용자 또는 권한 설정을 확인해야 합니다.',
  },
  'report.daily': {
    en: 'A day has ended and its report is written. The text says first when totals do not tie out.',
    ko: '하루가 끝나 보고서가 작성되었습니다. 합계가 맞지 않으면 메시지가 그것부터 알립니다.',
  },
};

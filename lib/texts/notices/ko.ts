import type { Texts } from '../../texts.ts';

/** What messages for people say, in Korean. */
export const notices: Texts['notices'] = {
  headlines: {
    'order.completed': ({ order, amount }) => `주문 ${order} (${amount}): 완료되었습니다.`,
    'order.failed': ({ order, amount }) => `주문 ${order} (${amount}): 실패했습니다.`,
    'order.held': ({ order, amount }) =>
      `주문 ${order} (${amount}): 보류되어 담당자 확인이 필요합니다.`,
    'order.attention': ({ order, amount }) =>
      `이미 종결된 주문 ${order}: ${amount}에 대해 담당자 확인이 필요합니다.`,
    'refund.due': ({ order, amount }) => `주문 ${order}: ${amount} 환불이 필요합니다.`,
    'refund.done': ({ order, amount }) => `주문 ${order}: ${amount} 환불이 끝났습니다.`,
    'stock.low': ({ product, left }) => `${product}: 재고가 ${left}개 남았습니다.`,
    'sweep.late': ({ since }) =>
      `주문 확인이 늦어지고 있습니다. 가장 오래 기다린 주문은 ${since}부터 기다리고 있습니다.`,
    'callbacks.stopped': ({ gateway, since }) =>
      `${gateway}: ${since} 이후 콜백이 없습니다. 주문은 조회로 처리되어 더 늦게 확정됩니다.`,
    'gateway.down': ({ gateway, since }) =>
      `${gateway}: ${since}부터 조회가 실패하고 있습니다. 그동안 주문은 기다립니다.`,
    'gateway.up': ({ gateway, since }) =>
      `${gateway}: 다시 응답합니다. 문제는 ${since}에 시작되었습니다.`,
    'gateway.misconfigured': ({ gateway, since }) =>
      `${gateway}: ${since}부터 접근을 거부하고 있습니다. 그동안 주문은 기다립니다.`,
    'report.daily': ({ words }) => words,
  },
  many: {
    'order.completed': (count) => `주문 ${count}건이 완료되었습니다.`,
    'order.failed': (count) => `주문 ${count}건이 실패했습니다.`,
    'order.held': (count) => `주문 ${count}건이 보류되어 담당자 확인이 필요합니다.`,
    'order.attention': (count) => `종결된 주문에 대해 담당자 확인이 ${count}건 필요합니다.`,
    'refund.due': (count) => `환불이 필요한 결제가 ${count}건 있습니다.`,
    'refund.done': (count) => `결제 ${count}건의 환불이 끝났습니다.`,
    'stock.low': (count) => `상품 ${count}종의 재고가 얼마 남지 않았습니다.`,
    'sweep.late': (count) => `주문 확인 지연이 ${count}번 있었습니다.`,
    'callbacks.stopped': (count) => `콜백이 ${count}번 끊겼습니다.`,
    'gateway.down': (count) => `PG 장애가 ${count}번 있었습니다.`,
    'gateway.up': (count) => `PG 복구가 ${count}번 있었습니다.`,
    'gateway.misconfigured': (count) => `PG 접근 거부가 ${count}번 있었습니다.`,
    'report.daily': (count) => `일일 보고서 ${count}건.`,
  },
  test: '시험',
  testNote: '시험 메시지입니다. 실제로 일어난 일이 아닙니다.',
  subject: (topic, about) => `${topic}: ${about}`,
  times: (count) => `${count}건`,
  span: (from, to) => `${from} ~ ${to}`,
  more: (count) => `외 ${count}건`,
  names: (first, more) => `${first} 외 ${more}건`,
  open: '주문 보기',
  footer: 'reconciled가 보냈습니다.',
  labels: {
    order: '주문',
    payment: '결제',
    amount: '금액',
    reason: '사유',
    words: '상세 내용',
    product: '상품',
    productId: '상품 번호',
    left: '남은 수량',
    gateway: 'PG',
    since: '시작',
    at: '시각',
    todo: '할 일',
  },
  todo: {
    explain: (explain) => `${explain} 명령으로 경위를 확인하세요`,
    listHeld: (resolve) => `목록은 reconciled orders --state held. 주문마다: ${resolve}`,
    held: (explain, resolve) => `${explain} 명령으로 경위를 확인한 뒤 ${resolve}`,
    refundDue: (explain, refund) =>
      `${explain} 결과에 담당자를 기다린다고 나오면(아니면 PG에서 자동으로 환불됩니다): ${refund}`,
    eachRefund: '표에 있는 금액',
    restock: (product) => `입고 후 들어온 수량을 기록하세요: POST /v1/products/${product}/stock`,
    restockMany: '입고 후 들어온 수량을 기록하세요: POST /v1/products/…/stock',
    sweepLate:
      'PG가 느리거나 장애인지, /readyz와 데몬의 로그를 확인하세요. 유실된 주문은 없으며 처리가 늦어질 뿐입니다',
    callbacksStopped: (gateway) =>
      `쇼핑몰이나 프록시가 콜백을 /callbacks/${gateway} 경로로 계속 전달하는지, PG에 등록된 콜백 주소가 맞는지 확인하세요`,
    gatewayDown: '곧 복구되면 할 일이 없습니다(자동으로 다시 시도). 계속되면 PG사에 문의하세요',
    gatewayMisconfigured: (gateway) =>
      `reconciled.toml에서 PG ${gateway}의 주소, 사용자, 권한을 확인해 고치고 reconciled config check를 실행한 뒤 데몬을 다시 시작하세요`,
    report: (day) => `전체 내용은 reconciled report --date ${day}`,
  },
};

import type { Texts } from '../texts.ts';
import { notices } from './notices/ko.ts';
import { reportKo } from './report/ko.ts';

/** All words for people, in Korean. */
export const ko: Texts = {
  orderStates: { pending: '대기', completed: '완료', failed: '실패', held: '보류' },
  paymentStates: {
    pending: '대기',
    succeeded: '승인',
    failed: '실패',
    refund_due: '환불 필요',
    refunded: '환불됨',
  },
  reasons: {
    nothing_due: '결제할 금액이 없어 결제가 필요하지 않았습니다.',
    captured: '결제가 승인되었습니다.',
    out_of_stock: '재고가 부족했습니다.',
    mismatched:
      'PG의 기록이 주문과 일치하지 않습니다(금액, 통화 또는 주문 번호). 담당자가 확인해야 합니다.',
    unclear: '결제가 어떻게 되었는지 알 수 없습니다. 담당자가 확인해야 합니다.',
    gateway_silent: 'PG에서 유효한 응답을 받지 못했습니다. 다시 조회합니다.',
    silent_too_long:
      'PG에서 이 주문에 대해 유효한 응답을 너무 오래 받지 못했습니다. 담당자가 확인해야 합니다.',
    still_open: '결제가 아직 승인될 수 있습니다.',
    open_too_long: '결제가 너무 오래 처리 중입니다. 담당자가 확인해야 합니다.',
    declined: 'PG가 결제를 거절했습니다.',
    not_at_gateway: 'PG에 결제 기록이 없고, 기록이 나타날 수 있는 시간도 지났습니다.',
    request_failed: '결제 요청이 PG에 전달되지 않았습니다.',
    watching: '이번 확인으로 확정된 것은 없으며 계속 지켜봅니다.',
    held: '담당자가 결정해야 합니다. 그동안 받은 응답은 기록됩니다.',
    never_requested: '결제를 요청한 기록이 여기에도 PG에도 없습니다.',
    too_young: '아직 결제가 없지만 포기하기에는 이른 주문입니다.',
    duplicate_capture: '이미 결제된 주문입니다. 이 금액은 환불해야 합니다.',
    late_capture: '주문은 실패했지만 결제가 승인되었습니다. 이 금액은 환불해야 합니다.',
    mismatched_capture:
      '주문과 일치하지 않는 결제가 PG에서 승인되었습니다. 이 금액은 환불해야 합니다.',
    reversed_after_completion:
      '완료된 주문의 결제가 PG에서 취소되거나 환불되었습니다. 담당자가 확인해야 합니다.',
    refunded: '환불되었습니다.',
    refund_underway: '환불이 진행 중입니다.',
    refund_refused: 'PG가 환불을 거절했습니다. 담당자가 직접 환불해야 합니다.',
    refund_by_hand:
      '이 PG는 환불 요청을 지원하지 않습니다. 담당자가 직접 환불한 뒤 `reconciled refunded`로 기록해야 합니다.',
    internal_error: 'reconciled의 버그로 이 주문의 처리가 멈췄습니다. 담당자가 확인해야 합니다.',
    resolved_by_person: '담당자가 결정했습니다.',
    refunded_at_gateway: 'PG에서 환불된 결제입니다.',
    attempt_failed: '결제 시도가 실패했고 다시 시도할 수 있는 시간도 지났습니다.',
    lost_at_gateway: 'PG가 자신이 발급한 거래 키를 모릅니다.',
    cannot_ask: '이 PG는 주문 번호로 조회할 수 없습니다.',
    no_gateway:
      '이 결제의 PG가 더 이상 설정에 없습니다. 예전 이름으로 다시 설정하면 다시 조회합니다.',
  },
  verdicts: {
    captured: '승인됨',
    declined: '거절됨',
    presumed_declined: '거절된 것으로 봄(PG에 기록 없음)',
    open: '아직 승인될 수 있음',
    unknown: '알 수 없음',
    mismatched: '주문과 일치하지 않음',
    unclear: '조회로는 알 수 없음',
  },
  statuses: {
    succeeded: '승인',
    failed: '거절',
    cancelled: '취소',
    pending: '처리 중',
    authorised: '가승인(매입 전)',
    attempt_failed: '시도 실패',
    refunded: '환불',
    partly_refunded: '부분 환불',
    unrecognised: '알 수 없는 상태',
  },
  silences: {
    timeout: '응답 시간 초과',
    connection: '연결 실패',
    server_error: 'PG 서버 오류',
    rate_limited: 'PG의 요청 한도 초과',
    misconfigured: 'PG가 접근을 거부함(설정 확인 필요)',
    bad_request: 'PG가 요청을 받아들이지 않음',
    unreadable: '읽을 수 없는 응답',
    redirected: '다른 주소로 이동하라는 응답',
    circuit_open: '실패가 많아 잠시 조회를 멈춘 상태',
    stopping: '데몬 종료 중',
    internal: '내부 오류',
  },
  topics: {
    'order.completed': '주문 완료',
    'order.failed': '주문 실패',
    'order.held': '담당자 확인이 필요한 주문',
    'order.attention': '담당자 확인이 필요한 종결 주문',
    'refund.due': '환불 필요',
    'refund.done': '환불 완료',
    'sweep.late': '주문 확인 지연',
    'callbacks.stopped': '콜백 끊김',
    'gateway.down': 'PG 장애',
    'gateway.up': 'PG 복구',
    'gateway.misconfigured': 'PG 접근 거부',
    'report.daily': '일일 보고서',
    'stock.low': '재고 부족 임박',
  },
  units: { day: '일', hour: '시간', minute: '분', second: '초' },
  notices,
  table: {
    order: '주문',
    state: '상태',
    reason: '사유',
    amount: '금액',
    payments: '결제',
    created: '생성',
    nextLook: '다음 확인',
    count: '건수',
  },
  orders: {
    none: '조건에 맞는 주문이 없습니다.',
    more: (cursor) => `더 있습니다. 다음 옵션을 붙이세요: --after ${cursor}`,
  },
  explain: {
    title: (id, state, amount) => `주문 ${id}: ${state} (${amount})`,
    because: (sentence) => `사유: ${sentence}`,
    words: (text) => `상세 내용: ${text}`,
    payments: '결제:',
    payment: (id, how, state) => `${id}: ${how}, ${state}`,
    how: (method, gateway, key) =>
      `${method} / ${gateway ?? 'PG 없음'} / ${key === null ? '거래 키 없음' : `거래 키 ${key}`}`,
    history: '있었던 일:',
    created: (amount, pieces) => `주문 접수: ${amount}, 상품 ${pieces}개.`,
    paymentAdded: (id, how) => `결제 ${id} 기록: ${how}.`,
    asked: (gateway, keys) =>
      keys.length === 0
        ? `조회: ${gateway}에 있는 이 주문의 모든 거래.`
        : `조회: ${gateway}에 있는 거래 ${keys.join(', ')}.`,
    askedRefund: (gateway, key, amount) =>
      `요청: ${gateway}에 ${key} 거래의 ${amount} 환불을 요청했습니다.`,
    inTurn: (count) => `위의 두 가지가 번갈아 ${count}번 더 있었습니다.`,
    notAsked: '조회할 것이 없었습니다.',
    heard: (key, status, amount, words) =>
      `응답: ${key} 거래는 ${status}, ${amount}${words === null ? '' : ` (“${words}”)`}.`,
    heardOtherOrder: (key, orderId) => `응답: ${key} 거래는 주문 ${orderId}의 것입니다.`,
    heardAbsent: (key) => `응답: ${key} 거래는 없습니다.`,
    heardNothing: '응답: 이 주문에 다른 거래는 없습니다.',
    heardSilence: (key, cause) =>
      `${key === null ? '' : `${key} 거래에 대해 `}알아낸 것이 없습니다: ${cause}.`,
    heardRefund: {
      done: '응답: 환불이 끝났습니다.',
      underway: '응답: 환불이 진행 중입니다.',
      refused: '응답: 환불이 거절되었습니다.',
    },
    held: (id, verdict) => `판단: 결제 ${id} — ${verdict}.`,
    becomes: (state, sentence) => `결정: ${state}. ${sentence}`,
    stays: (state, sentence) => `결정: ${state} 유지. ${sentence}`,
    paymentBecomes: (id, state, sentence) => `결제 ${id}: ${state}. ${sentence}`,
    paymentFound: (id, key) =>
      `기록되지 않았던 거래를 PG에서 찾아 기록했습니다: ${key} (결제 ${id}).`,
    took: (productId, quantity) => `재고 차감: ${productId} ${quantity}개.`,
    told: (topic) => `알림: ${topic}.`,
    person: (by, note) =>
      `${by} 님이 결정했습니다${note === null || note === '' ? '.' : `: “${note}”`}`,
    refundRecorded: (by, note) =>
      `${by} 님이 환불을 기록했습니다${note === null || note === '' ? '.' : `: “${note}”`}`,
    requested: '데몬이 직접 결제를 요청했습니다.',
    messages: '알림을 받은 곳:',
    telling: {
      delivered: (topic, channel, at) => `${channel}: ${topic}, ${at}에 전달.`,
      pending: (topic, channel, at, detail) =>
        `${channel}: ${topic}, 아직 전달 전이며 ${at}에 보냅니다${detail === null ? '' : ` (지난번: ${detail})`}.`,
      overdue: (topic, channel, at, detail) =>
        `${channel}: ${topic}, 아직 전달 전이며 ${at}부터 전송을 기다리고 있습니다${detail === null ? '' : ` (지난번: ${detail})`}.`,
      dead: (topic, channel, at, detail, id) =>
        `${channel}: ${topic}, ${at}에 포기${detail === null ? '' : ` (${detail})`}. reconciled notices retry ${id} 명령으로 다시 보낼 수 있습니다.`,
    },
    next: {
      never: '남은 일이 없습니다. 콜백이 올 때만 다시 확인합니다.',
      due: (since) => `${since}부터 확인을 기다리고 있습니다.`,
      at: (at, wait) => `다음 확인: ${at} (${wait} 뒤).`,
      person: (todo) => `담당자를 기다립니다: ${todo}`,
    },
    todo: {
      refund: (amount, command) => `${amount} 환불 후 ${command}`,
    },
  },
  sweep: {
    done: (looked, seconds) => `${seconds}초 동안 주문 ${looked}건을 확인했습니다.`,
    byDaemon: '실행 중인 데몬이 확인합니다 …',
    byUs: '이 데이터베이스에서 실행 중인 데몬이 없어 여기서 확인합니다.',
    progress: '확인한 주문',
    early: '도중에 끝냈습니다. 결정한 것은 저장되었고, 나머지는 다음에 확인합니다.',
  },
  imported: {
    progress: '가져오는 중',
    lines: (read, bad) => `${read}줄을 읽었고, 그중 ${bad}줄이 잘못되었습니다.`,
    outcomes: {
      created: '저장',
      same: '이미 있음',
      updated: '변경',
    },
    badLine: (line, problem) => `${line}번째 줄: ${problem}`,
  },
  replay: {
    progress: '다시 결정하는 중',
    agreed: (rows) => `결정 ${rows}건을 다시 내렸고 모두 같았습니다.`,
    disagreed: (rows, of) => `결정 ${of}건 중 ${rows}건이 다르게 나왔습니다:`,
    skipped: (rows, rules) => `다른 규칙(${rules})으로 내린 결정 ${rows}건은 제외했습니다.`,
  },
  care: {
    copying: '복사하는 중',
    checking: '점검하는 중',
    backedUp: (path, orders, bytes) =>
      `${path}: 주문 ${orders}건, ${bytes}. 점검했고 이상이 없습니다.`,
    restored: (path, orders) =>
      `${path}: 주문 ${orders}건을 복원했습니다. 백업 뒤에 담당자가 기록한 것(직접 한 환불, 끝낸 보류, 입고)을 다시 기록한 뒤 데몬을 시작하세요. 데몬은 확인할 때가 된 주문을 조회합니다.`,
    pruned: (orders) => `주문 ${orders}건을 지웠습니다. 주문 번호는 다시 쓸 수 없습니다.`,
    wouldPrune: (orders) => `주문 ${orders}건을 지우게 됩니다.`,
    sound: (orders, decisions) =>
      `데이터베이스에 이상이 없습니다: 주문 ${orders}건, 다시 내린 결정 ${decisions}건이 모두 같습니다.`,
    unsound: (troubles) => `문제 ${troubles}건을 찾았습니다:`,
    differs: (orderId, seq, where) =>
      `저널 ${seq}번 행(주문 ${orderId})의 결정을 다시 내리면 다르게 나옵니다: ${where}.`,
  },
  doctor: {
    verdicts: { ok: '정상', warning: '확인', trouble: '문제' },
    allWell: '데몬에 필요한 것이 모두 갖추어져 있습니다.',
    todo: (count) => `할 일이 ${count}가지 있습니다.`,
    configuration: (file) =>
      file === null ? '파일 없음, 기본값 사용' : `${file}에 잘못이 없습니다`,
    noGateway: '설정된 PG가 없습니다',
    noGatewayTodo: '[[gateway]] 표를 추가하세요. docs/configuration.md에 예가 있습니다',
    folder: (path) => `${path}에 쓸 수 있습니다`,
    folderMissing: (path) => `아직 없습니다. 데몬이 만듭니다: ${path}`,
    folderLocked: (path) => `이 사용자는 ${path}에 쓸 수 없습니다`,
    folderLockedTodo: (path) => `데몬 사용자의 것으로 바꾸세요: chown -R reconciled ${path}`,
    disk: (free) => `${free} 남음`,
    diskTodo:
      '공간을 확보하세요: 오래된 백업과 보고서를 지우거나 디스크를 늘리세요 (reconciled prune은 데이터베이스가 더 커지지 않게 할 뿐이며, 그 자체도 공간이 필요합니다)',
    files: (count) => `공간이 남아 있어도 파일은 ${count}개만 더 만들 수 있습니다`,
    filesTodo:
      '필요 없는 파일을 지우세요 (남은 개수는 df -i, 파일이 많은 곳은 du --inodes로 볼 수 있습니다)',
    secret: '이 서버의 다른 사용자는 데이터베이스를 읽을 수 없습니다',
    open: (path) => `이 서버의 다른 사용자가 읽을 수 있습니다: ${path}`,
    openTodo: (path) => `chmod 600 ${path}*`,
    secretTodo: (path) => `chmod o= ${path}`,
    database: (orders) => `주문 ${orders}건, 읽을 수 있습니다`,
    noDatabase: '아직 없습니다. 데몬이 만듭니다',
    daemon: (origin) => `${origin}에서 데몬이 일하고 있습니다`,
    daemonNotReady: (origin) => `${origin}의 데몬이 준비되지 않았습니다`,
    daemonNotReadyTodo: '이유는 reconciled health가 알려 줍니다',
    otherDaemon: (origin) => `${origin}에서 응답하는 것은 이 데이터베이스의 데몬이 아닙니다`,
    otherDaemonTodo:
      '이 데이터베이스의 데몬과 같은 --config(또는 --listen)를 주거나, 그 주소를 차지한 프로그램을 끝내세요',
    noDaemon: (origin) => `${origin}에서 데몬이 응답하지 않습니다`,
    noDaemonTodo: '시작하세요: systemctl start reconciled 또는 reconciled serve',
    clock: (gateway, seconds) => `${gateway}의 시계와 ${seconds}초 차이`,
    clockTodo: '시스템 시계를 맞추세요: timedatectl set-ntp true',
    gateway: (ms) => `${ms} ms 만에 응답`,
    gatewayTodo: {
      misconfigured: '이 PG의 base_url과 user_id를 확인하세요',
      others: 'base_url을 확인하고, 이 서버에서 접속되는지 보세요 (curl -v)',
    },
    channel: (detail) => `연결됨: ${detail}`,
    channelLog: '데몬의 로그에 씁니다',
    channelTodo: (name) => `고친 뒤 reconciled notices test ${name}`,
  },
  commands: {
    done: (id, state) => `처리했습니다: 주문 ${id} — ${state}.`,
    same: (id, state) => `이미 그런 상태입니다: 주문 ${id} — ${state}.`,
  },
  report: reportKo,
  deliveries: {
    states: { pending: '대기', delivered: '전달', dead: '포기' },
    failures: {
      timeout: '시간 초과',
      connection: '연결 실패',
      rejected: '수신 측이 메시지를 거절함',
      rate_limited: '수신 측의 요청 한도 초과',
      server_error: '수신 측 서버 오류',
      redirected: '다른 주소로 이동하라는 응답(설정의 주소 확인 필요)',
      forbidden_address:
        '이 서버나 사설망의 주소라서 보내지 않음(allow_private = true로 허용 가능)',
      configuration: '수신 측이 접근을 거부함(채널 설정 확인 필요)',
      stopping: '데몬 종료 중',
      internal: '내부 오류',
    },
    table: {
      id: '번호',
      at: '시각',
      topic: '주제',
      subject: '대상',
      channel: '채널',
      state: '상태',
      attempts: '시도',
      nextTry: '다음 시도',
      detail: '마지막 응답',
    },
    none: '조건에 맞는 알림이 없습니다.',
    retried: {
      due: (id) => `${id}: 다시 보냅니다.`,
      not_found: (id) => `${id}: 그런 알림이 없습니다.`,
      not_dead: (id) => `${id}: 포기한 알림이 아니어서 그대로 둡니다.`,
      no_channel: (id) => `${id}: 채널이 더 이상 설정에 없어 포기한 채로 둡니다.`,
    },
    later: '이 데이터베이스에서 실행 중인 데몬이 없습니다. 다음에 실행되는 데몬이 보냅니다.',
    taken: (channel, detail) => `${channel} 채널이 시험 메시지를 받았습니다: ${detail}`,
    refused: (channel, failure, detail) =>
      `${channel} 채널이 시험 메시지를 받지 않았습니다. ${failure}: ${detail}`,
  },
};

import t from 'tap';
import { judge, statementOf } from '../../lib/core/judge.ts';
import { gatewayPolicy } from '../../lib/core/policy.ts';
import { deepFreeze } from './freeze.ts';
import { situation } from './language.ts';
import { judgementSentence } from './sentences.ts';
import { NOW } from './words.ts';

/** [what is stored, what was heard, what is held true of the payment] */
type Row = readonly [stored: string, heard: string, verdict: string];

const TABLE: Readonly<Record<string, readonly Row[]>> = {
  'an answer about another key than the one asked': [
    ['pending 20m; pg K1 pending', 'pg: K2 succeeded', 'unknown'],
    ['pending 20m; pg K1 presumed attempt_failed', 'pg: K2 failed', 'unknown'],
  ],
  'found with another order id or currency, any status': [
    ['pending 20m; pg K1 pending', 'pg: K1 succeeded of another order', 'mismatched'],
    ['pending 20m; pg K1 pending', 'pg: K1 failed of another order', 'mismatched'],
    ['pending 20m; pg K1 pending', 'pg: K1 pending of another order', 'mismatched'],
    ['pending 20m; pg K1 pending', 'pg: K1 unrecognised of another order', 'mismatched'],
    ['pending 20m; pg K1 pending', 'pg: K1 succeeded 5000 USD', 'mismatched'],
    ['pending 20m; pg K1 presumed attempt_failed', 'pg: K1 cancelled 5000 USD', 'mismatched'],
  ],
  succeeded: [
    ['pending 20m; pg K1 pending', 'pg: K1 succeeded', 'captured'],
    ['pending 20m; pg K1 pending', 'pg: K1 succeeded "정상 승인"', 'captured "정상 승인"'],
    ['failed declined 2h; pg K1 presumed attempt_failed', 'pg: K1 succeeded', 'captured'],
    ['failed declined 2h; pg K1 failed declined', 'pg: K1 succeeded', 'captured'],
    ['pending 20m; pg K1 pending', 'pg: K1 succeeded 4999', 'mismatched'],
    ['pending 20m; pg K1 pending', 'pg: K1 succeeded 5001', 'mismatched'],
    ['pending 20m; pg K1 pending', 'pg: K1 succeeded 0', 'mismatched'],
  ],
  'failed or cancelled': [
    ['pending 20m; pg K1 pending', 'pg: K1 failed "한도초과입니다."', 'declined "한도초과입니다."'],
    ['pending 20m; pg K1 pending', 'pg: K1 cancelled', 'declined'],
    ['pending 1m; pg K1 pending', 'pg: K1 failed', 'declined'],
    ['pending 20m; pg K1 pending', 'pg: K1 failed 4000', 'declined'],
  ],
  'refunded or partly refunded': [
    ['pending 20m; pg K1 pending', 'pg: K1 refunded', 'declined refunded_at_gateway'],
    ['pending 20m; pg K1 pending', 'pg: K1 partly_refunded', 'mismatched'],
  ],
  'pending or authorised': [
    ['pending 20m; pg K1 pending', 'pg: K1 pending', 'open'],
    ['pending 20m; pg K1 pending', 'pg: K1 authorised', 'open'],
    ['pending 4d; pg K1 pending', 'pg: K1 pending', 'open'],
    ['failed declined 2h; pg K1 presumed attempt_failed', 'pg: K1 pending', 'open'],
  ],
  'an attempt failed, a further one may succeed inside the payment window': [
    ['pending 9m; pg K1 pending', 'pg: K1 attempt_failed', 'open'],
    ['pending 10m; pg K1 pending', 'pg: K1 attempt_failed', 'presumed_declined attempt_failed'],
    [
      'pending 9m; pg K1 pending',
      'pg: K1 attempt_failed until 1s ago',
      'presumed_declined attempt_failed',
    ],
    ['pending 2h; pg K1 pending', 'pg: K1 attempt_failed until in 1s', 'open'],
    ['pending 2h; pg K1 pending, requested 5m ago', 'pg: K1 attempt_failed', 'open'],
  ],
  'a word that the adapter does not know': [
    ['pending 20m; pg K1 pending', 'pg: K1 unrecognised "WEIRD"', 'unclear "WEIRD"'],
  ],
  'the gateway never heard of the key that it gave us': [
    ['pending 20m; pg K1 pending', 'pg: K1 absent', 'unclear lost_at_gateway'],
    ['pending 1m; pg K1 pending', 'pg: K1 absent, nothing else', 'unclear lost_at_gateway'],
    [
      'failed declined 2h; pg K1 presumed attempt_failed',
      'pg: K1 absent',
      'unclear lost_at_gateway',
    ],
  ],
  'without a key, and the gateway listed everything': [
    ['pending 9m; pg keyless pending', 'pg: nothing', 'open'],
    [
      'pending 10m; pg keyless pending',
      'pg: nothing',
      'presumed_declined not_at_gateway "PG 요청 실패"',
    ],
    ['pending 2h; pg keyless pending, requested 5m ago', 'pg: nothing', 'open'],
    // What stayed unheard is recorded: it is not the one that is missing.
    [
      'pending 20m; pg keyless pending; pg K1 pending',
      'pg: K1 silent, nothing else',
      'presumed_declined not_at_gateway "PG 요청 실패"',
    ],
    [
      'failed request_failed 1h; pg keyless presumed request_failed 1h ago "PG 요청 실패"',
      'pg: nothing',
      'presumed_declined request_failed "PG 요청 실패"',
    ],
  ],
  'without a key, and the gateway cannot be asked by order id': [
    ['pending 9m; bank keyless pending', '', 'open'],
    ['pending 10m; bank keyless pending', '', 'unclear cannot_ask'],
    ['pending 10m; bank keyless pending', 'bank: nothing', 'unclear cannot_ask'],
  ],
  'silent, or not asked in this look': [
    ['pending 20m; pg K1 pending', '', 'unknown'],
    ['pending 20m; pg K1 pending', 'pg: silent timeout', 'unknown'],
    ['pending 20m; pg K1 pending', 'pg: K1 silent', 'unknown'],
    ['pending 20m; pg K1 pending', 'pg: nothing', 'unknown'],
    ['pending 20m; pg K1 pending', 'wallet: K1 succeeded', 'unknown'],
    ['pending 20m; pg keyless pending', 'pg: silent connection', 'unknown'],
    ['pending 20m; pg keyless pending', 'pg: listing silent', 'unknown'],
    ['pending 20m; pg keyless pending', 'pg: K2 silent, nothing else', 'unknown'],
    // The same key at another gateway is another transaction, and nobody recorded this one.
    [
      'pending 20m; pg keyless pending; wallet K2 failed declined',
      'pg: K2 silent, nothing else',
      'unknown',
    ],
    ['pending 20m; pg keyless pending, recorded since', 'pg: nothing', 'unknown'],
    [
      'failed not_at_gateway 2h; pg keyless presumed not_at_gateway',
      'pg: silent timeout',
      'unknown',
    ],
  ],
  'ignorance never overwrites a decline in the gateway’s own words': [
    ['failed declined 2h; pg K1 failed declined "한도초과"', '', 'declined "한도초과"'],
    ['failed declined 2h; pg K1 failed declined', 'pg: K1 absent', 'declined'],
    ['pending 20m; no-gateway K1 failed declined', '', 'declined'],
  ],
  'no gateway serves its method': [
    ['pending 20m; no-gateway K1 pending', '', 'unclear no_gateway'],
    ['pending 1m; no-gateway keyless pending', 'pg: nothing', 'unclear no_gateway'],
    ['pending 20m; no-gateway K1 pending', 'pg: K1 succeeded', 'unclear no_gateway'],
  ],
};

for (const [row, examples] of Object.entries(TABLE)) {
  t.test(row, async (t) => {
    for (const [stored, heard, verdict] of examples) {
      const { theCase, heard: said, policy } = deepFreeze(situation(stored, heard));
      const [payment] = theCase.payments;
      if (payment === undefined) throw new Error('the row has no payment');
      const judgement = judge(payment, {
        order: theCase.order,
        gateway: gatewayPolicy(policy, payment.gateway),
        statement:
          payment.gateway === null ? null : statementOf(said, payment.gateway, theCase.payments),
        now: NOW,
      });
      t.equal(judgementSentence(judgement), verdict, `${stored} | ${heard}`);
    }
  });
}

t.test('a word that the language does not know fails the row', async (t) => {
  const rows = [
    ['pendign 20m', ''],
    ['pending', ''],
    ['held 20m', ''],
    ['pending 20m; pg K1 waiting', ''],
    ['pending 20m; pg K1 pending, requested yesterday', ''],
    ['pending 20m; stocks short', ''],
    ['pending 20m; stripe K1 pending', ''],
    ['pending 20m', 'stripe: nothing'],
    ['pending 20m', 'pg: K1 captured'],
    ['pending 20m', 'pg: silent asleep'],
    ['pending 20m', 'pg: silent timeout, nothing else'],
    ['pending 20m', 'pg: K1 failed "no'],
    ['pending 20m', 'pg: nothing more'],
    ['pending 20m', 'pg refunds K1: maybe'],
  ] as const;
  for (const [stored, heard] of rows) {
    t.throws(() => situation(stored, heard), /does not know|no duration/, `${stored} | ${heard}`);
  }
});

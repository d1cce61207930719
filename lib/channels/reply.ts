import type { Clock } from '../clock.ts';
import { type FailureCause, failedReceipt, type Receipt } from '../core/delivery.ts';
import { type DurationMs, HOUR_MS, SECOND_MS } from '../core/time.ts';
import { readRetryAfter } from '../retry-after.ts';
import { ForbiddenAddress } from './addresses.ts';
import { detailText } from './detail.ts';
import type { SlackSettings, WebhookSettings } from './port.ts';
import type { Posted } from './post.ts';

/** What a refusal means to this kind of receiver. */
export interface Verdict {
  readonly cause: FailureCause;
  readonly permanent: boolean;
}

/** A receiver that asks for a longer pause is tried again after this one. */
const MAX_RETRY_AFTER_MS: DurationMs = HOUR_MS;

/**
 * The receipt of a POST: 2xx is delivered, a redirect is not followed, a pause that was asked for is kept. `verdictOf` judges every
 * other status, with the start of the body.
 */
export function replyReceipt(
  posted: Posted,
  settings: WebhookSettings | SlackSettings,
  clock: Clock,
  verdictOf: (status: number, text: string) => Verdict,
): Receipt {
  if (posted.kind === 'timeout') {
    return failedReceipt('timeout', `no answer within ${settings.timeoutMs / SECOND_MS} s`);
  }
  if (posted.kind === 'failed') {
    const [cause, words] = troubleOf(posted.error);
    return failedReceipt(cause, detailText(settings, words));
  }
  const { status, header, text } = posted;
  const detail = detailText(settings, `${status} ${text}`);
  if (status >= 200 && status < 300) return { kind: 'delivered', detail };
  if (status >= 300 && status < 400) {
    return failedReceipt(
      'redirected',
      `${status}: redirects are not followed, url has to be the last one`,
    );
  }
  const isPause = status === 429 || status === 503;
  const asked = { retryAfter: header('retry-after'), date: header('date') };
  const retryAfterMs = isPause ? readRetryAfter(asked, clock.now(), MAX_RETRY_AFTER_MS) : null;
  if (status === 429 || retryAfterMs !== null) {
    return { kind: 'failed', cause: 'rate_limited', permanent: false, retryAfterMs, detail };
  }
  return { kind: 'failed', ...verdictOf(status, text), retryAfterMs: null, detail };
}

/** Why there is no reply, and in words. Unknown codes are those of TLS and of the operating system. */
function troubleOf(error: unknown): readonly [FailureCause, string] {
  if (error instanceof ForbiddenAddress) {
    return [
      'forbidden_address',
      `${error.message}: this machine and private networks are refused. Write allow_private = true if that is meant.`,
    ];
  }
  // Each address of a name was tried.
  if (error instanceof AggregateError && error.errors.length > 0) return troubleOf(error.errors[0]);
  const words = error instanceof Error ? error.message : String(error);
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  switch (code) {
    case 'UND_ERR_CONNECT_TIMEOUT':
    case 'ETIMEDOUT':
      return ['timeout', words];
    case 'UND_ERR_INVALID_ARG':
    case 'UND_ERR_NOT_SUPPORTED':
      return ['configuration', words];
    case 'UND_ERR_CLOSED':
    case 'UND_ERR_DESTROYED':
      return ['stopping', words];
    default:
      return ['connection', words];
  }
}

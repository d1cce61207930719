import type { Config } from '../config.ts';
import type { Policy } from '../core/policy.ts';
import { DAY_MS, type DurationMs, HOUR_MS } from '../core/time.ts';
import { gatewayKind } from '../gateways/index.ts';

/**
 * What a decision made now depends on: the settings, what each gateway can do, and which of them answer at present (while nobody
 * asks them: none).
 */
export function policyOf(
  config: Pick<Config, 'sweep' | 'gateways'>,
  answering: readonly string[],
): Policy {
  const { staleAfterMs, holdAfterMs, ladderMs } = config.sweep;
  return {
    staleAfterMs,
    holdAfterMs,
    ladderMs,
    gateways: config.gateways.map(({ settings: { name, kind }, paymentWindowMs }) => {
      const { canList = false, canRefund = false } = gatewayKind(kind)?.capabilities ?? {};
      return { name, canList, canRefund, paymentWindowMs, answering: answering.includes(name) };
    }),
  };
}

/** No look at a pending order is planned further off than this. The hour is the same as below. */
export function longestPendingWaitMs({ staleAfterMs, ladderMs }: Policy): DurationMs {
  return Math.max(staleAfterMs, ...ladderMs) + HOUR_MS;
}

/**
 * No decision plans a look further off than this; a due time beyond it was written by a clock that has since gone back.
 * The hour is for orders dated ahead and for gateways that ask for a pause.
 */
export function longestWaitMs(policy: Policy): DurationMs {
  const { ladderMs, holdAfterMs, staleAfterMs } = policy;
  return Math.max(DAY_MS, holdAfterMs, ...ladderMs) + staleAfterMs + HOUR_MS;
}

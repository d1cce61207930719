import type { DurationMs } from './time.ts';

/** The settings and circumstances that a decision depends on. */
export interface Policy {
  /** An order without any payment is left alone until it is this old. */
  readonly staleAfterMs: DurationMs;
  /** How long doubt may last before a person is told. */
  readonly holdAfterMs: DurationMs;
  /** Waits between looks that change nothing; the last one repeats. Never empty. */
  readonly ladderMs: readonly DurationMs[];
  /** The configured gateways. */
  readonly gateways: readonly GatewayPolicy[];
}

/** What decisions depend on of one gateway. */
export interface GatewayPolicy {
  readonly name: string;
  /** It can be asked by order id, and then lists all it has. */
  readonly canList: boolean;
  readonly canRefund: boolean;
  /** How long after the request a transaction may still appear or change. */
  readonly paymentWindowMs: DurationMs;
  /** It answers for other orders at present: its silence about one is about that one. */
  readonly answering: boolean;
}

/** The policy of a gateway, `undefined` when none of that name is configured. */
export function gatewayPolicy(policy: Policy, name: string | null): GatewayPolicy | undefined {
  return name === null ? undefined : policy.gateways.find((gateway) => gateway.name === name);
}

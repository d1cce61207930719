import type { DurationMs } from './core/time.ts';
import type { GatewaySettings } from './gateways/port.ts';

/** All settings, read and checked; the only place that reads the environment. */
export interface Config {
  readonly dataDir: string;
  readonly timezone: string;
  readonly locale: 'ko' | 'en';
  readonly http: {
    readonly listen: Address;
    /** A listener of its own for callbacks; `null`: they come to `listen`. */
    readonly callbackListen: Address | null;
    readonly apiToken: string | null;
    readonly paymentRequests: boolean;
  };
  readonly sweep: {
    readonly cron: string;
    readonly staleAfterMs: DurationMs;
    readonly threads: number;
    readonly ladderMs: readonly DurationMs[];
    readonly holdAfterMs: DurationMs;
  };
  readonly gateways: readonly GatewayConfig[];
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

export interface GatewayConfig {
  readonly settings: GatewaySettings;
  readonly methods: readonly string[];
  /** Over all threads. */
  readonly maxInFlight: number;
  readonly paymentWindowMs: DurationMs;
  /** Requests a second; `null`: none. */
  readonly ratePerSecond: number | null;
  readonly breaker: BreakerSettings;
}

export interface BreakerSettings {
  /** The share of failed or slow exchanges that opens the circuit, 0–1. */
  readonly failures: number;
  /** Over this long. */
  readonly windowMs: DurationMs;
  /** With at least so many exchanges. */
  readonly minimum: number;
  /** How long it stays open. */
  readonly openMs: DurationMs;
  /** Trial requests then. */
  readonly halfOpen: number;
  /** An exchange slower than this counts as failed. */
  readonly slowMs: DurationMs;
}

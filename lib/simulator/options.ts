import { type Clock, systemClock } from '../clock.ts';
import { ReconciledError } from '../errors.ts';
import { type Delay, readDelay } from './delay.ts';
import type { PreloadedPayment } from './preload.ts';

/**
 * How the simulator behaves; plain values, one per flag. What is left out behaves like the real pg-simulator. Delays
 * are texts: `none`, `constant:500`, `uniform:100-500`, `lognormal:120:3000`, in milliseconds; rates are 0–1.
 */
export interface SimulatorOptions {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** The same seed gives each order the same fate, whatever comes first. */
  readonly seed: number;
  /** Before a payment request is answered. */
  readonly requestDelay: string;
  /** Payment requests that answer 500, with nothing recorded. */
  readonly failureRate: number;
  /** From a request that was accepted to its final status. */
  readonly processingDelay: string;
  /** Accepted payments that fail because the limit is exceeded … */
  readonly limitExceededRate: number;
  /** … or because the card is invalid; all others succeed. */
  readonly invalidCardRate: number;
  /** Before a GET is answered. */
  readonly lookupDelay: string;
  /** GETs that answer 500. */
  readonly lookupFailureRate: number;
  /** GETs that are never answered: the connection stays open until the client gives up. */
  readonly lookupSilenceRate: number;
  /** False: no callback is ever sent. */
  readonly callbacks: boolean;
  /** Callbacks that are lost on the way. */
  readonly lostCallbackRate: number;
  /** Takes the place of `http://localhost:8080` in callback URLs, as a proxy there would; `null`: they are used as they are. */
  readonly callbackOrigin: string | null;
  /** Payments to start with. */
  readonly preload: readonly PreloadedPayment[];
  /** Opens `/__simulator`, which the real one lacks: preload, stats, reset. */
  readonly admin: boolean;
  readonly clock: Clock;
}

/** The real pg-simulator, on the port that it has. */
const SIMULATOR_DEFAULTS: SimulatorOptions = {
  host: '127.0.0.1',
  port: 8082,
  seed: 1,
  requestDelay: 'uniform:100-500',
  failureRate: 0.4,
  processingDelay: 'uniform:1000-5000',
  limitExceededRate: 0.2,
  invalidCardRate: 0.1,
  lookupDelay: 'none',
  lookupFailureRate: 0,
  lookupSilenceRate: 0,
  callbacks: true,
  lostCallbackRate: 0,
  callbackOrigin: null,
  preload: [],
  admin: false,
  clock: systemClock,
};

/** Options that are all there and were checked. */
export interface Behaviour extends SimulatorOptions {
  readonly delays: { readonly request: Delay; readonly processing: Delay; readonly lookup: Delay };
}

/** Fills in defaults; throws a `ReconciledError` that names the option that is off. */
export function checkOptions(given: Partial<SimulatorOptions>): Behaviour {
  const options = { ...SIMULATOR_DEFAULTS, ...given };
  for (const name of RATES) checkRate(name, options[name]);
  checkRate(
    'limitExceededRate + invalidCardRate',
    options.limitExceededRate + options.invalidCardRate,
  );
  if (!Number.isSafeInteger(options.seed)) {
    throw new ReconciledError('invalid', `seed: ${options.seed} is not a whole number.`, {
      hint: 'Write for example 42.',
    });
  }
  // Node would take it for every address of this machine.
  if (options.host === '') {
    throw new ReconciledError('invalid', 'host: it is empty.', {
      hint: 'Write for example 127.0.0.1, or 0.0.0.0 for every address of this machine.',
    });
  }
  const { callbackOrigin } = options;
  if (callbackOrigin !== null && URL.parse(callbackOrigin)?.origin !== callbackOrigin) {
    throw new ReconciledError('invalid', `callbackOrigin: "${callbackOrigin}" is not an origin.`, {
      hint: 'Write for example http://127.0.0.1:8090, without a path.',
    });
  }
  return {
    ...options,
    delays: {
      request: readDelay('requestDelay', options.requestDelay),
      processing: readDelay('processingDelay', options.processingDelay),
      lookup: readDelay('lookupDelay', options.lookupDelay),
    },
  };
}

const RATES = [
  'failureRate',
  'limitExceededRate',
  'invalidCardRate',
  'lookupFailureRate',
  'lookupSilenceRate',
  'lostCallbackRate',
] as const;

function checkRate(name: string, rate: number): void {
  // A hair above 1 is what floating point makes of 0.7 + 0.2 + 0.1.
  if (rate >= 0 && rate <= 1 + Number.EPSILON) return;
  throw new ReconciledError('invalid', `${name}: ${rate} is not a share.`, {
    hint: 'Write a number from 0 (never) to 1 (always).',
  });
}

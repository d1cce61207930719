import type { DurationMs } from '../core/time.ts';
import { ReconciledError } from '../errors.ts';
import type { Draw } from './random.ts';

/** How long something takes; `null`: no time at all, and no timer either. */
export type Delay = ((draw: Draw) => DurationMs) | null;

/** Of the standard normal distribution: 99 of 100 draws are below it. */
const P99 = 2.3263478740408408;

/**
 * Reads a distribution, all numbers in milliseconds: `none`, `constant:500`, `uniform:100-500` (both ends included),
 * `lognormal:120:3000` (median and 99th percentile: a heavy tail).
 */
export function readDelay(option: string, text: string): Delay {
  const [, name, first = '', second = ''] =
    /^(none|constant|uniform|lognormal)(?::(\d+)(?:[-:](\d+))?)?$/.exec(text) ?? [];
  const low = Number(first);
  const high = Number(second);
  if (name === 'none' && first === '') return null;
  if (name === 'constant' && first !== '' && second === '') return low === 0 ? null : () => low;
  if (name === 'uniform' && text === `uniform:${first}-${second}` && low <= high) {
    return (draw) => low + Math.floor(draw('delay') * (high - low + 1));
  }
  if (name === 'lognormal' && text === `lognormal:${first}:${second}` && low > 0 && low <= high) {
    const sigma = Math.log(high / low) / P99;
    return (draw) => Math.round(low * Math.exp(sigma * normal(draw)));
  }
  throw new ReconciledError('invalid', `${option}: "${text}" is not a distribution of delays.`, {
    hint: 'Write none, constant:500, uniform:100-500 or lognormal:120:3000 (median and 99th percentile), in milliseconds.',
  });
}

/** Standard normal, by Box and Muller. */
function normal(draw: Draw): number {
  return (
    Math.sqrt(-2 * Math.log(1 - draw('delay radius'))) * Math.cos(2 * Math.PI * draw('delay angle'))
  );
}

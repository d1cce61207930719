/**
 * The first thread of the daemon starts before the command line is loaded: to start takes it longest of all, and it has a core of
 * its own. Two bundles share it, the one that starts it and the one that Piscina is in, so it is kept where both find it.
 */
import { getAsset } from 'node:sea';
import { Worker, type WorkerOptions } from 'node:worker_threads';

const PLACE = Symbol.for('reconciled.early-thread');

/** A thread that runs the binary's own start. */
export function startThread(options: WorkerOptions): Worker {
  return new Worker(getAsset('start.js', 'latin1'), { ...options, eval: true });
}

/** Starts it, with the environment of the process; whoever wants a thread first gets it. */
export function startEarly(env: NodeJS.ProcessEnv): void {
  const early = startThread({ env, execArgv: [] });
  // Where nobody wants one (`serve --help`) it keeps nobody from ending.
  early.unref();
  Reflect.set(globalThis, PLACE, [early, env]);
}

/** The thread that was started early, once, where one is wanted that is started like it. */
export function takeEarly({
  env,
  execArgv = [],
  resourceLimits = {},
}: WorkerOptions): Worker | null {
  const kept: unknown = Reflect.get(globalThis, PLACE);
  if (!Array.isArray(kept)) return null;
  const [early, itsEnv]: readonly unknown[] = kept;
  const isLimited = Object.keys(resourceLimits).length > 0;
  const isAlike = env === itsEnv && execArgv.length === 0 && !isLimited;
  if (!(early instanceof Worker && isAlike)) return null;
  Reflect.deleteProperty(globalThis, PLACE);
  return early;
}

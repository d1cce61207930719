import { subscribe } from 'node:diagnostics_channel';
import { type EventLoopUtilization, performance } from 'node:perf_hooks';

/**
 * Loaded into a daemon before its program (`--import`): measures how long the main thread is busy from the moment when a
 * request comes in to the moment when its reply is out. Waiting in between does not count. Tells the numbers when it is asked
 * over the channel to its parent, and begins anew.
 */

const begun = new WeakMap<object, EventLoopUtilization>();
let busyMs: number[] = [];

subscribe('http.server.request.start', (message) => {
  const request = requestOf(message);
  if (request !== null) begun.set(request, performance.eventLoopUtilization());
});

subscribe('http.server.response.finish', (message) => {
  const request = requestOf(message);
  const start = request === null ? undefined : begun.get(request);
  if (start !== undefined) busyMs.push(performance.eventLoopUtilization(start).active);
});

process.on('message', () => {
  process.send?.(busyMs);
  busyMs = [];
});
process.channel?.unref();

function requestOf(message: unknown): object | null {
  if (typeof message !== 'object' || message === null || !('request' in message)) return null;
  const { request } = message;
  return typeof request === 'object' ? request : null;
}

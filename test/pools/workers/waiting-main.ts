import { type Clock, systemClock } from '../../../lib/clock.ts';
import { createAsking } from '../../../lib/pools/asking.ts';
import { gatewayConfig } from '../gateway.ts';

/** A process that does nothing but wait for its first thread, on a clock that goes a thousand times as fast. */
const clock: Clock = {
  ...systemClock,
  after: (waitMs, call) => systemClock.after(waitMs / 1_000, call),
};
const asking = createAsking({
  gateways: [gatewayConfig('http://127.0.0.1:9')],
  threads: 1,
  clock,
  tell: () => {},
  workerUrl: new URL('./never-ready.ts', import.meta.url).href,
});
const heard = await asking.ready().then(
  () => 'ready',
  (error: Error) => error.message,
);
process.stdout.write(heard);
await asking.close();

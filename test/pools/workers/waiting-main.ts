import { systemClock } from '../../../lib/clock.ts';
import { createAsking } from '../../../lib/pools/asking.ts';
import { gatewayConfig } from '../gateway.ts';

/** A process that does nothing but wait for its first thread. */
const asking = createAsking({
  gateways: [gatewayConfig('http://127.0.0.1:9')],
  threads: 1,
  clock: systemClock,
  tell: () => {},
  workerUrl: new URL('./slow-start.ts', import.meta.url).href,
});
await asking.ready();
process.stdout.write('ready\n');
await asking.close();

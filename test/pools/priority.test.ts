import { once } from 'node:events';
import { constants, getPriority } from 'node:os';
import { Worker } from 'node:worker_threads';
import t from 'tap';

const NOT_HERE = process.platform === 'linux' ? false : 'a priority belongs to a process here';

t.test('a thread steps aside, and its process does not', { skip: NOT_HERE }, async (t) => {
  const before = getPriority();
  const url = new URL('../../lib/priority.ts', import.meta.url).href;
  const worker = new Worker(
    `const { getPriority } = require('node:os');
     import(${JSON.stringify(url)}).then(({ stepAside }) => {
       stepAside();
       require('node:worker_threads').parentPort.postMessage(getPriority());
     });`,
    { eval: true },
  );
  const [priority] = await once(worker, 'message');
  await worker.terminate();
  t.equal(priority, Math.max(before, constants.priority.PRIORITY_LOW));
  t.equal(getPriority(), before);
});

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { ReconciledError } from '../../errors.ts';
import { IS_ONE_BINARY, NODE_FLAGS } from '../../version.ts';

/** A pg-simulator in a process of its own. */
export interface GatewayProcess {
  readonly url: string;
  /** What it saw so far. */
  stats(): Promise<GatewayStats>;
  /** All that it has: the truth. */
  transactions(): Promise<readonly GatewayTransaction[]>;
  /** Ends the process; resolves when it is gone. */
  stop(): Promise<void>;
}

/** As the simulator tells it. */
export interface GatewayStats {
  readonly maxInFlight: number;
  /** How long each lookup took, by order id. */
  readonly durationsMs: Readonly<Record<string, readonly number[]>>;
}

/** One transaction at the gateway. */
export interface GatewayTransaction {
  readonly orderId: string;
  readonly amount: number;
  readonly status: 'PENDING' | 'SUCCESS' | 'FAILED';
}

/** How long a lookup takes: like the gateway on a usual day. */
const LOOKUP_DELAY = 'uniform:100-500';

/** The command line: the demo starts the gateway as a user would. The one binary is its own entry. */
const ENTRY = IS_ONE_BINARY
  ? []
  : [...NODE_FLAGS, fileURLToPath(new URL('../../main.ts', import.meta.url))];

/** Starts it on a free port; resolves when it listens. */
export async function startGateway(seed: number): Promise<GatewayProcess> {
  const args = ['--port', '0', '--seed', String(seed), '--lookup-delay', LOOKUP_DELAY, '--admin'];
  const child = spawn(process.execPath, [...ENTRY, 'simulate-gateway', ...args], {
    // A pipe for its input too: what is ignored is read from /dev/null, and a bare root has none.
    stdio: 'pipe',
  });
  // However the demo ends, a second Ctrl-C included: no gateway stays behind.
  const reap = () => child.kill('SIGKILL');
  process.once('exit', reap);
  child.once('exit', () => process.off('exit', reap));
  const url = await addressOf(child);
  return {
    url,
    stats: () => get<GatewayStats>(`${url}/__simulator/stats`),
    transactions: () => get<readonly GatewayTransaction[]>(`${url}/__simulator/payments`),
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}

/** The address that it says it listens on. */
async function addressOf(child: ChildProcess): Promise<string> {
  const said: string[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  for (const stream of [child.stdout, child.stderr]) {
    if (stream === null) continue;
    createInterface({ input: stream }).on('line', (line) => {
      said.push(line);
      const [address] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
      if (address !== undefined) resolve(address);
    });
  }
  child.once('error', reject);
  child.once('exit', (code) => {
    reject(
      new ReconciledError('internal', `The gateway ended with ${code}: ${said.join(' ')}`, {
        hint: 'Try `reconciled simulate-gateway --port 0` by hand; it tells what is wrong.',
      }),
    );
  });
  return promise;
}

async function get<T>(url: string): Promise<T> {
  const response = await fetch(url);
  return JSON.parse(await response.text());
}

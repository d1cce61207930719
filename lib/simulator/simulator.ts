import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import { ReconciledError } from '../errors.ts';
import { simulatorFetch } from './api.ts';
import { type Behaviour, checkOptions, type SimulatorOptions } from './options.ts';
import { type GatewayPayment, Payments } from './payments.ts';
import { checkPreload } from './preload.ts';
import { Processing } from './processing.ts';
import { Draws } from './random.ts';
import { type Stats, Traffic } from './traffic.ts';

/** A running simulator. */
export interface Simulator {
  readonly url: string;
  readonly port: number;
  /** Stops at once; everything is forgotten, and what was PENDING never settles. */
  close(): Promise<void>;
  /** The truth, for auditors: every payment in recorded order. */
  transactions(): readonly Truth[];
  stats(): Stats;
}

/** A payment as the gateway has it, without its card. */
export type Truth = Omit<GatewayPayment, 'cardNo' | 'cardType'>;

/**
 * Starts a pg-simulator: a card payment gateway on a bad day, with the contract of the real one and all its state in
 * memory. Options that are left out behave like the real one. Throws a `ReconciledError` when an option is off or the
 * port is taken.
 */
export async function startSimulator(options: Partial<SimulatorOptions> = {}): Promise<Simulator> {
  const behaviour = checkOptions(options);
  const payments = new Payments();
  for (const payment of checkPreload(behaviour.preload, behaviour.clock)) payments.record(payment);
  const traffic = new Traffic(behaviour.clock);
  const processing = new Processing(behaviour, payments, traffic);
  const draws = new Draws(behaviour.seed);
  const server = createAdaptorServer({
    fetch: simulatorFetch({ behaviour, payments, processing, traffic, draws }),
  });
  const port = await listen(server, behaviour);
  const host = behaviour.host.includes(':') ? `[${behaviour.host}]` : behaviour.host;
  return {
    url: `http://${host}:${port}`,
    port,
    transactions: () => payments.all().map(({ cardNo: _no, cardType: _type, ...truth }) => truth),
    stats: () => traffic.stats(),
    async close() {
      processing.stop();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      if ('closeAllConnections' in server) server.closeAllConnections();
      await closed;
    },
  };
}

function listen(
  server: ReturnType<typeof createAdaptorServer>,
  { host, port }: Behaviour,
): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => {
      reject(
        new ReconciledError('port_in_use', `The simulator cannot listen on ${host}:${port}.`, {
          hint: 'Stop what listens there, or choose another port (0 takes a free one).',
          cause: error,
        }),
      );
    });
    server.listen(port, host, () => resolve(boundPort(server.address())));
  });
}

function boundPort(address: AddressInfo | string | null): number {
  return typeof address === 'object' && address !== null ? address.port : 0;
}

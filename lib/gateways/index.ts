import { pgSimulator } from './pg-simulator.ts';
import type { GatewayKind } from './port.ts';

/** Every kind of gateway that there is; a new one is a file of its own and a line here. */
const KINDS: readonly GatewayKind[] = [pgSimulator];

/** What `kind` in the configuration may say. */
export const GATEWAY_KINDS: readonly string[] = KINDS.map(({ kind }) => kind);

/** The kind of that name, `undefined` when there is none. */
export function gatewayKind(kind: string): GatewayKind | undefined {
  return KINDS.find((candidate) => candidate.kind === kind);
}

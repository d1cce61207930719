import { lookup } from 'node:dns';
import { BlockList, isIP, type LookupFunction } from 'node:net';

/** A connection was refused by us: it would have gone to this machine or into a private network. */
export class ForbiddenAddress extends Error {
  override readonly name = 'ForbiddenAddress';
}

/** True for an address that no public service has. Anything that is no address counts as one too. */
export function isPrivateAddress(address: string): boolean {
  // A zone (`fe80::1%eth0`) says by which interface, not where to.
  const bare = address.replace(/%.*$/, '');
  const family = isIP(bare);
  // A BlockList reads ::ffff:127.0.0.1 as 127.0.0.1 by itself.
  return family === 0 || NOT_PUBLIC.check(bare, family === 4 ? 'ipv4' : 'ipv6');
}

/** The address in the host of a URL, `null` when it is a name. URL has put 0x7f.1 and 2130706433 into their usual form. */
export function literalAddress(hostname: string): string | null {
  const bare = hostname.replace(/^\[|\]$/g, '');
  return isIP(bare) === 0 ? null : bare;
}

/**
 * Resolves a name like Node does, and fails with `ForbiddenAddress` when one of its addresses is private. The connection is made to
 * what this returns, so a name that resolves differently the next time gains nothing.
 */
export const lookupPublic: LookupFunction = (hostname, options, done) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    const [first] = addresses ?? [];
    if (error !== null || first === undefined) {
      done(error ?? new Error(`${hostname} has no address`), '', 0);
      return;
    }
    const inside = addresses.find(({ address }) => isPrivateAddress(address));
    if (inside !== undefined) {
      done(new ForbiddenAddress(`${hostname} is ${inside.address}`), '', 0);
    } else if (options.all === true) done(null, addresses);
    else done(null, first.address, first.family);
  });
};

/** The special-purpose registries of IANA (RFC 6890 and its successors), and multicast. */
const NOT_PUBLIC = new BlockList();
for (const [network, bits] of [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
  // Link-local; 169.254.169.254 gives credentials to whoever asks from inside a cloud.
  ['169.254.0.0', 16],
  ['172.16.0.0', 12],
  ['192.0.0.0', 24],
  ['192.0.2.0', 24],
  ['192.88.99.0', 24],
  ['192.168.0.0', 16],
  ['198.18.0.0', 15],
  ['198.51.100.0', 24],
  ['203.0.113.0', 24],
  ['224.0.0.0', 4],
  ['240.0.0.0', 4],
] as const) {
  NOT_PUBLIC.addSubnet(network, bits, 'ipv4');
}
for (const [network, bits] of [
  // Unspecified, loopback, and IPv4 in its oldest disguise.
  ['::', 96],
  // NAT64 and 6to4 lead to IPv4 addresses of any kind.
  ['64:ff9b::', 96],
  ['64:ff9b:1::', 48],
  ['2002::', 16],
  ['100::', 64],
  ['2001::', 23],
  ['2001:db8::', 32],
  ['3fff::', 20],
  ['5f00::', 16],
  ['fc00::', 7],
  ['fe80::', 10],
  ['fec0::', 10],
  ['ff00::', 8],
] as const) {
  NOT_PUBLIC.addSubnet(network, bits, 'ipv6');
}

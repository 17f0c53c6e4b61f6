import { type LookupAddress, type LookupAllOptions, lookup } from 'node:dns';
import { BlockList, isIP, isIPv4, type LookupFunction } from 'node:net';
import { ConfigError } from '../../port/connector.errors.js';

/** True for addresses of the public internet: nothing private, local, reserved or used for cloud metadata. */
export function isPublicAddress(address: string): boolean {
  if (isIPv4(address)) return !RESERVED_V4.check(address);
  if (isIP(address) === 0) return false;
  return GLOBAL_V6.check(address, 'ipv6') && !RESERVED_V6.check(address, 'ipv6');
}

/** Rejects what the scheme or a literal address already gives away; names are judged when they resolve. */
export function guardUrl(url: URL, allowPrivateNetwork: boolean): void {
  if (url.protocol !== 'https:' && !(allowPrivateNetwork && url.protocol === 'http:'))
    throw new ConfigError(`${url.protocol}//${url.host} is rejected: the base URL has to use https`);
  if (url.username !== '' || url.password !== '')
    throw new ConfigError(`The base URL on ${url.host} must not contain a user name or password`);
  const literal = url.hostname.replace(/^\[|\]$/g, '');
  if (!allowPrivateNetwork && isIP(literal) !== 0 && !isPublicAddress(literal)) throw notPublic(url.hostname);
}

/** The `lookup` of the system, or what a test puts in its place. */
export type Resolver = (
  hostname: string,
  options: LookupAllOptions,
  callback: (error: NodeJS.ErrnoException | null, addresses: LookupAddress[]) => void,
) => void;

/**
 * A `lookup` for sockets: the address that was judged is the address that is connected to,
 * so a name that resolves differently the second time gains nothing.
 */
export const guarded =
  (resolve: Resolver): LookupFunction =>
  (hostname, options, callback) => {
    const all: LookupAllOptions = { ...options, all: true };
    resolve(hostname, all, (error, addresses) => {
      if (error) return callback(error, '', 0);
      if (addresses.some(({ address }) => !isPublicAddress(address)))
        return callback(notPublic(hostname), '', 0);
      answer(addresses, options.all === true, callback);
    });
  };

export const guardedLookup = guarded(lookup);

function answer(addresses: LookupAddress[], all: boolean, callback: Parameters<LookupFunction>[2]): void {
  const [first] = addresses;
  if (all) callback(null, addresses);
  else if (first) callback(null, first.address, first.family);
}

function notPublic(hostname: string): ConfigError {
  return new ConfigError(
    `${hostname} is rejected: it is or resolves to an address that is not on the public internet`,
  );
}

const RESERVED_V4 = subnets('ipv4', [
  ['0.0.0.0', 8],
  ['10.0.0.0', 8],
  ['100.64.0.0', 10],
  ['127.0.0.0', 8],
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
]);

/** Only global unicast can be public; mapped, link-local, unique-local and multicast lie outside of it. */
const GLOBAL_V6 = subnets('ipv6', [['2000::', 3]]);

/** Parts of it that tunnel to IPv4 addresses or are kept for documentation. */
const RESERVED_V6 = subnets('ipv6', [
  ['2001::', 23],
  ['2001:db8::', 32],
  ['2002::', 16],
  ['3fff::', 20],
]);

function subnets(family: 'ipv4' | 'ipv6', nets: readonly (readonly [string, number])[]): BlockList {
  const list = new BlockList();
  for (const [net, prefix] of nets) list.addSubnet(net, prefix, family);
  return list;
}

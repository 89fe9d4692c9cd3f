/** Which network addresses may be called for an address that a user chose (against SSRF). */
import { BlockList, isIP, isIPv4 } from 'node:net';

/**
 * IPv4 that is not the public internet: the IANA special-purpose registry (RFC 6890) as of 2026, and multicast.
 */
const RESERVED_IPV4 = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.0.0.0/24',
  '192.0.2.0/24',
  '192.88.99.0/24',
  '192.168.0.0/16',
  '198.18.0.0/15',
  '198.51.100.0/24',
  '203.0.113.0/24',
  '224.0.0.0/4',
  '240.0.0.0/4',
];
/** Of IPv6 only 2000::/3 is public, and these parts of it are not: IETF protocols with Teredo, examples, 6to4. */
const PUBLIC_IPV6 = '2000::/3';
const RESERVED_IPV6 = ['2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20'];

/** `allowed`: in a network that the operator allowed by hand. */
export type AddressVerdict = 'public' | 'allowed' | 'refused';

/**
 * Builds the judge of addresses.
 *
 * @param allowedNetworks CIDRs (IPv4 or IPv6) that are allowed although they are not public.
 * @returns a function from an IP address to its verdict; anything that is no IP address is refused. IPv4 that is
 * written as IPv6 (mapped, RFC 4291; NAT64, RFC 6052) is judged as the IPv4 that it stands for.
 * @throws Error for a network that is no CIDR.
 */
export function createAddressPolicy(allowedNetworks: readonly string[]): (address: string) => AddressVerdict {
  const allowed = networkSet(allowedNetworks);
  const reserved = networkSet([...RESERVED_IPV4, ...RESERVED_IPV6]);
  const publicIpv6 = networkSet([PUBLIC_IPV6]);
  return (address) => {
    // A zone (fe80::1%eth0) names an interface of this machine: never a public address.
    if (isIP(address) === 0 || address.includes('%')) return 'refused';
    const judged = embeddedIpv4(address) ?? address;
    if (allowed(judged)) return 'allowed';
    if (reserved(judged)) return 'refused';
    return isIPv4(judged) || publicIpv6(judged) ? 'public' : 'refused';
  };
}

/** Whether an address is in one of the networks. One list a family: a BlockList takes IPv4 for a part of ::/0. */
function networkSet(networks: readonly string[]): (address: string) => boolean {
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const network of networks) {
    const [address = '', prefix = ''] = network.split('/');
    if (isIP(address) === 0 || !/^\d+$/.test(prefix))
      throw new Error(`${network} is not a network like 10.0.0.0/8`);
    const family = familyOf(address);
    lists[family].addSubnet(address, Number(prefix), family);
  }
  return (address) => lists[familyOf(address)].check(address, familyOf(address));
}

const familyOf = (address: string) => (isIPv4(address) ? 'ipv4' : 'ipv6');

/** The IPv4 inside ::ffff:0:0/96 (mapped) or 64:ff9b::/96 (NAT64); undefined for any other address. */
function embeddedIpv4(address: string): string | undefined {
  if (isIPv4(address)) return undefined;
  const groups = expandIpv6(address);
  const prefix = groups
    .slice(0, 6)
    .map((group) => group.toString(16))
    .join(':');
  if (prefix !== '0:0:0:0:0:ffff' && prefix !== '64:ff9b:0:0:0:0') return undefined;
  return groups
    .slice(6)
    .flatMap((group) => [group >> 8, group & 0xff])
    .join('.');
}

/** The eight 16-bit groups of an IPv6 address. */
function expandIpv6(address: string): readonly number[] {
  // The URL parser writes every form in one way: hexadecimal groups, no dotted IPv4 inside.
  const canonical = new URL(`http://[${address}]`).hostname.slice(1, -1);
  const [head = '', tail] = canonical.split('::');
  const parse = (part: string) =>
    part === '' ? [] : part.split(':').map((group) => Number.parseInt(group, 16));
  if (tail === undefined) return parse(head);
  const [start, end] = [parse(head), parse(tail)];
  return [...start, ...Array<number>(8 - start.length - end.length).fill(0), ...end];
}

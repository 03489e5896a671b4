import { isIP, isIPv4 } from 'node:net';

/** An address as a number of 32 or 128 bits. */
export interface Ip {
  readonly bits: 32 | 128;
  readonly value: bigint;
}

/** A range of addresses, both ends in it. */
export interface IpRange {
  readonly bits: 32 | 128;
  readonly first: bigint;
  readonly last: bigint;
  /** The address before the slash: not the first one, when it was written wrongly. */
  readonly written: bigint;
}

/** Undefined for what is no IPv4 or IPv6 address. */
export function parseIp(text: string): Ip | undefined {
  const kind = isIP(text);
  if (kind === 0 || text.includes('%')) return undefined;
  return kind === 4 ? { bits: 32, value: parseIpv4(text) } : { bits: 128, value: parseIpv6(text) };
}

/** `10.96.0.0/16`, `fd00::/108`; undefined for what is none. */
export function parseRange(text: string): IpRange | undefined {
  const [address = '', prefix = ''] = text.split('/');
  const ip = parseIp(address);
  if (ip === undefined || !/^[0-9]{1,3}$/.test(prefix) || Number(prefix) > ip.bits) return undefined;
  const size = 1n << BigInt(ip.bits - Number(prefix));
  const first = ip.value - (ip.value % size);
  return { bits: ip.bits, first, last: first + size - 1n, written: ip.value };
}

/** Whether an address is in a range; one of the other kind never is. */
export function isWithin(ip: Ip, range: IpRange): boolean {
  return ip.bits === range.bits && range.first <= ip.value && ip.value <= range.last;
}

/** The address as people write it: IPv6 with its longest run of zero groups left out (RFC 5952). */
export function formatIp({ bits, value }: Ip): string {
  if (bits === 32) return [24n, 16n, 8n, 0n].map((shift) => (value >> shift) & 255n).join('.');
  const groups = [112n, 96n, 80n, 64n, 48n, 32n, 16n, 0n].map((shift) => ((value >> shift) & 0xffffn).toString(16));
  const runs = groups.join(':').match(/\b0(?::0)+\b/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
  if (longest === '') return groups.join(':');
  const text = groups.join(':');
  const at = text.search(new RegExp(`(?<![0-9a-f])${longest}(?![0-9a-f])`));
  return `${text.slice(0, at).replace(/:$/, '')}::${text.slice(at + longest.length).replace(/^:/, '')}`;
}

/** The same text for all ways to write an address; other text as it is. */
export function canonicalIp(text: string): string {
  // There is only one way to write an IPv4 address.
  if (isIPv4(text)) return text;
  const ip = parseIp(text);
  return ip === undefined ? text : formatIp(ip);
}

function parseIpv4(text: string): bigint {
  return BigInt(text.split('.').reduce((sum, octet) => sum * 256 + Number(octet), 0));
}

function parseIpv6(text: string): bigint {
  const [head = '', tail] = text.split('::');
  const before = groupsOf(head);
  const after = groupsOf(tail ?? '');
  const zeros = new Array<bigint>(8 - before.length - after.length).fill(0n);
  return [...before, ...zeros, ...after].reduce((sum, group) => (sum << 16n) | group, 0n);
}

function groupsOf(text: string): bigint[] {
  if (text === '') return [];
  return text.split(':').flatMap((group) => {
    if (!group.includes('.')) return [BigInt(`0x${group}`)];
    const low = parseIpv4(group);
    return [low >> 16n, low & 0xffffn];
  });
}

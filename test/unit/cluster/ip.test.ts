import { BlockList, SocketAddress } from 'node:net';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { canonicalIp, formatIp, isWithin, parseIp, parseRange } from '../../../src/cluster/ip.js';

const ipv4 = fc.ipV4();
const ipv6 = fc.ipV6();
/** Near each other, so that ranges are hit and missed. */
const near = fc
  .array(fc.constantFrom('0', '1', 'ff', 'ffff'), { minLength: 8, maxLength: 8 })
  .map((groups) => groups.join(':'));
const kindOf = (text: string) => (text.includes(':') ? 'ipv6' : 'ipv4');

describe('addresses', () => {
  it('are written as Node writes them', () => {
    fc.assert(
      fc.property(fc.oneof(ipv4, ipv6, near), (text) => {
        const ip = parseIp(text);
        const node = new SocketAddress({ address: text, family: kindOf(text) }).address;
        // Node keeps the last 32 bits of some addresses as IPv4: read again they are the same.
        expect(ip).toEqual(parseIp(node));
        if (!node.includes('.') || kindOf(text) === 'ipv4') expect(ip && formatIp(ip)).toBe(node);
        expect(canonicalIp(canonicalIp(text))).toBe(canonicalIp(text));
      }),
    );
  });

  it.each(['', '10.0.0', '10.0.0.256', 'fe80::1%eth0', '[::1]', '1::2::3', 'name'])('are not: "%s"', (text) => {
    expect(parseIp(text)).toBeUndefined();
    expect(canonicalIp(text)).toBe(text);
  });

  it.each([
    ['FD00:0:0:0:0:0:0:01', 'fd00::1'],
    ['::ffff:10.0.0.1', '::ffff:a00:1'],
    ['1:0:0:2:0:0:0:3', '1:0:0:2::3'],
    ['10:0:0:1:0:0:1:1', '10::1:0:0:1:1'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['1:2:3:4:5:6:7:8', '1:2:3:4:5:6:7:8'],
    ['10.0.0.1', '10.0.0.1'],
  ])('are the same however they are written: %s', (text, expected) => {
    expect(canonicalIp(text)).toBe(expected);
  });
});

describe('ranges', () => {
  const inside = (text: string, address: string, prefix: number): boolean => {
    const ip = parseIp(text);
    const range = parseRange(`${address}/${prefix}`);
    if (!ip || !range) throw new Error('must be an address and a range');
    return isWithin(ip, range);
  };

  it('have the addresses in them that Node says, of IPv4', () => {
    const close = fc.tuple(ipv4, fc.nat(32)).chain(([address, prefix]) => {
      const flip = fc.nat(31).map((bit) => ((parseIp(address)?.value ?? 0n) ^ (1n << BigInt(bit))) as bigint);
      return fc.tuple(
        fc.constant(address),
        fc.constant(prefix),
        fc.oneof(
          ipv4,
          flip.map((value) => formatIp({ bits: 32, value })),
        ),
      );
    });
    fc.assert(
      fc.property(close, ([address, prefix, other]) => {
        const list = new BlockList();
        list.addSubnet(address, prefix, 'ipv4');
        expect(inside(other, address, prefix)).toBe(list.check(other, 'ipv4'));
      }),
    );
  });

  it('have the addresses in them that Node says, of IPv6', () => {
    fc.assert(
      fc.property(
        fc.oneof(ipv6, near),
        fc.integer({ min: 0, max: 128 }),
        fc.oneof(ipv6, near),
        (address, prefix, other) => {
          const list = new BlockList();
          list.addSubnet(address, prefix, 'ipv6');
          expect(inside(other, address, prefix)).toBe(list.check(other, 'ipv6'));
        },
      ),
    );
  });

  it('hold none of the other kind', () => {
    expect(inside('::', '0.0.0.0', 0)).toBe(false);
    expect(inside('0.0.0.0', '::', 0)).toBe(false);
  });

  it.each(['10.0.0.0', '10.0.0.0/33', '10.0.0.0/', '10.0.0.0/x', 'fd00::/129', 'x/8', '/8'])('are not: %s', (text) => {
    expect(parseRange(text)).toBeUndefined();
  });
});

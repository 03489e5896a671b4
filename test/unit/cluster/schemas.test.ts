import { isIP } from 'node:net';
import { Ajv, type ValidateFunction } from 'ajv';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formats } from '../../../src/cluster/formats.js';
import { createAjv } from '../../../src/cluster/schemas/compile.js';
import { compiledSource } from '../../../src/cluster/schemas/compiled-source.js';
import { schemas, schemasDigest } from '../../../src/cluster/schemas/index.js';

interface Compiled {
  readonly checks: Readonly<Record<string, ValidateFunction>>;
  readonly digest: string;
}

describe('the schemas', () => {
  it.each(Object.entries(schemas))('are strict JSON Schemas: %s', (_, schema) => {
    const ajv = new Ajv({ strict: true });
    for (const [name, { test }] of Object.entries(formats)) ajv.addFormat(name, test);
    expect(() => ajv.compile(schema)).not.toThrow();
  });
});

describe('the schemas compiled ahead', () => {
  it('need no other module and check as ajv does at run time', async () => {
    const source = compiledSource();
    expect(source).not.toMatch(/\brequire\(|^import /m);
    const url = `data:text/javascript;base64,${Buffer.from(source).toString('base64')}`;
    const { checks, digest } = (await import(/* @vite-ignore */ url)) as Compiled;
    expect(digest).toBe(schemasDigest());
    for (const data of [{}, { 'image-list': { A: { prerequisit: [1] } }, 'service-list': [] }, { kubernetes: {} }]) {
      for (const [kind, check] of Object.entries(checks)) {
        const atRunTime = createAjv().getSchema(kind);
        expect(check(structuredClone(data))).toBe(atRunTime?.(structuredClone(data)));
        expect(check.errors).toEqual(atRunTime?.errors);
      }
    }
  });
});

describe('the formats', () => {
  const cases: readonly [string, readonly string[], readonly string[]][] = [
    [
      'ip-address',
      [
        '10.0.0.1',
        '255.255.255.255',
        '::',
        '::1',
        'fd00::1',
        'FD00:0:0:1:2:3:4:5',
        '::ffff:10.0.0.1',
        '1:2:3:4:5:6:7::',
      ],
      ['10.0.0', '10.0.0.256', '10.0.0.01', '10.0.0.1/24', '[::1]', 'fe80::1%eth0', '1::2::3', '1:2:3:4:5:6:7', ':1'],
    ],
    [
      'service-range',
      ['10.96.0.0/12', '169.254.0.0/16', 'fd00::/108', 'fd00:96::/125'],
      ['10.96.0.0', '10.96.0.0/8', '10.96.0.0/30', '10.96.0/16', 'fd00::/64', 'fd00::/126', 'fd00::'],
    ],
    ['host-name', ['h1', 'Node-1.example'], ['-h1', 'h1-', 'h..1', 'h.-1', 'h_1', 'a b', 'x'.repeat(64)]],
    [
      'host-address',
      ['10.0.0.1', 'fd00::1', 'gate', 'gate-1.example.com', '1.gate', 'a'.repeat(63)],
      ['10.0.0.256', '10.0.0', '7', '-a', 'a-.b', 'a..b', 'a_b', 'a b', 'a.', '[::1]', 'a'.repeat(64), ''],
    ],
    ['user-name', ['pai', 'first.last@corp'], ['-x', 'a b', '']],
    ['zookeeper-id', ['1', '255'], ['0', '256', 'a', '01']],
    ['object-name', ['pai-registry', 'a.b'], ['A', '-a', 'a..b', 'a_b']],
    ['absolute-path', ['/', '/mnt/data'], ['mnt', '~/x', '']],
    ['registry', ['public', '10.0.0.2:5000', 'registry.example.com'], ['https://a', 'a/b', 'a:b', '']],
    ['image-path', ['pai', 'team/pai_x'], ['Pai', '/pai', 'pai/', 'a//b']],
    ['image-prefix', ['registry.example.com', '10.0.0.2:5000/kubernetes'], ['https://a', 'a/', '']],
    ['image-tag', ['v1.20.2', '3.2', 'latest'], ['', '.1', 'a:b', 'x'.repeat(129)]],
    ['identifier', ['etcdid1', 'NC24R', 'a.b_c-d'], ['', '_a', 'a=b', 'a,b']],
  ];

  it.each(cases)('%s takes what it should and nothing else', (name, good, bad) => {
    const test = formats[name]?.test;
    expect(good.filter((text) => !test?.test(text))).toEqual([]);
    expect(bad.filter((text) => test?.test(text))).toEqual([]);
  });

  it('ip-address takes what Node takes for an address, and nothing else', () => {
    const test = formats['ip-address']?.test;
    const characters = fc.string({ unit: fc.constantFrom(...'0123af:.'), maxLength: 20 });
    const text = fc.oneof(
      fc.ipV4(),
      fc.ipV6(),
      characters,
      fc.array(fc.constantFrom('', '0', 'ff', '1234'), { maxLength: 9 }).map((groups) => groups.join(':')),
    );
    fc.assert(
      fc.property(text, (address) => test?.test(address) === (isIP(address) !== 0)),
      { numRuns: 2000 },
    );
  });
});

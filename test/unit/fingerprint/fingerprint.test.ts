import { describe, expect, test } from 'vitest';
import { digest, keyedDigest } from '../../../src/fingerprint/digest.js';
import { FingerprintKeyMissing, fingerprintOf } from '../../../src/fingerprint/fingerprint.js';

const KEY = new Uint8Array(32).fill(1);
const NONE = new Map<string, string>();
const a = { name: 'a', value: 1 };
const b = { name: 'b', value: new Uint8Array([1, 2]) };
const password = { name: 'password', value: 'geheim', secret: true };

describe('fingerprintOf', () => {
  test('does not depend on the order of parts or needs', () => {
    const one = fingerprintOf(
      't',
      [a, b],
      new Map([
        ['x', '1'],
        ['y', '2'],
      ]),
    );
    const other = fingerprintOf(
      't',
      [b, a],
      new Map([
        ['y', '2'],
        ['x', '1'],
      ]),
    );
    expect(other).toEqual(one);
  });

  test('changes with the target, a value, a name, and the output of a need', () => {
    const needs = new Map([['x', '1']]);
    const all = [
      fingerprintOf('t', [a, b], needs),
      fingerprintOf('u', [a, b], needs),
      fingerprintOf('t', [{ ...a, value: 2 }, b], needs),
      fingerprintOf('t', [{ ...a, name: 'c' }, b], needs),
      fingerprintOf('t', [a, b], new Map([['x', '2']])),
      fingerprintOf('t', [a, b], NONE),
    ];
    expect(new Set(all.map((one) => one.fingerprint)).size).toBe(all.length);
  });

  test('gives the digest of each part, needs among them', () => {
    const { parts } = fingerprintOf('t', [a], new Map([['pki', 'f00']]));
    expect(parts).toEqual({ a: digest(1), 'needs pki': digest('f00') });
  });

  test('digests secrets with the key, and differently in each target and part', () => {
    const one = fingerprintOf('t', [password], NONE, KEY).parts.password;
    const digests = [
      one,
      digest('geheim'),
      keyedDigest(KEY, 'geheim'),
      fingerprintOf('u', [password], NONE, KEY).parts.password,
      fingerprintOf('t', [{ ...password, name: 'token' }], NONE, KEY).parts.token,
      fingerprintOf('t', [password], NONE, new Uint8Array(32).fill(2)).parts.password,
    ];
    expect(new Set(digests).size).toBe(digests.length);
    expect(fingerprintOf('t', [password], NONE, KEY).parts.password).toBe(one);
  });

  test('names the secret parts when there is no key, and not their values', () => {
    const attempt = (): unknown => fingerprintOf('t', [a, password], NONE);
    expect(attempt).toThrow(FingerprintKeyMissing);
    expect(attempt).toThrow('t: no key to fingerprint password');
    expect(attempt).not.toThrow('geheim');
  });

  test('needs no key when nothing is secret', () => {
    expect(fingerprintOf('t', [a], NONE).fingerprint).toBe(fingerprintOf('t', [a], NONE, KEY).fingerprint);
  });

  test('refuses two parts of one name, and a part that is named like a need', () => {
    expect(() => fingerprintOf('t', [a, { ...b, name: 'a' }], NONE)).toThrow(
      'two parts of its fingerprint are named "a"',
    );
    expect(() => fingerprintOf('t', [{ name: 'needs x', value: 1 }], new Map([['x', '1']]))).toThrow('"needs x"');
  });

  test('keeps a part with the name of a prototype', () => {
    const { parts } = fingerprintOf('t', [{ name: '__proto__', value: 1 }], NONE);
    expect(Object.keys(parts)).toEqual(['__proto__']);
  });
});

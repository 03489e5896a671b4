import type { FingerprintPart } from '../model/target.js';
import { digest, keyedDigest } from './digest.js';

/** Version of the encoding and of what enters a fingerprint; the `format` of the stamps that carry it. */
export const FINGERPRINT_FORMAT = 1;

/** A fingerprint and what it was made of. */
export interface Fingerprint {
  /** Hex SHA-256 over the format version, the target's name and all parts. */
  readonly fingerprint: string;
  /** Digest of each part by its name; hex, keyed for secrets. */
  readonly parts: Readonly<Record<string, string>>;
}

/** Secret parts can't be digested, because the cluster has no fingerprint key yet. */
export class FingerprintKeyMissing extends Error {
  /** Names of the secret parts. */
  readonly parts: readonly string[];

  constructor(target: string, parts: readonly string[]) {
    super(`${target}: no key to fingerprint ${parts.join(', ')}`);
    this.name = 'FingerprintKeyMissing';
    this.parts = parts;
  }
}

/**
 * The fingerprint of a target.
 * @param needs output digest of each target that it needs; each enters as the part `needs <target>`.
 * @param key the cluster's fingerprint key; only secret parts need one.
 * @param digestOutput digests an output of a need; who asks for many targets may remember it, since many need the same one.
 * @throws FingerprintKeyMissing for secret parts without a key; Error when two parts have one name (a bug of the action).
 */
export function fingerprintOf(
  target: string,
  parts: readonly FingerprintPart[],
  needs: ReadonlyMap<string, string>,
  key?: Uint8Array,
  digestOutput: (output: string) => string = digest,
): Fingerprint {
  const digests: [name: string, digest: string][] = [];
  const unkeyed: string[] = [];
  for (const { name, value, digested, secret } of parts) {
    if (digested === true) digests.push([name, String(value)]);
    else if (secret !== true) digests.push([name, digest(value)]);
    else if (key === undefined) unkeyed.push(name);
    // Target and part are digested with it, so that stamps do not tell where the same secret is used again.
    else digests.push([name, keyedDigest(key, [target, name, value])]);
  }
  for (const [need, output] of needs) digests.push([`needs ${need}`, digestOutput(output)]);
  const record = Object.fromEntries(digests);
  if (Object.keys(record).length < digests.length || unkeyed.length > 0) {
    const names = [...digests.map(([name]) => name), ...unkeyed];
    const twice = names.find((name, index) => names.indexOf(name) < index);
    if (twice !== undefined) throw new Error(`${target}: two parts of its fingerprint are named "${twice}"`);
    throw new FingerprintKeyMissing(target, unkeyed);
  }
  return { fingerprint: digest({ format: FINGERPRINT_FORMAT, target, parts: record }), parts: record };
}

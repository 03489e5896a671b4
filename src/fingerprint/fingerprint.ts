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
 * @throws FingerprintKeyMissing for secret parts without a key; Error when two parts have one name (a bug of the action).
 */
export function fingerprintOf(
  target: string,
  parts: readonly FingerprintPart[],
  needs: ReadonlyMap<string, string>,
  key?: Uint8Array,
): Fingerprint {
  const all: FingerprintPart[] = [...parts];
  for (const [need, output] of needs) all.push({ name: `needs ${need}`, value: output });
  const digests = new Map<string, string>();
  const unkeyed: string[] = [];
  for (const part of all) {
    if (digests.has(part.name)) throw new Error(`${target}: two parts of its fingerprint are named "${part.name}"`);
    if (part.digested === true) digests.set(part.name, String(part.value));
    else if (part.secret !== true) digests.set(part.name, digest(part.value));
    else if (key === undefined) unkeyed.push(part.name);
    // Target and part are digested with it, so that stamps do not tell where the same secret is used again.
    else digests.set(part.name, keyedDigest(key, [target, part.name, part.value]));
  }
  if (unkeyed.length > 0) throw new FingerprintKeyMissing(target, unkeyed);
  const record = Object.fromEntries(digests);
  return { fingerprint: digest({ format: FINGERPRINT_FORMAT, target, parts: record }), parts: record };
}

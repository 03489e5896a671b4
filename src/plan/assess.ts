import { type Fingerprint, FingerprintKeyMissing, fingerprintOf } from '../fingerprint/fingerprint.js';
import { type PaiError, toPaiError } from '../model/errors.js';
import type { Observation } from '../model/stamp.js';
import type { Desired, Target } from '../model/target.js';
import { type Decision, decide, troubleOf } from './decide.js';
import type { Look } from './look.js';

/** What a target should be, as far as it can be told. */
export interface Wanted {
  readonly desired?: Desired;
  readonly fingerprint?: Fingerprint;
  /** Secret parts that wait for the cluster's fingerprint key. */
  readonly withoutKey?: readonly string[];
  /** Why it can't be told: a template that does not render, an input file that is missing. */
  readonly error?: PaiError;
}

/** Asks a target what it should be and fingerprints that, with output digests digested by `digestOutput`. Does not reject. */
export async function want(
  look: Look,
  target: Target,
  outputs: ReadonlyMap<string, string>,
  digestOutput?: (output: string) => string,
): Promise<Wanted> {
  try {
    const desired = await look.desired(target, outputs);
    const secret = desired.parts.some((part) => part.secret === true);
    const key = secret ? await look.fingerprintKey() : undefined;
    return { desired, ...fingerprintOrMissing(target, desired, outputs, key, digestOutput) };
  } catch (thrown) {
    return { error: toPaiError(thrown) };
  }
}

/**
 * Whether a target is fresh because a quick look found everything as its stamp has it: then that is what it should be.
 * Undefined when it has to be looked at properly.
 */
export function glance(look: Look, target: Target, outputs: ReadonlyMap<string, string>): Glance | undefined {
  const stamp = look.peek(target, outputs);
  if (stamp === undefined) return undefined;
  const observation = { kind: 'known', present: true, stamp } as const;
  const decision = decide({ target, observation, desired: stamp, staleNeeds: [], troubles: [], force: false });
  return decision.state === 'fresh' ? { observation, decision } : undefined;
}

/** What a quick look found of a target that is fresh. */
export interface Glance {
  readonly observation: Observation;
  readonly decision: Decision;
}

/** Whether a target is fresh, now that it was looked at and nothing below it is stale. */
export function judge(target: Target, observation: Observation, wanted: Wanted, force: boolean): Decision {
  const { fingerprint, withoutKey, error } = wanted;
  const decision = decide({
    target,
    observation,
    ...(fingerprint && { desired: fingerprint }),
    ...(withoutKey && { withoutKey }),
    staleNeeds: [],
    troubles: error === undefined ? [] : [troubleOf(error)],
    force,
  });
  if (decision.state === 'fresh') wanted.desired?.confirm?.();
  return decision;
}

function fingerprintOrMissing(
  target: Target,
  desired: Desired,
  outputs: ReadonlyMap<string, string>,
  key: Uint8Array | undefined,
  digestOutput: ((output: string) => string) | undefined,
): Pick<Wanted, 'fingerprint' | 'withoutKey'> {
  try {
    return { fingerprint: fingerprintOf(target.name, desired.parts, outputs, key, digestOutput) };
  } catch (thrown) {
    if (thrown instanceof FingerprintKeyMissing) return { withoutKey: thrown.parts };
    throw thrown;
  }
}

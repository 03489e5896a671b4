import { PaiError, toPaiError } from '../model/errors.js';
import { parseStamp } from '../model/parse-stamp.js';
import type { Observation, Stamp } from '../model/stamp.js';
import type { Action, ActionContext, ApplyContext, FingerprintPart } from '../model/target.js';
import { expiringAuthorities } from './expiry.js';
import { STAMP_FILE, specification } from './material.js';

/**
 * The certificate authorities and keys of a cluster. They are made once: when what they should be changes, the action fails
 * rather than replace what every certificate of a running cluster hangs on. Its stamp lies beside the material and goes to
 * masters with it, so that a fresh checkout sees the same state. Output: digest of the public halves.
 */
export function pkiAction(clusterId: string): Action {
  const parts: readonly FingerprintPart[] = [{ name: 'certificate authorities', value: specification(clusterId) }];
  return {
    pools: ['cpu'],
    observe,
    desired: async () => ({ parts, apply: (context) => apply(context, parts) }),
    async clean(context) {
      await context.drivers.pki.remove();
      context.log('removed the local copy; masters keep theirs until they are cleaned');
    },
  };
}

async function observe(context: ActionContext): Promise<Observation> {
  const { pki } = context.drivers;
  try {
    const material = await pki.material();
    if (material === undefined) return { kind: 'known', present: false };
    const stamp = parseStamp(material.get(STAMP_FILE));
    if (stamp === undefined) return { kind: 'known', present: true };
    if (stamp.output === (await pki.digest())) {
      const warnings = expiringAuthorities(material, new Date());
      return { kind: 'known', present: true, stamp, ...(warnings.length > 0 && { warnings }) };
    }
    return { kind: 'known', present: true, stamp, problem: 'the certificate authorities were replaced' };
  } catch (error) {
    return { kind: 'unknown', error: toPaiError(error) };
  }
}

async function apply(context: ApplyContext, parts: readonly FingerprintPart[]): Promise<Stamp> {
  const { pki } = context.drivers;
  const existing = parseStamp((await pki.material())?.get(STAMP_FILE));
  const material = await pki.create();
  const stamp = context.stamp(await pki.digest());
  if (existing !== undefined) refuseReplacement(existing, stamp, parts);
  // The stamp is part of what masters are given: the same state must have the same bytes, whichever run wrote them.
  if (existing !== undefined && isSame(existing, stamp)) return existing;
  await pki.writeStamp(stamp);
  context.log(`${material.size} files, kept in the configuration folder`);
  return stamp;
}

function refuseReplacement(existing: Stamp, stamp: Stamp, parts: readonly FingerprintPart[]): void {
  const changed = parts.some((part) => existing.parts[part.name] !== stamp.parts[part.name]);
  if (!changed && existing.output === stamp.output) return;
  const what = changed ? 'should be made differently now' : 'were replaced by hand';
  throw new PaiError('PKI', `the certificate authorities ${what}, but the cluster was set up with the old ones`, {
    next: changed
      ? 'Undo the change: replacing the authorities of a running cluster is an operation of its own'
      : 'Put the old files back, or, if no host was ever set up with them, remove stamp.json beside them and run again',
  });
}

function isSame(a: Stamp, b: Stamp): boolean {
  return a.target === b.target && a.fingerprint === b.fingerprint && a.output === b.output;
}

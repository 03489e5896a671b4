import type { PaiError } from '../model/errors.js';
import type { Observation, Stamp } from '../model/stamp.js';
import type { Desired, Target } from '../model/target.js';

/** How a plan sees the world. Planning itself touches nothing. */
export interface Look {
  /** Asks what quick looks at these targets need. Undefined when that is nothing. */
  prepare(targets: Iterable<Target>): Promise<void> | undefined;
  /** A quick look: the stamp if everything is as it was when that was written; undefined when only the others can tell. */
  peek(target: Target, outputs: ReadonlyMap<string, string>): Stamp | undefined;
  /** Never rejects: what can't be looked at is an observation of kind `unknown`. */
  observe(target: Target): Promise<Observation>;
  /** `outputs`: output digests of what the target needs (not of what it only comes after). May reject with a PaiError. */
  desired(target: Target, outputs: ReadonlyMap<string, string>): Promise<Desired>;
  /** What `desired` would fail with, as far as that can be told while what the target needs is not there yet. */
  missing(target: Target): Promise<PaiError | undefined>;
  /** Key for secrets in fingerprints; undefined while the cluster has none. */
  fingerprintKey(): Promise<Uint8Array | undefined>;
}

import type { Observation } from '../model/stamp.js';
import type { Desired, Target } from '../model/target.js';

/** How a plan sees the world. Planning itself touches nothing. */
export interface Look {
  /** Never rejects: what can't be looked at is an observation of kind `unknown`. */
  observe(target: Target): Promise<Observation>;
  /** `outputs`: output digests of what the target needs (not of what it only comes after). May reject with a PaiError. */
  desired(target: Target, outputs: ReadonlyMap<string, string>): Promise<Desired>;
  /** Key for secrets in fingerprints; undefined while the cluster has none. */
  fingerprintKey(): Promise<Uint8Array | undefined>;
}

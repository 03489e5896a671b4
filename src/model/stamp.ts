import type { OutputProblem } from './local.js';

/**
 * The record of what was last applied, kept where the thing lives: a file on a host, an annotation on a Kubernetes
 * object, a label of an image, a file in `.cache`. Secrets are in it only as keyed digests.
 */
export interface Stamp {
  /** Version of this format and of the fingerprint's encoding. Another version counts as no stamp. */
  readonly format: 1;
  readonly target: string;
  /** Hex SHA-256 over all parts. */
  readonly fingerprint: string;
  /** What dependents see of this target: a digest. Equal output re-runs nothing behind it. */
  readonly output: string;
  /** Digest of each named part of the fingerprint, so that `pai why` can tell which one changed. */
  readonly parts: Readonly<Record<string, string>>;
  /** Id of the run that applied it; for people, never compared. */
  readonly run: string;
}

/** A field that somebody else gave another value than was applied. Values are short, and for people; those of secrets are masked. */
export interface Drift {
  /** `ConfigMap default/settings` */
  readonly object: string;
  /** `data.port` */
  readonly field: string;
  /** Absent where the field has no value. */
  readonly applied?: string;
  readonly found?: string;
}

/**
 * What was seen of a target.
 * - `known`: it could be looked at. `stamp` is absent when it was never applied, or a last try did not finish;
 *   `present` tells whether anything of it is there at all (what `clean` would remove); `problem` is set when the probe
 *   found it missing or not well.
 * - `unknown`: it could not be looked at. Never taken as fresh.
 */
export type Observation =
  | {
      readonly kind: 'known';
      readonly stamp?: Stamp;
      readonly present: boolean;
      readonly problem?: string;
      /** What others changed, as far as that can be told; `problem` is set then. */
      readonly drift?: readonly Drift[];
      /** What will be wrong before long, though all is well: a line each. */
      readonly warnings?: readonly string[];
      /** Outputs that are not as the last run left them. */
      readonly outputs?: readonly OutputProblem[];
    }
  | { readonly kind: 'unknown'; readonly error: Error };

import type { OutputProblem } from './local.js';
import type { Drift } from './stamp.js';

/** How one part of a fingerprint differs from what was applied. Digests are hex; secrets' are keyed. */
export interface PartChange {
  readonly name: string;
  readonly change: 'added' | 'removed' | 'changed';
  readonly before?: string;
  readonly after?: string;
}

/** Why a target is not fresh. Recorded where that is decided. */
export type Reason =
  | { readonly kind: 'never-applied' }
  | { readonly kind: 'unfinished' }
  | { readonly kind: 'forced' }
  | { readonly kind: 'changed'; readonly parts: readonly PartChange[] }
  | { readonly kind: 'unhealthy'; readonly problem: string; readonly drift?: readonly Drift[] }
  /** It does not declare its inputs, so it always runs. */
  | { readonly kind: 'no-inputs' }
  /** It is a step of what somebody asked for. */
  | { readonly kind: 'asked'; readonly what: string }
  /** Outputs are missing, or not as the last run left them. */
  | { readonly kind: 'outputs'; readonly outputs: readonly OutputProblem[] }
  /** A target that it needs will run; if that gives the same output, this one is cut off. */
  | { readonly kind: 'need-stale'; readonly target: string }
  /** Not looked at, because what it is looked at through is not fresh. */
  | { readonly kind: 'not-asked'; readonly through: string }
  | { readonly kind: 'unreachable'; readonly problem: string; readonly next?: string };

export type State = 'fresh' | 'stale' | 'unknown';

/** One target of a plan. */
export interface PlanEntry {
  readonly name: string;
  readonly state: State;
  readonly reasons: readonly Reason[];
  /** True when it runs only if something below it changes its output. */
  readonly mayBeCutOff: boolean;
}

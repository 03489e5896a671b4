import type { PlanEntry, Reason } from './plan.js';

/** What became of a target in a run. */
export type Outcome = 'ran' | 'fresh' | 'failed' | 'skipped';

/** An error as told to people and machines. */
export interface ErrorReport {
  readonly code: string;
  readonly message: string;
  readonly where?: string;
  readonly next?: string;
  readonly details?: readonly string[];
}

/**
 * Everything that a run tells; reporters and the journal see nothing else. `at` is milliseconds since the epoch.
 * In `--output json` each is one line; the last is `run-end`.
 */
export type RunEvent =
  | {
      readonly type: 'run-start';
      readonly at: number;
      readonly run: string;
      readonly command: 'run' | 'clean';
      readonly targets: readonly string[];
    }
  | { readonly type: 'plan'; readonly at: number; readonly entries: readonly PlanEntry[] }
  | { readonly type: 'target-start'; readonly at: number; readonly target: string; readonly reasons: readonly Reason[] }
  | { readonly type: 'target-log'; readonly at: number; readonly target: string; readonly line: string }
  | {
      readonly type: 'target-end';
      readonly at: number;
      readonly target: string;
      readonly outcome: Outcome;
      readonly seconds: number;
      /** For `ran`: it did not have to, since its outputs came from the cache. */
      readonly restored?: true;
      /** For `skipped`: the target that failed below it. */
      readonly because?: string;
      readonly error?: ErrorReport;
      readonly log?: string;
    }
  | {
      readonly type: 'run-end';
      readonly at: number;
      readonly run: string;
      readonly ran: number;
      readonly fresh: number;
      readonly failed: number;
      readonly skipped: number;
      readonly seconds: number;
      readonly interrupted: boolean;
    };

/** Where events go. */
export type EventSink = (event: RunEvent) => void;

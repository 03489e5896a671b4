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

/** A target that is not fresh and yet does not run, by the wish of who called. */
export interface LeftOut {
  readonly target: string;
  readonly by: 'only' | 'exclude';
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
      /** When the command was called, where that is known: planning comes before the start of a run. */
      readonly began?: number;
    }
  | {
      readonly type: 'plan';
      readonly at: number;
      /** For `clean`: stale is what is there, fresh what is not. */
      readonly entries: readonly PlanEntry[];
      /** Absent when there is none. */
      readonly leftOut?: readonly LeftOut[];
      /** For each entry that is not fresh: which others of them come before it, whatever the reason. */
      readonly before?: Readonly<Record<string, readonly string[]>>;
    }
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
      /** For `skipped`: the target that failed below it; with `excluded` one that is stale and was left out. */
      readonly because?: string;
      readonly excluded?: true;
      readonly error?: ErrorReport;
      readonly log?: string;
    }
  /** An interactive target has the terminal for itself from the one to the other: until then nothing else may write there. */
  | { readonly type: 'terminal-taken'; readonly at: number; readonly target: string }
  | { readonly type: 'terminal-released'; readonly at: number; readonly target: string }
  | {
      readonly type: 'run-end';
      readonly at: number;
      readonly run: string;
      readonly ran: number;
      readonly fresh: number;
      readonly failed: number;
      readonly skipped: number;
      /** From the call of the command to the end, planning included. */
      readonly seconds: number;
      /** From the call of the command until the plan was there. */
      readonly planSeconds?: number;
      readonly interrupted: boolean;
    };

/** Where events go. */
export type EventSink = (event: RunEvent) => void;

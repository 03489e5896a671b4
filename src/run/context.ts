import type { Drivers } from '../model/drivers.js';
import type { PaiError } from '../model/errors.js';
import type { EventSink, Outcome } from '../model/events.js';
import type { Clock } from './clock.js';
import type { Pools } from './pools.js';

/** What a run works with. */
export interface RunContext {
  /** Id of the run; goes into stamps. */
  readonly run: string;
  readonly drivers: Drivers;
  readonly emit: EventSink;
  /** The journal's part in a run: where logs are, and a place for stack traces. */
  readonly journal?: {
    logPath(target: string): string;
    note(target: string, text: string): void;
  };
  readonly clock?: Clock;
}

/** How a run goes. */
export interface RunOptions {
  /** First interrupt: what runs is finished, nothing more is started. */
  readonly stop?: AbortSignal;
  /** Second interrupt: what runs is ended. */
  readonly cancel?: AbortSignal;
  /** Start nothing more after a failure. */
  readonly failFast?: boolean;
  /** Default: the default limits. */
  readonly pools?: Pools;
}

/** What became of a target. */
export interface Result {
  readonly outcome: Outcome;
  /** For `ran`: its outputs came from the cache. */
  readonly restored?: true;
  /** For `failed`. */
  readonly error?: PaiError;
  /** For `skipped`: the target that failed below it; absent when the run was stopped. */
  readonly because?: string;
}

/** What became of a run. */
export interface RunSummary {
  readonly run: string;
  readonly ran: number;
  readonly fresh: number;
  readonly failed: number;
  readonly skipped: number;
  readonly seconds: number;
  readonly interrupted: boolean;
  /** By target, in order of the plan. */
  readonly results: ReadonlyMap<string, Result>;
}

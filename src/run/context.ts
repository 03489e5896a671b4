import type { Drivers } from '../model/drivers.js';
import type { PaiError } from '../model/errors.js';
import type { EventSink, Outcome } from '../model/events.js';
import type { FingerprintPart } from '../model/target.js';
import type { Clock } from './clock.js';
import type { Pools } from './pools.js';
import type { Narrowing } from './scope.js';

/** What a run works with. */
export interface RunContext {
  /** Id of the run; goes into stamps. */
  readonly run: string;
  readonly drivers: Drivers;
  readonly emit: EventSink;
  /** The journal's part in a run: where logs are, and a place for stack traces. */
  readonly journal?: {
    /** Undefined for a target that has said nothing. */
    logPath(target: string): string | undefined;
    note(target: string, text: string): void;
  };
  /** Told of each target that was applied: the parts of its fingerprint, and the digest of each by its name. */
  readonly applied?: (parts: readonly FingerprintPart[], digests: Readonly<Record<string, string>>) => void;
  readonly clock?: Clock;
  /** When the command was called, in milliseconds since the epoch; default: when the run starts. */
  readonly began?: number;
  /** Whether there is a terminal to give to interactive targets. */
  readonly terminal?: boolean;
}

/** How a run goes. */
export interface RunOptions extends Narrowing {
  /** First interrupt: what runs is finished, nothing more is started. */
  readonly stop?: AbortSignal;
  /** Second interrupt: what runs is ended. */
  readonly cancel?: AbortSignal;
  /** Start nothing more after a failure. */
  readonly failFast?: boolean;
  /** Default: the default limits. */
  readonly pools?: Pools;
  /** Seconds that targets took in earlier runs, by name: what has most work behind it goes first. Asked only when something runs. */
  readonly measured?: () => Promise<ReadonlyMap<string, number>>;
  /** Targets whose question was answered with yes; others that have one are refused. */
  readonly confirmed?: ReadonlySet<string>;
  /** Of a clean: the data that targets keep goes too. */
  readonly deleteData?: boolean;
  /** Of a clean: what is kept elsewhere for others goes too. */
  readonly remote?: boolean;
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
  /** For `skipped`: `because` did not fail, but is stale and was left out. */
  readonly excluded?: true;
}

/** What became of a run. */
export interface RunSummary {
  readonly run: string;
  readonly ran: number;
  readonly fresh: number;
  readonly failed: number;
  readonly skipped: number;
  /** From the call of the command to the end, planning included. */
  readonly seconds: number;
  readonly interrupted: boolean;
  /** By target, in order of the plan. */
  readonly results: ReadonlyMap<string, Result>;
  /** How long those took that ran, in seconds, by target. */
  readonly took: ReadonlyMap<string, number>;
}

import type { Drivers } from './drivers.js';
import type { Json } from './json.js';
import type { PlanEntry } from './plan.js';
import type { ActionContext, PoolUse } from './target.js';

/** Options of the command line that operations know; absent where they were not given. */
export interface OperationOptions {
  /** Do it although something speaks against it. */
  readonly force?: boolean;
  /** A file that goes with it, absolute: a list of machines, a snapshot. */
  readonly file?: string;
  /** Seconds. */
  readonly timeout?: number;
  readonly json?: boolean;
  /** Of doctor: against the security baseline. */
  readonly security?: boolean;
  /** Of logs: go on with what is written from now on. */
  readonly follow?: boolean;
  /** Of logs: so many last lines. */
  readonly tail?: number;
  /** Of logs: of this container only. */
  readonly container?: string;
}

/** What an operation looks with. */
export interface OperationContext {
  readonly drivers: Drivers;
  /** What stands behind the operation's name. */
  readonly words: readonly string[];
  readonly options: OperationOptions;
  /**
   * What is so of targets of the paifile and of all that they need, needs first: fresh, stale or unknown, and why. Names of targets; those that
   * there are not are left out.
   */
  readonly assess: (targets: readonly string[]) => Promise<readonly PlanEntry[]>;
  /** Aborted by an interrupt. */
  readonly signal: AbortSignal;
  /** Whether the paifile has a target of that name. */
  readonly isTarget: (name: string) => boolean;
  /** Writes at once what a report does not want to gather first. */
  readonly print: (text: string) => void;
  /** One line about what is going on while it looks. Never give it a secret. */
  readonly log: (line: string) => void;
}

/** One thing that an operation does. Like a target in a run: told, logged, kept in the journal; but never fresh. */
export interface Step {
  /** Like a target's: `etcd-remove:h1`. Unique in the operation. */
  readonly name: string;
  /** A few words. */
  readonly description: string;
  /** Steps that have to come to a good end before. Default: the one before it in the list. */
  readonly needs?: readonly string[];
  /** What it occupies: `host:h1`. */
  readonly pools?: readonly PoolUse[];
  /** Default: 1800. */
  readonly timeoutSeconds?: number;
  /** Does it. Must be safe to do again after a crash at any point. */
  run(context: ActionContext): Promise<void>;
}

/** Targets of the paifile that run once an operation's steps are done, as `pai run` would run them: only what is stale. */
export interface Round {
  /** Targets, groups or globs. */
  readonly targets: readonly string[];
  /** Leave out what was never applied: it is no part of the cluster yet. */
  readonly appliedOnly?: boolean;
  /** Just these, not what they need; and all of them have to be looked at, so that none is taken for one that was never applied. */
  readonly alone?: boolean;
}

/** What an operation is about to do. */
export interface OperationPlan {
  /** Lines for people, told before anything is done. */
  readonly notes?: readonly string[];
  /** Asked before anything is done; `--yes` answers it. */
  readonly question?: string;
  /** What can't be taken back, a line each, and the word that has to be typed for it; `--yes` answers it too. `meaning`: `the name of the service`. */
  readonly typed?: { readonly lines: readonly string[]; readonly meaning: string; readonly word: string };
  /** In order; none, and no targets: there is nothing to do, and the notes say why. */
  readonly steps: readonly Step[];
  /**
   * Targets of the paifile that are brought up to date, and no others; what they need is taken as it is. Each comes after the steps that are named
   * beside it.
   */
  readonly targets?: readonly { readonly name: string; readonly after?: readonly string[]; readonly force?: boolean }[];
  /** What runs after the steps, one after another, each only when all before came to a good end. */
  readonly rounds?: readonly Round[];
  /** Called after all of that: what the operation does next. Its question is not asked again. */
  next?(context: OperationContext): Promise<OperationPlan>;
}

/** What a look has found. */
export interface OperationReport {
  /** For people; ends with a line feed. */
  readonly text: string;
  /** For machines, under `--json`; null where all was printed already. */
  readonly json: Json;
  /** 0: all is well, 1: something is not. */
  readonly exitCode: 0 | 1;
}

/**
 * Something that people do to a cluster now and then, and that is no state to be kept: looking at its etcd, replacing a member. Declared in the
 * paifile, called as a command.
 */
export type Operation = {
  /** Command and action: `etcd fix`; or the command alone: `doctor`. */
  readonly name: string;
  /** A few words for help. */
  readonly summary: string;
} & (
  | {
      /** Looks, and changes nothing. */
      report(context: OperationContext): Promise<OperationReport>;
    }
  | {
      /** Looks and decides; changes nothing. Refuses with a PaiError. It is called while the project's lock is held. */
      plan(context: OperationContext): Promise<OperationPlan>;
    }
);

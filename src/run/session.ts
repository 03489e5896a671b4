import { setMaxListeners } from 'node:events';
import { longestRemaining } from '../graph/order.js';
import { errorReport } from '../model/error-report.js';
import { PaiError, toPaiError } from '../model/errors.js';
import type { LeftOut } from '../model/events.js';
import type { PlanEntry, Reason } from '../model/plan.js';
import type { Target } from '../model/target.js';
import { attempt } from './attempt.js';
import { type Clock, systemClock } from './clock.js';
import { notConfirmed } from './confirm.js';
import type { Result, RunContext, RunOptions, RunSummary } from './context.js';
import { createPools, type Pools, TERMINAL_POOL } from './pools.js';
import { expectedSeconds } from './priorities.js';
import { type Before, walk } from './walk.js';

/**
 * What runs and cleans have in common: walks targets in order, skips what stands on failures, keeps results, tells events.
 */
export class Session {
  readonly context: RunContext;
  readonly clock: Clock;
  readonly cancel: AbortSignal;
  readonly stop: AbortSignal;
  readonly results = new Map<string, Result>();
  readonly #failFast: boolean;
  readonly #measured: () => Promise<ReadonlyMap<string, number>>;
  readonly #confirmed: ReadonlySet<string>;
  readonly #pools: Pools;
  readonly #began: number;
  #planned: number;
  readonly #begun = new Map<string, number>();
  readonly #took = new Map<string, number>();
  #failed = false;
  #priorities: ReadonlyMap<string, number> = new Map();

  constructor(context: RunContext, options: RunOptions, command: 'run' | 'clean', targets: readonly string[]) {
    this.context = context;
    this.clock = context.clock ?? systemClock;
    const never = new AbortController().signal;
    this.cancel = options.cancel ?? never;
    // Every action that runs listens to it.
    setMaxListeners(0, this.cancel);
    this.stop = AbortSignal.any([options.stop ?? never, this.cancel]);
    this.#failFast = options.failFast ?? false;
    this.#measured = options.measured ?? (async () => new Map());
    this.#confirmed = options.confirmed ?? new Set();
    this.#pools = options.pools ?? createPools();
    const at = this.clock.now();
    this.#began = context.began ?? at;
    this.#planned = at;
    const began = context.began === undefined ? {} : { began: context.began };
    context.emit({ type: 'run-start', at, run: context.run, command, targets, ...began });
  }

  /** Tells the plan, and in which order its targets are walked. */
  tellPlan(
    plan: { readonly entries: readonly PlanEntry[]; readonly leftOut?: readonly LeftOut[] },
    before: Before,
  ): void {
    this.#planned = this.clock.now();
    this.context.emit({ type: 'plan', at: this.#planned, ...plan, before: Object.fromEntries(before) });
  }

  /**
   * Works through targets in order, as many at a time as there are; what `work` rejects with is the target's failure. `goesOnWithout` tells
   * whether a target can do without an earlier one that did not come to a good end; `missing`: because it could not be looked at.
   */
  async walk(
    before: Before,
    work: (name: string) => Promise<Result>,
    goesOnWithout: (name: string, earlier: string, missing: boolean) => boolean = () => false,
  ): Promise<void> {
    if (before.size === 0) return;
    const lengthOf = expectedSeconds(before.keys(), await this.#measured());
    this.#priorities = longestRemaining(before, lengthOf);
    const run = async (name: string): Promise<void> => {
      const earlier = (before.get(name) ?? []).filter((other) => !goesOnWithout(name, other, this.#isMissing(other)));
      this.#end(name, this.#skipped(earlier) ?? (await this.#guarded(name, work)));
    };
    await walk({ before, lengthOf, remaining: this.#priorities, run });
  }

  /**
   * Runs an action in its pools, within its time, with retries. Undefined when the run was stopped while it waited.
   * Rejects with NOT_CONFIRMED or NO_TERMINAL before anything is done, and with what the action rejects with.
   */
  async act<Done>(
    target: Target,
    reasons: readonly Reason[],
    action: (signal: AbortSignal) => Promise<Done>,
  ): Promise<Done | undefined> {
    this.#admit(target);
    const priority = this.#priorities.get(target.name) ?? 1;
    const wanted = [...target.action.pools, ...target.pools, ...(target.interactive ? [TERMINAL_POOL] : [])];
    return this.#pools.use(wanted, priority, async () => {
      if (this.#stopped()) return undefined;
      const at = this.clock.now();
      this.#begun.set(target.name, at);
      this.context.emit({ type: 'target-start', at, target: target.name, reasons });
      const options = {
        target: target.name,
        timeoutSeconds: target.timeoutSeconds,
        retries: target.retries,
        clock: this.clock,
        cancel: this.cancel,
        stop: this.stop,
        log: (line: string) => this.log(target.name, line),
      };
      try {
        return await this.#atTerminal(target, () => attempt(options, action));
      } catch (thrown) {
        // Known before the pools are free: with fail-fast nobody who waits for them may start.
        this.#failed = true;
        throw thrown;
      }
    });
  }

  #admit({ name, confirm, interactive }: Target): void {
    if (confirm !== undefined && !this.#confirmed.has(name)) {
      throw notConfirmed(
        [{ target: name, question: confirm }],
        'its question was not answered',
        'Answer it with --yes.',
      );
    }
    if (interactive && this.context.terminal !== true) {
      throw new PaiError('NO_TERMINAL', 'it talks to a person, and there is no terminal', {
        next: `Run ${name} at a terminal, with neither input nor output sent elsewhere.`,
      });
    }
  }

  /** Tells those who write to the terminal when they have to let it be. */
  async #atTerminal<Done>(target: Target, work: () => Promise<Done>): Promise<Done> {
    if (!target.interactive) return work();
    this.context.emit({ type: 'terminal-taken', at: this.clock.now(), target: target.name });
    try {
      return await work();
    } finally {
      this.context.emit({ type: 'terminal-released', at: this.clock.now(), target: target.name });
    }
  }

  /** Tells a line of a target that has not ended; one that did not end when it was told to may still talk, unheard. */
  log(target: string, line: string): void {
    if (this.results.has(target)) return;
    this.context.emit({ type: 'target-log', at: this.clock.now(), target, line });
  }

  /** Keeps and tells what became of a target. */
  #end(target: string, result: Result): void {
    this.results.set(target, result);
    if (result.outcome === 'failed') this.#failed = true;
    const at = this.clock.now();
    const begun = this.#begun.get(target);
    if (begun !== undefined && result.outcome === 'ran') this.#took.set(target, (at - begun) / 1000);
    // What did no work said nothing, so it has no log.
    const log = begun === undefined ? undefined : this.context.journal?.logPath(target);
    this.context.emit({
      type: 'target-end',
      at,
      target,
      outcome: result.outcome,
      seconds: begun === undefined ? 0 : (at - begun) / 1000,
      ...(result.restored && { restored: result.restored }),
      ...(result.because !== undefined && { because: result.because }),
      ...(result.excluded && { excluded: true }),
      ...(result.error && { error: errorReport(result.error) }),
      ...(log !== undefined && { log }),
    });
  }

  /** Tells the end of the run. `results` in the order of `names`; what has none did not need to run. */
  finish(names: readonly string[]): RunSummary {
    const results = new Map(names.map((name) => [name, this.results.get(name) ?? { outcome: 'fresh' as const }]));
    const counts = { ran: 0, fresh: 0, failed: 0, skipped: 0 };
    for (const { outcome } of results.values()) counts[outcome]++;
    const at = this.clock.now();
    const run = this.context.run;
    const seconds = (at - this.#began) / 1000;
    const totals = { run, ...counts, seconds, interrupted: this.stop.aborted };
    this.context.emit({ type: 'run-end', at, ...totals, planSeconds: (this.#planned - this.#began) / 1000 });
    return { ...totals, results, took: this.#took };
  }

  #isMissing(name: string): boolean {
    const outcome = this.results.get(name)?.outcome;
    return outcome === 'failed' || outcome === 'skipped';
  }

  #stopped(): boolean {
    return this.stop.aborted || (this.#failFast && this.#failed);
  }

  #skipped(earlier: readonly string[]): Result | undefined {
    for (const name of earlier) {
      const result = this.results.get(name);
      if (result?.outcome === 'failed') return { outcome: 'skipped', because: name };
    }
    for (const name of earlier) {
      const result = this.results.get(name);
      if (result?.outcome === 'skipped') return result;
    }
    return this.#stopped() ? { outcome: 'skipped' } : undefined;
  }

  async #guarded(name: string, work: (name: string) => Promise<Result>): Promise<Result> {
    try {
      return await work(name);
    } catch (thrown) {
      return { outcome: 'failed', error: this.#explained(name, thrown) };
    }
  }

  /** A bug's stack goes to the log only. */
  #explained(name: string, thrown: unknown): PaiError {
    const error = toPaiError(thrown);
    if (error.code === 'INTERNAL') {
      const cause = error.cause instanceof Error ? error.cause : error;
      this.context.journal?.note(name, cause.stack ?? cause.message);
    }
    return error;
  }
}

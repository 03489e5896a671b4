import { longestRemaining } from '../graph/order.js';
import { errorReport } from '../model/error-report.js';
import { type PaiError, toPaiError } from '../model/errors.js';
import type { Reason } from '../model/plan.js';
import type { Target } from '../model/target.js';
import { attempt } from './attempt.js';
import { type Clock, systemClock } from './clock.js';
import type { Result, RunContext, RunOptions, RunSummary } from './context.js';
import { createPools, type Pools } from './pools.js';

/** Which targets must come before each; needs first. */
export type Before = ReadonlyMap<string, readonly string[]>;

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
  readonly #pools: Pools;
  readonly #started: number;
  readonly #begun = new Map<string, number>();
  #failed = false;
  #priorities: ReadonlyMap<string, number> = new Map();

  constructor(context: RunContext, options: RunOptions, command: 'run' | 'clean', targets: readonly string[]) {
    this.context = context;
    this.clock = context.clock ?? systemClock;
    const never = new AbortController().signal;
    this.cancel = options.cancel ?? never;
    this.stop = AbortSignal.any([options.stop ?? never, this.cancel]);
    this.#failFast = options.failFast ?? false;
    this.#pools = options.pools ?? createPools();
    this.#started = this.clock.now();
    context.emit({ type: 'run-start', at: this.#started, run: context.run, command, targets });
  }

  /** Works through targets in order, as many at a time as there are; what `work` rejects with is the target's failure. */
  async walk(before: Before, work: (name: string) => Promise<Result>): Promise<void> {
    if (before.size === 0) return;
    this.#priorities = longestRemaining(before);
    const { PGraph } = await import('p-graph');
    const edges: [string, string][] = [];
    for (const [name, earlier] of before) for (const other of earlier) edges.push([other, name]);
    const nodes = new Map(Array.from(before.keys(), (name) => [name, { priority: 1 }] as const));
    const run = async (name: string): Promise<void> => {
      this.#end(name, this.#skipped(before.get(name) ?? []) ?? (await this.#guarded(name, work)));
    };
    // p-graph adds the priorities up along the longest path: what has most behind it is begun first.
    // Nodes never reject: p-graph would pass over what stands on a failure without a word.
    await new PGraph(nodes, edges).run({ run, continue: true });
  }

  /** Runs an action in its pools, within its time, with retries. Undefined when the run was stopped while it waited. */
  async act<Done>(
    target: Target,
    reasons: readonly Reason[],
    action: (signal: AbortSignal) => Promise<Done>,
  ): Promise<Done | undefined> {
    const priority = this.#priorities.get(target.name) ?? 1;
    return this.#pools.use([...target.action.pools, ...target.pools], priority, async () => {
      if (this.#stopped()) return undefined;
      const at = this.clock.now();
      this.#begun.set(target.name, at);
      this.context.emit({ type: 'target-start', at, target: target.name, reasons });
      const options = {
        target: target.name,
        timeoutSeconds: target.timeoutSeconds,
        clock: this.clock,
        cancel: this.cancel,
        stop: this.stop,
        log: (line: string) => this.log(target.name, line),
      };
      try {
        return await attempt(options, action);
      } catch (thrown) {
        // Known before the pools are free: with fail-fast nobody who waits for them may start.
        this.#failed = true;
        throw thrown;
      }
    });
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
    const totals = { run, ...counts, seconds: (at - this.#started) / 1000, interrupted: this.stop.aborted };
    this.context.emit({ type: 'run-end', at, ...totals });
    return { ...totals, results };
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

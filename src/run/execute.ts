import { FINGERPRINT_FORMAT, type Fingerprint } from '../fingerprint/fingerprint.js';
import { type Graph, needsOf, targetOf } from '../graph/graph.js';
import { project } from '../graph/order.js';
import { PaiError, toPaiError } from '../model/errors.js';
import type { Observation, Stamp } from '../model/stamp.js';
import type { ApplyContext, Desired, Target } from '../model/target.js';
import { judge, type Wanted, want } from '../plan/assess.js';
import type { Look } from '../plan/look.js';
import type { Plan } from '../plan/plan.js';
import type { Result, RunContext, RunOptions, RunSummary } from './context.js';
import { passGate } from './gate.js';
import { createLook } from './look.js';
import { type Rolling, roll } from './rolling.js';
import { narrow } from './scope.js';
import { Session } from './session.js';
import type { Before } from './walk.js';

/**
 * Runs what a plan found not fresh, in order and in parallel. Tells events from `run-start` to `run-end`; does not reject for
 * targets that fail. A failure stops what depends on it; the rest goes on. Rejects with USAGE, before anything is done, for targets
 * that are to run alone and can't.
 */
export async function executePlan(
  plan: Plan,
  graph: Graph,
  context: RunContext,
  options: RunOptions & Rolling = {},
): Promise<RunSummary> {
  const { entries, leftOut, blocked } = narrow(plan, graph, options);
  const session = new Session(context, options, 'run', plan.selected);
  const open = new Set(entries.filter((entry) => entry.state !== 'fresh').map((entry) => entry.name));
  const declared = open.size === 0 ? new Map() : project(graph, open);
  const before = open.size === 0 ? declared : roll(graph, plan, declared, options);
  session.tellPlan({ entries, ...(leftOut.length > 0 && { leftOut }) }, before);
  const execution = new Execution(plan, graph, session, before);
  const work = async (name: string): Promise<Result> => {
    const because = blocked.get(name);
    if (because !== undefined) return { outcome: 'skipped', because, excluded: true };
    return execution.work(targetOf(graph, name));
  };
  await session.walk(
    before,
    work,
    (name, earlier, missing) => missing && goesOnWithout(plan, graph, declared, name, earlier),
  );
  return session.finish(entries.map((entry) => entry.name));
}

/**
 * Whether a target can do without an earlier one that did not come to a good end: one that can't be looked at and has others like it,
 * where the target only comes after it, does not wait for its turn in the same group, and can be looked at itself.
 */
function goesOnWithout(plan: Plan, graph: Graph, declared: Before, name: string, earlier: string): boolean {
  if (!plan.spared.has(earlier) || plan.observations.get(name)?.kind === 'unknown') return false;
  if (declared.get(name)?.includes(earlier) !== true) return false;
  return !needsOf(graph, name).some((need) => need.target === earlier && !need.order);
}

class Execution {
  readonly #plan: Plan;
  readonly #graph: Graph;
  readonly #session: Session;
  readonly #before: Before;
  readonly #look: Look;
  /** Output digests of what ran or was looked at again; the plan knows the others. */
  readonly #outputs = new Map<string, string>();
  /** What ran, and what stands on something that ran. */
  readonly #touched = new Set<string>();

  constructor(plan: Plan, graph: Graph, session: Session, before: Before) {
    this.#plan = plan;
    this.#graph = graph;
    this.#session = session;
    this.#before = before;
    const log = (target: string, line: string): void => session.log(target, line);
    this.#look = createLook(session.context.drivers, { log, signal: session.cancel });
  }

  /** All that must come before the target has come to a good end. */
  async work(target: Target): Promise<Result> {
    const planned = this.#plan.observations.get(target.name);
    const moved = (this.#before.get(target.name) ?? []).some((earlier) => this.#touched.has(earlier));
    if (moved) this.#touched.add(target.name);
    const again = moved || planned === undefined;
    const observation = again ? await this.#look.observe(target) : planned;
    if (observation.kind === 'unknown') throw observation.error;

    const outputs = this.#outputsFor(target);
    const known = again ? undefined : this.#plan.wanted.get(target.name);
    const wanted = known?.fingerprint ? known : await want(this.#look, target, outputs);
    if (wanted.error !== undefined) throw wanted.error;
    const { state, reasons } = judge(target, observation, wanted, this.#plan.force.has(target.name));
    if (state === 'fresh') return this.#cutOff(target, observation);

    const { desired, fingerprint } = this.#complete(wanted);
    // What talks to somebody may give something else each time.
    const reuse = !this.#plan.force.has(target.name) && !target.interactive;
    let restored = false;
    const stamp = await this.#session.act(target, reasons, async (signal) => {
      await this.#passGate(target, observation, signal);
      return desired.apply({
        ...this.#applyContext(target, outputs, fingerprint, signal),
        ...(reuse && {
          restored: () => {
            restored = true;
          },
        }),
      });
    });
    if (stamp === undefined) return { outcome: 'skipped' };
    this.#session.context.applied?.(desired.parts, fingerprint.parts);
    this.#touched.add(target.name);
    this.#outputs.set(target.name, stamp.output);
    if (desired.checksInputs !== true) await this.#checkInputs(target, outputs, fingerprint);
    return restored ? { outcome: 'ran', restored } : { outcome: 'ran' };
  }

  #passGate(target: Target, observation: Observation, signal: AbortSignal): Promise<void> | undefined {
    if (target.rolling !== true) return undefined;
    const gate = {
      graph: this.#graph,
      plan: this.#plan,
      look: this.#look,
      clock: this.#session.clock,
      hasRun: (name: string) => this.#session.results.get(name)?.outcome === 'ran',
    };
    return passGate(target, observation, gate, { signal, log: (line) => this.#session.log(target.name, line) });
  }

  #cutOff(target: Target, observation: Extract<Observation, { kind: 'known' }>): Result {
    if (observation.stamp !== undefined) this.#outputs.set(target.name, observation.stamp.output);
    return { outcome: 'fresh' };
  }

  #complete(wanted: Wanted): { desired: Desired; fingerprint: Fingerprint } {
    if (wanted.desired !== undefined && wanted.fingerprint !== undefined) {
      return { desired: wanted.desired, fingerprint: wanted.fingerprint };
    }
    throw new PaiError('PKI', 'the cluster has no key to fingerprint secrets with', {
      details: (wanted.withoutKey ?? []).map((part) => `secret: ${part}`),
      next: 'Run `pai run pki` first; in the paifile, put this target after it.',
    });
  }

  #outputsFor(target: Target): ReadonlyMap<string, string> {
    const outputs = new Map<string, string>();
    for (const need of needsOf(this.#graph, target.name)) {
      if (!need.order) outputs.set(need.target, this.#output(need.target));
    }
    return outputs;
  }

  #output(name: string): string {
    const observation = this.#plan.observations.get(name);
    const planned = observation?.kind === 'known' ? observation.stamp?.output : undefined;
    const output = this.#outputs.get(name) ?? planned;
    if (output === undefined) throw new Error(`${name} is done, and has no output`);
    return output;
  }

  #applyContext(
    target: Target,
    outputs: ReadonlyMap<string, string>,
    { fingerprint, parts }: Fingerprint,
    signal: AbortSignal,
  ): ApplyContext {
    const { run, drivers } = this.#session.context;
    const stamp = (output = fingerprint): Stamp => {
      return { format: FINGERPRINT_FORMAT, target: target.name, fingerprint, output, parts, run };
    };
    return {
      target: target.name,
      drivers,
      outputs,
      signal,
      stamp,
      ...(target.interactive && { terminal: true as const }),
      log: (line) => this.#session.log(target.name, line),
    };
  }

  /** The stamp tells what was shipped; if the inputs are others by now, that is said, and the next run does the rest. */
  async #checkInputs(target: Target, outputs: ReadonlyMap<string, string>, shipped: Fingerprint): Promise<void> {
    if (this.#session.stop.aborted) return;
    const now = await want(this.#look, target, outputs);
    if (now.fingerprint?.fingerprint === shipped.fingerprint) return;
    const problem = now.error === undefined ? '' : ` (${toPaiError(now.error).message})`;
    this.#session.log(target.name, `its inputs changed while it ran${problem}: it is stale again, run once more`);
  }
}

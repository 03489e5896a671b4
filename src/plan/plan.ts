import { digest } from '../fingerprint/digest.js';
import { type Graph, needsOf, targetOf } from '../graph/graph.js';
import { closure, topologicalOrder } from '../graph/order.js';
import { type PaiError, toPaiError } from '../model/errors.js';
import type { PlanEntry } from '../model/plan.js';
import type { Observation } from '../model/stamp.js';
import type { Target } from '../model/target.js';
import { glance, judge, type Wanted, want } from './assess.js';
import { decide, type Trouble, troubleOf } from './decide.js';
import { levelsOf } from './levels.js';
import type { Look } from './look.js';
import { isWell, membersBeside, oneAtATime, restOfGroups, rollingGroup, spared } from './rolling.js';
import { refuseWithoutSecrets } from './secrets.js';

/** What would run, and why. */
export interface Plan {
  /** The names that were asked for. */
  readonly selected: readonly string[];
  /** Everything that these need and themselves, needs first. */
  readonly entries: readonly PlanEntry[];
  readonly byName: ReadonlyMap<string, PlanEntry>;
  /** What was seen; those that were not asked are not in it. */
  readonly observations: ReadonlyMap<string, Observation>;
  /** What they should be; only of those whose needs are fresh. */
  readonly wanted: ReadonlyMap<string, Wanted>;
  /** Targets whose desired state can't be computed. They will fail. */
  readonly errors: ReadonlyMap<string, PaiError>;
  /** Names that run in any case. */
  readonly force: ReadonlySet<string>;
  /** Groups of rolling targets of which something is applied: their members go one at a time. */
  readonly rollingGroups: ReadonlySet<string>;
  /** Targets that can't be looked at, and that what merely comes after them can do without. */
  readonly spared: ReadonlySet<string>;
}

/** Options of `planRun`. */
export interface PlanOptions {
  /** Targets that run even when they are fresh. */
  readonly force?: Iterable<string>;
}

/**
 * Looks at everything that `names` need and decides what is stale.
 * Everything is looked at in the same turn, so that drivers can batch; only what is looked at `through` others waits until
 * these are known to be fresh. Does not reject for what goes wrong while looking: see `errors` and unknown entries; but
 * for secrets of the configuration that can't be had, with SECRET.
 */
export async function planRun(
  graph: Graph,
  names: Iterable<string>,
  look: Look,
  options: PlanOptions = {},
): Promise<Plan> {
  const selected = topologicalOrder(graph, names);
  const order = topologicalOrder(graph, closure(graph, selected));
  const planning = new Planning(graph, look, new Set(options.force ?? []));
  await planning.evaluate(order);
  const plan = planning.finish(selected, order);
  refuseWithoutSecrets(plan.observations.values(), plan.errors.values());
  return plan;
}

class Planning {
  readonly #graph: Graph;
  readonly #look: Look;
  readonly #force: ReadonlySet<string>;
  readonly #entries = new Map<string, PlanEntry>();
  readonly #evaluations = new Map<string, Promise<void>>();
  readonly #observations = new Map<string, Observation>();
  readonly #wanted = new Map<string, Wanted>();
  /** Digests of output digests: many targets need the same one. */
  readonly #digested = new Map<string, string>();

  constructor(graph: Graph, look: Look, force: ReadonlySet<string>) {
    this.#graph = graph;
    this.#look = look;
    this.#force = force;
  }

  async evaluate(order: readonly string[]): Promise<void> {
    await this.#look.prepare(order.map((name) => targetOf(this.#graph, name)));
    for (const name of order) this.#glanceAt(targetOf(this.#graph, name));
    const rest = order.filter((name) => !this.#entries.has(name));
    const direct = rest.filter((name) => targetOf(this.#graph, name).through.length === 0);
    // The rest of a rolling group is looked at too: whether anything of it is applied decides how its members go.
    await this.#observe([...direct, ...membersBeside(this.#graph, rest)]);
    for (const level of levelsOf(this.#graph, rest)) {
      await this.#observe(
        level.filter((name) => !this.#observations.has(name) && this.#closedDoor(name) === undefined),
      );
      for (const name of level) this.#evaluations.set(name, this.#evaluateOne(targetOf(this.#graph, name)));
      await Promise.all(level.map((name) => this.#evaluations.get(name)));
    }
    await this.#observe(this.#restOfWhatRolls(order));
  }

  /** Whether a member may be changed is a question to the whole group. */
  #restOfWhatRolls(order: readonly string[]): string[] {
    const changed = order.filter((name) => {
      if (rollingGroup(targetOf(this.#graph, name)) === undefined) return false;
      return this.#entries.get(name)?.state === 'stale' && isWell(this.#observations.get(name));
    });
    return restOfGroups(this.#graph, changed).filter((name) => !this.#observations.has(name));
  }

  finish(selected: readonly string[], order: readonly string[]): Plan {
    const entries = order.flatMap((name) => this.#entries.get(name) ?? []);
    const errors = new Map<string, PaiError>();
    for (const [name, { error }] of this.#wanted) if (error !== undefined) errors.set(name, error);
    return {
      selected,
      entries,
      byName: this.#entries,
      observations: this.#observations,
      wanted: this.#wanted,
      errors,
      force: this.#force,
      rollingGroups: oneAtATime(this.#graph, this.#observations),
      spared: spared(this.#graph, this.#observations),
    };
  }

  /** Finds a target fresh without another look, if all that it needs was. Most of a run with nothing to do is this. */
  #glanceAt(target: Target): void {
    if (target.action.peek === undefined || target.through.length > 0 || this.#force.has(target.name)) return;
    const below: PlanEntry[] = [];
    for (const need of needsOf(this.#graph, target.name)) {
      if (need.order) continue;
      const entry = this.#entries.get(need.target);
      if (entry?.state !== 'fresh') return;
      below.push(entry);
    }
    const found = glance(this.#look, target, this.#outputs(below));
    if (found === undefined) return;
    this.#observations.set(target.name, found.observation);
    this.#entries.set(target.name, { name: target.name, ...found.decision });
  }

  async #observe(names: readonly string[]): Promise<void> {
    const looks = names.map((name) => this.#look.observe(targetOf(this.#graph, name)));
    const seen = await Promise.all(looks);
    for (const [index, name] of names.entries()) {
      const observation = seen[index];
      if (observation !== undefined) this.#observations.set(name, observation);
    }
  }

  /**
   * The first target that this one is looked at through and that is not fresh. One that can't be looked at closes no door while another one
   * like it is well: if that is to be changed it is the one that is told, and else it answers.
   */
  #closedDoor(name: string): PlanEntry | undefined {
    const { through } = targetOf(this.#graph, name);
    if (through.length === 0) return undefined;
    const missing = spared(this.#graph, new Map(through.flatMap((door) => this.#observed(door))));
    const doors = through.flatMap((door) => (missing.has(door) ? [] : (this.#entries.get(door) ?? [])));
    // An unknown door keeps the target unknown, so it is told first.
    return doors.find((door) => door.state === 'unknown') ?? doors.find((door) => door.state !== 'fresh');
  }

  #observed(name: string): [string, Observation][] {
    const observation = this.#observations.get(name);
    return observation === undefined ? [] : [[name, observation]];
  }

  async #evaluateOne(target: Target): Promise<void> {
    const needs = needsOf(this.#graph, target.name).filter((need) => !need.order);
    for (const { target: need } of needs) if (!this.#entries.has(need)) await this.#evaluations.get(need);
    const below = needs.flatMap((need) => this.#entries.get(need.target) ?? []);
    const observation = this.#observations.get(target.name);
    const force = this.#force.has(target.name);
    const open = below.filter((entry) => entry.state !== 'fresh');
    if (open.length === 0 && observation?.kind === 'known') {
      const wanted = await want(this.#look, target, this.#outputs(below), (output) => this.#digestOutput(output));
      this.#wanted.set(target.name, wanted);
      this.#entries.set(target.name, { name: target.name, ...judge(target, observation, wanted, force) });
      return;
    }
    const missing = observation?.kind === 'known' ? await this.#look.missing(target) : undefined;
    if (missing !== undefined) this.#wanted.set(target.name, { error: missing });
    const door = this.#closedDoor(target.name);
    const decision = decide({
      target,
      observation,
      ...(door && { notAsked: { through: door.name, unknown: door.state === 'unknown' } }),
      staleNeeds: open.filter((entry) => entry.state === 'stale').map((entry) => entry.name),
      troubles: [
        ...(missing === undefined ? [] : [troubleOf(missing)]),
        ...open.filter((entry) => entry.state === 'unknown').map((entry) => this.#unknownNeed(entry.name)),
      ],
      force,
    });
    this.#entries.set(target.name, { name: target.name, ...decision });
  }

  #outputs(fresh: readonly PlanEntry[]): ReadonlyMap<string, string> {
    const outputs = new Map<string, string>();
    for (const { name } of fresh) {
      const observation = this.#observations.get(name);
      if (observation?.kind === 'known' && observation.stamp) outputs.set(name, observation.stamp.output);
    }
    return outputs;
  }

  #digestOutput(output: string): string {
    const known = this.#digested.get(output);
    if (known !== undefined) return known;
    const digested = digest(output);
    this.#digested.set(output, digested);
    return digested;
  }

  #unknownNeed(name: string): Trouble {
    const observation = this.#observations.get(name);
    const error = observation?.kind === 'unknown' ? toPaiError(observation.error) : this.#wanted.get(name)?.error;
    const problem = `it needs ${name}, whose state is unknown`;
    return { problem: error ? `${problem}: ${error.message}` : problem, ...(error?.next && { next: error.next }) };
  }
}

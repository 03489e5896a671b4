import { type Graph, targetOf } from '../graph/graph.js';
import type { Plan } from '../plan/plan.js';
import { rollingGroup } from '../plan/rolling.js';
import type { Before } from './walk.js';

/**
 * Adds the order in which groups that are in use roll: each member after the one before it, so that a member that does not
 * come up well keeps the rest from being touched. Members that are not well go first: a quorum that misses one of them can't
 * spare another. All groups follow one order of everything, so the result has no cycle; it is in that order.
 */
export function rollOneByOne(graph: Graph, plan: Plan, before: Before): Before {
  const rolls = (name: string): string | undefined => {
    const group = rollingGroup(targetOf(graph, name));
    return group !== undefined && plan.rollingGroups.has(group) ? group : undefined;
  };
  const rolled = new Map<string, readonly string[]>();
  const last = new Map<string, string>();
  for (const name of linearOrder(before, rolls, (member) => isWell(plan, member))) {
    const earlier = before.get(name) ?? [];
    const group = rolls(name);
    const previous = group === undefined ? undefined : last.get(group);
    rolled.set(name, previous === undefined ? earlier : [...new Set([...earlier, previous])]);
    if (group !== undefined) last.set(group, name);
  }
  return rolled;
}

function isWell(plan: Plan, name: string): boolean {
  const observation = plan.observations.get(name);
  return observation?.kind === 'known' && observation.stamp !== undefined && observation.problem === undefined;
}

/**
 * A topological order that puts rolling targets off as long as anything else is ready, so that of a group as many members
 * as possible are there to choose from: those that are not well first.
 */
function linearOrder(
  before: Before,
  rolls: (name: string) => string | undefined,
  well: (name: string) => boolean,
): string[] {
  const order: string[] = [];
  const missing = new Map<string, number>();
  const after = new Map<string, string[]>();
  const ready = { others: new Queue(), unwell: new Queue(), well: new Queue() };
  const add = (name: string): void => {
    if (rolls(name) === undefined) ready.others.add(name);
    else ready[well(name) ? 'well' : 'unwell'].add(name);
  };
  for (const [name, earlier] of before) {
    missing.set(name, earlier.length);
    for (const other of earlier) {
      const waiting = after.get(other);
      if (waiting === undefined) after.set(other, [name]);
      else waiting.push(name);
    }
    if (earlier.length === 0) add(name);
  }
  for (;;) {
    const next = ready.others.take() ?? ready.unwell.take() ?? ready.well.take();
    if (next === undefined) return order;
    order.push(next);
    for (const name of after.get(next) ?? []) {
      const left = (missing.get(name) ?? 0) - 1;
      missing.set(name, left);
      if (left === 0) add(name);
    }
  }
}

/** First in, first out. To shift a long array costs its length each time. */
class Queue {
  readonly #names: string[] = [];
  #taken = 0;

  add(name: string): void {
    this.#names.push(name);
  }

  take(): string | undefined {
    const name = this.#names[this.#taken];
    if (name !== undefined) this.#taken++;
    return name;
  }
}

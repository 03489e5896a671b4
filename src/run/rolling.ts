import { type Graph, targetOf } from '../graph/graph.js';
import { type BatchSize, batchCount, DEFAULT_BATCH } from '../plan/batches.js';
import type { Plan } from '../plan/plan.js';
import { isWell, rollingGroup } from '../plan/rolling.js';
import type { Before } from './walk.js';

/** How groups roll. */
export interface Rolling {
  /** Of groups that roll in batches; one at a time unless told. */
  readonly batch?: BatchSize;
  /** Members that can't be looked at keep no other from being touched. */
  readonly pastUnhealthy?: boolean;
}

/**
 * Adds the order in which groups that are in use roll: each batch of members after the one before it, so that a member that does not
 * come up well keeps the rest from being touched. Members that are not well go first: a quorum that misses one of them can't
 * spare another. All groups follow one order of everything, so the result has no cycle; it is in that order.
 *
 * When no member at all is well they go together, as the first time: none would be well before the others are.
 *
 * Of a group that rolls in batches only those that do their work are spared from each other: those that are not well go together, before them, and
 * those that were never applied go when they can.
 */
export function roll(graph: Graph, plan: Plan, before: Before, rolling: Rolling = {}): Before {
  const rolls = (name: string): boolean => membership(graph, plan, name) !== undefined;
  const rankOf = (name: string): Rank => (rolls(name) ? healthOf(plan, name) : 'others');
  const rolled = new Map<string, readonly string[]>();
  const batches = new Map<string, Batches>();
  const anyWell = groupsWithWell(graph, plan);
  for (const name of linearOrder(before, rankOf)) {
    const earlier = before.get(name) ?? [];
    const member = membership(graph, plan, name);
    if (member === undefined || (rolling.pastUnhealthy === true && rankOf(name) === 'missing')) {
      rolled.set(name, earlier);
      continue;
    }
    const { group, inBatches } = member;
    const size = inBatches
      ? batchCount(rolling.batch ?? DEFAULT_BATCH, graph.groups.get(group)?.members.length ?? 1)
      : 1;
    const own = batches.get(group) ?? new Batches(size);
    batches.set(group, own);
    const together = inBatches ? rankOf(name) !== 'well' : !anyWell.has(group);
    const previous = together ? own.addToFirst(name) : own.add(name);
    rolled.set(name, previous.length === 0 ? earlier : [...new Set([...earlier, ...previous])]);
  }
  return rolled;
}

/** How a target rolls in this run; undefined when nothing has to be spared for it. */
function membership(graph: Graph, plan: Plan, name: string): { group: string; inBatches: boolean } | undefined {
  const target = targetOf(graph, name);
  const group = rollingGroup(target);
  if (group === undefined) return undefined;
  if (target.rolling === 'batches') {
    const observation = plan.observations.get(name);
    const isNew = observation?.kind === 'known' && observation.stamp === undefined && !observation.present;
    return observation === undefined || isNew ? undefined : { group, inBatches: true };
  }
  return plan.rollingGroups.has(group) ? { group, inBatches: false } : undefined;
}

function groupsWithWell(graph: Graph, plan: Plan): Set<string> {
  const groups = new Set<string>();
  for (const [name, observation] of plan.observations) {
    const group = isWell(observation) ? rollingGroup(targetOf(graph, name)) : undefined;
    if (group !== undefined) groups.add(group);
  }
  return groups;
}

/** The batches of one group, as its members come. */
class Batches {
  readonly #size: number;
  #previous: readonly string[] = [];
  #current: string[] = [];
  #first = true;

  constructor(size: number) {
    this.#size = size;
  }

  /** Adds a member to the first batch, however large. What has to come before it: nothing. */
  addToFirst(name: string): readonly string[] {
    this.#current.push(name);
    return this.#previous;
  }

  /** Adds a member to the last batch that has room. Returns what has to come before it. */
  add(name: string): readonly string[] {
    if (this.#current.length >= this.#size || (this.#first && this.#current.length > 0)) {
      this.#previous = this.#current;
      this.#current = [];
    }
    this.#first = false;
    this.#current.push(name);
    return this.#previous;
  }
}

/** In which order what is ready is taken: what does not roll, then what is not well, what can't be looked at, and what is well. */
const RANKS = ['others', 'unwell', 'missing', 'well'] as const;
type Rank = (typeof RANKS)[number];

function healthOf(plan: Plan, name: string): Rank {
  const observation = plan.observations.get(name);
  if (observation?.kind === 'unknown') return 'missing';
  return isWell(observation) ? 'well' : 'unwell';
}

/**
 * A topological order that puts rolling targets off as long as anything else is ready, so that of a group as many members
 * as possible are there to choose from: those that are not well first.
 */
function linearOrder(before: Before, rankOf: (name: string) => Rank): string[] {
  const order: string[] = [];
  const missing = new Map<string, number>();
  const after = new Map<string, string[]>();
  const ready = { others: new Queue(), unwell: new Queue(), missing: new Queue(), well: new Queue() };
  const add = (name: string): void => ready[rankOf(name)].add(name);
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
    let next: string | undefined;
    for (const rank of RANKS) {
      next = ready[rank].take();
      if (next !== undefined) break;
    }
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

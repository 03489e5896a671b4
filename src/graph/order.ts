import type { Need } from '../model/target.js';

/** Needs by name; every needed name is a key. */
export type NeedsByName = ReadonlyMap<string, readonly Need[]>;

/** The part of a graph that order is about. */
export interface Ordered {
  readonly needs: NeedsByName;
  readonly dependents: ReadonlyMap<string, readonly string[]>;
  readonly order: readonly string[];
}

/**
 * All names, each after what it needs, else in the order of the map. Deterministic.
 * `cycles` has the members of each cycle that was met, each needing the next and the last needing the first; then `order` means nothing.
 */
export function sortTopologically(needs: NeedsByName): { order: string[]; cycles: string[][] } {
  if (isInOrder(needs)) return { order: [...needs.keys()], cycles: [] };
  const order: string[] = [];
  const cycles: string[][] = [];
  const done = new Set<string>();
  // The path from a root to where the search is; a stack of our own, since graphs may be deeper than the call stack.
  const path: { name: string; next: number }[] = [];
  const onPath = new Set<string>();
  const enter = (name: string): void => {
    path.push({ name, next: 0 });
    onPath.add(name);
  };
  for (const root of needs.keys()) {
    if (!done.has(root)) enter(root);
    for (let top = path.at(-1); top !== undefined; top = path.at(-1)) {
      const need = needs.get(top.name)?.[top.next]?.target;
      top.next++;
      if (need === undefined) {
        path.pop();
        onPath.delete(top.name);
        done.add(top.name);
        order.push(top.name);
      } else if (onPath.has(need)) {
        const names = path.map((step) => step.name);
        cycles.push(names.slice(names.indexOf(need)));
      } else if (!done.has(need) && needs.has(need)) enter(need);
    }
  }
  return { order, cycles };
}

/** Whether everything is declared after what it needs, as is usual where needs are values. */
function isInOrder(needs: NeedsByName): boolean {
  const before = new Set<string>();
  for (const [name, list] of needs) {
    for (const { target } of list) if (!before.has(target) && needs.has(target)) return false;
    before.add(name);
  }
  return true;
}

/** These targets and everything below them, order-only needs included. */
export function closure(graph: Ordered, names: Iterable<string>): Set<string> {
  const found = new Set(names);
  // A set hands out what is added while it is walked.
  for (const name of found) for (const need of graph.needs.get(name) ?? []) found.add(need.target);
  return found;
}

/** These targets and no others, each after what it needs, else in order of declaration. */
export function topologicalOrder(graph: Ordered, names: Iterable<string>): string[] {
  const wanted = names instanceof Set ? names : new Set(names);
  if (wanted.size === graph.order.length) return [...graph.order];
  return graph.order.filter((name) => wanted.has(name));
}

/** Everything that needs one of these targets, in any way and over any number of steps; without the targets themselves. */
export function dependentsOf(graph: Ordered, names: Iterable<string>): Set<string> {
  const start = new Set(names);
  const found = new Set(start);
  for (const name of found) for (const dependent of graph.dependents.get(name) ?? []) found.add(dependent);
  return new Set([...found].filter((name) => !start.has(name)));
}

/** Tells whether one target comes after another in any way, over any number of steps. Remembers what it found out. */
export function comesAfterIn(graph: Ordered): (target: string, earlier: string) => boolean {
  const after = new Map<string, ReadonlySet<string>>();
  return (target, earlier) => {
    if (graph.needs.get(target)?.some((need) => need.target === earlier)) return true;
    const later = after.get(earlier) ?? dependentsOf(graph, [earlier]);
    after.set(earlier, later);
    return later.has(target);
  };
}

/**
 * For each of `kept`: which others of `kept` must come before it. Order is carried through targets that are left out:
 * of `a` before `b` before `c`, without `b`, stays `a` before `c`.
 */
export function project(graph: Ordered, kept: ReadonlySet<string>): Map<string, readonly string[]> {
  const before = new Map<string, readonly string[]>();
  for (const name of graph.order) {
    const found = new Set<string>();
    for (const need of graph.needs.get(name) ?? []) {
      if (kept.has(need.target)) found.add(need.target);
      else for (const earlier of before.get(need.target) ?? []) found.add(earlier);
    }
    before.set(name, [...found]);
  }
  return new Map([...before].filter(([name]) => kept.has(name)));
}

/**
 * For each name, how many steps the longest path from it to something that nothing waits for has; the last has 1.
 * `before` must be in an order where what comes before a name is listed before it.
 */
export function longestRemaining(before: ReadonlyMap<string, readonly string[]>): Map<string, number> {
  const remaining = new Map<string, number>();
  for (const name of [...before.keys()].reverse()) {
    const own = remaining.get(name) ?? 1;
    remaining.set(name, own);
    for (const earlier of before.get(name) ?? []) {
      remaining.set(earlier, Math.max(remaining.get(earlier) ?? 1, own + 1));
    }
  }
  return remaining;
}

import type { Graph } from '../graph/graph.js';
import type { Observation } from '../model/stamp.js';
import type { Target } from '../model/target.js';

/** The group in which a target is rolled: its first. Undefined when it does not roll. */
export function rollingGroup(target: Target): string | undefined {
  return target.rolling ? target.groups[0] : undefined;
}

/** Members of rolling groups that are not in `names`, while several of their group are; what can be looked at at once. */
export function membersBeside(graph: Graph, names: readonly string[]): string[] {
  const inside = new Set(names);
  const counts = new Map<string, number>();
  for (const name of names) {
    const target = graph.targets.get(name);
    const group = target && rollingGroup(target);
    if (group !== undefined) counts.set(group, 1 + (counts.get(group) ?? 0));
  }
  if (counts.size === 0) return [];
  const beside: string[] = [];
  for (const target of graph.targets.values()) {
    const group = rollingGroup(target);
    if (group === undefined || (counts.get(group) ?? 0) < 2) continue;
    if (!inside.has(target.name) && target.through.length === 0) beside.push(target.name);
  }
  return beside;
}

/** Groups of which a member carries a stamp: they are in use, so their members go one at a time. */
export function oneAtATime(graph: Graph, observations: ReadonlyMap<string, Observation>): Set<string> {
  const groups = new Set<string>();
  for (const [name, observation] of observations) {
    const target = graph.targets.get(name);
    const group = target && rollingGroup(target);
    if (group !== undefined && observation.kind === 'known' && observation.stamp !== undefined) groups.add(group);
  }
  return groups;
}

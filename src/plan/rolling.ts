import type { Graph } from '../graph/graph.js';
import type { Observation } from '../model/stamp.js';
import type { Target } from '../model/target.js';

/** The group in which a target is rolled: its first. Undefined when it does not roll. */
export function rollingGroup(target: Target): string | undefined {
  return target.rolling === false ? undefined : target.groups[0];
}

/** The group in which a target is rolled one at a time: each of its members counts. */
function countingGroup(target: Target): string | undefined {
  return target.rolling === true ? rollingGroup(target) : undefined;
}

/** Members of groups that roll one at a time and are not in `names`, while several of their group are; what can be looked at at once. */
export function membersBeside(graph: Graph, names: readonly string[]): string[] {
  return besides(graph, names, 2);
}

/** Members of groups that roll one at a time and are not in `names`, while one of their group is; what can be looked at at once. */
export function restOfGroups(graph: Graph, names: readonly string[]): string[] {
  return besides(graph, names, 1);
}

function besides(graph: Graph, names: readonly string[], atLeast: number): string[] {
  const inside = new Set(names);
  const counts = new Map<string, number>();
  for (const name of names) {
    const target = graph.targets.get(name);
    const group = target && countingGroup(target);
    if (group !== undefined) counts.set(group, 1 + (counts.get(group) ?? 0));
  }
  if (counts.size === 0) return [];
  const beside: string[] = [];
  for (const target of graph.targets.values()) {
    const group = countingGroup(target);
    if (group === undefined || (counts.get(group) ?? 0) < atLeast) continue;
    if (!inside.has(target.name) && target.through.length === 0) beside.push(target.name);
  }
  return beside;
}

/** Groups that roll one at a time of which a member carries a stamp: they are in use. */
export function oneAtATime(graph: Graph, observations: ReadonlyMap<string, Observation>): Set<string> {
  const groups = new Set<string>();
  for (const [name, observation] of observations) {
    const target = graph.targets.get(name);
    const group = target && countingGroup(target);
    if (group !== undefined && observation.kind === 'known' && observation.stamp !== undefined) groups.add(group);
  }
  return groups;
}

/** Whether something was applied and its probe is content, be it as it should or not. */
export function isWell(observation: Observation | undefined): boolean {
  return observation?.kind === 'known' && observation.stamp !== undefined && observation.problem === undefined;
}

/**
 * Targets that can't be looked at, of groups of which each member can do the work of the others and another one is well: what merely comes
 * after them can go on without them.
 */
export function spared(graph: Graph, observations: ReadonlyMap<string, Observation>): Set<string> {
  const well = new Set<string>();
  const missing = new Map<string, string>();
  for (const [name, observation] of observations) {
    const target = graph.targets.get(name);
    const group = target && countingGroup(target);
    if (group === undefined) continue;
    if (isWell(observation)) well.add(group);
    else if (observation.kind === 'unknown') missing.set(name, group);
  }
  return new Set([...missing].flatMap(([name, group]) => (well.has(group) ? [name] : [])));
}

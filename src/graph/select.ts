import { PaiError } from '../model/errors.js';
import { didYouMean } from '../model/suggest.js';
import type { Target } from '../model/target.js';
import { globExpression, isGlob } from './glob.js';
import type { Graph } from './graph.js';
import { topologicalOrder } from './order.js';

/** All targets but those that are manual, in order of declaration: what a command without targets means. */
export function everyTarget(graph: Graph): Target[] {
  return [...graph.targets.values()].filter((target) => !target.manual);
}

/**
 * The targets that patterns stand for: each the name of a target or of a group, or a glob over the names of targets; `*` leaves
 * manual targets out. Each target once, needs first. A group without members (a cluster may have no proxy) stands for nothing.
 * Throws UNKNOWN_NAME, with what was probably meant, for all patterns that match nothing.
 */
export function select(graph: Graph, patterns: readonly string[]): Target[] {
  const found = new Set<string>();
  const problems: string[] = [];
  for (const pattern of patterns) {
    const names = matches(graph, pattern);
    if (names === undefined) problems.push(unknown(graph, pattern));
    else for (const name of names) found.add(name);
  }
  if (problems.length > 0) {
    throw new PaiError('UNKNOWN_NAME', problems.join('\n'), { next: 'Run `pai list` to see all targets and groups.' });
  }
  return topologicalOrder(graph, found).flatMap((name) => graph.targets.get(name) ?? []);
}

/** Names of the targets that a pattern stands for; undefined when it stands for nothing that exists. */
function matches(graph: Graph, pattern: string): readonly string[] | undefined {
  if (graph.targets.has(pattern)) return [pattern];
  const group = graph.groups.get(pattern);
  if (group !== undefined) return group.members;
  if (!isGlob(pattern)) return undefined;
  if (pattern === '*' || pattern === '**') {
    const all = everyTarget(graph).map(({ name }) => name);
    return all.length === 0 ? undefined : all;
  }
  const expression = globExpression(pattern);
  const names = [...graph.targets.keys()].filter((name) => expression.test(name));
  return names.length === 0 ? undefined : names;
}

function unknown(graph: Graph, pattern: string): string {
  if (isGlob(pattern)) return `no target matches ${pattern}`;
  const meant = didYouMean(pattern, [...graph.targets.keys(), ...graph.groups.keys()]);
  return `there is no target or group ${pattern}${meant === undefined ? '' : `; ${meant}`}`;
}

import { type Graph, needsOf, targetOf } from '../graph/graph.js';

/**
 * Splits targets into levels: what is looked at `through` others is one level above these, and nothing is below what it
 * needs. Levels are evaluated one after another; mostly there are two. `order`: needs first, nothing missing.
 */
export function levelsOf(graph: Graph, order: readonly string[]): string[][] {
  const level = new Map<string, number>();
  const levels: string[][] = [];
  for (const name of order) {
    let own = 0;
    for (const need of needsOf(graph, name)) own = Math.max(own, level.get(need.target) ?? 0);
    for (const through of targetOf(graph, name).through) own = Math.max(own, 1 + (level.get(through) ?? 0));
    level.set(name, own);
    while (levels.length <= own) levels.push([]);
    levels[own]?.push(name);
  }
  return levels;
}

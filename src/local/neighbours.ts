import type { LocalWork } from '../model/local.js';
import { matchesPath } from './pattern.js';
import { outputPatterns } from './patterns.js';
import type { LocalState } from './records.js';

/** The other local targets of the project. */
export interface Neighbours {
  /** The work of a target; undefined when it is not declared, or no local one. */
  workOf(target: string): LocalWork | undefined;
  /** Whether one target comes after another in any way. */
  comesAfter(target: string, earlier: string): boolean;
}

/** Of files on the disk, those that another target made and still declares as its own, each with that target. */
export function foreignOutputs(
  paths: readonly string[],
  target: string,
  state: LocalState,
  neighbours: Neighbours,
): { readonly path: string; readonly owner: string }[] {
  const owners = state.owners();
  return paths.flatMap((path) => {
    const owner = owners.get(path);
    if (owner === undefined || owner === target) return [];
    const work = neighbours.workOf(owner);
    const declared =
      work !== undefined && outputPatterns(work).take.some((pattern) => matchesPath(pattern, path, true));
    return declared ? [{ path, owner }] : [];
  });
}

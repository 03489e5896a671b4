import type { Graph } from '../graph/graph.js';
import { select } from '../graph/select.js';
import { PaiError } from '../model/errors.js';
import type { Options } from './command.js';

/** The targets of `--exclude`. Throws UNKNOWN_NAME. */
export function excluded(graph: Graph, { exclude = [] }: Options): ReadonlySet<string> {
  return new Set(select(graph, exclude).map((target) => target.name));
}

/** Throws USAGE for options that say opposite things. */
export function rejectContradictions({ keepGoing, failFast }: Options): void {
  if (keepGoing === true && failFast === true) {
    throw new PaiError('USAGE', '--keep-going and --fail-fast say opposite things', { next: 'Give one of them.' });
  }
}

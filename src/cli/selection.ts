import type { Graph } from '../graph/graph.js';
import { select } from '../graph/select.js';
import { PaiError } from '../model/errors.js';
import { didYouMean } from '../model/suggest.js';
import { ALLOWANCES, type Allowance } from '../model/target.js';
import { type BatchSize, parseBatch } from '../plan/batches.js';
import type { Options } from './command.js';

/** The targets of `--exclude`. Throws UNKNOWN_NAME. */
export function excluded(graph: Graph, { exclude = [] }: Options): ReadonlySet<string> {
  return new Set(select(graph, exclude).map((target) => target.name));
}

/** What `--batch` and `--allow` say of how a run changes what is in use. Throws USAGE. */
export function caution({ batch, allow = [] }: Options): {
  readonly allow: ReadonlySet<Allowance>;
  readonly batch?: BatchSize;
} {
  const allowed = allow.map((word) => {
    const known = ALLOWANCES.find((allowance) => allowance === word);
    if (known !== undefined) return known;
    const meant = didYouMean(word, ALLOWANCES);
    throw new PaiError('USAGE', `--allow has no '${word}'${meant === undefined ? '' : `; ${meant}`}`, {
      next: `There are: ${ALLOWANCES.join(', ')}.`,
    });
  });
  return { allow: new Set(allowed), ...(batch !== undefined && { batch: parseBatch(batch) }) };
}

/** Throws USAGE for options that say opposite things. */
export function rejectContradictions({ keepGoing, failFast }: Options): void {
  if (keepGoing === true && failFast === true) {
    throw new PaiError('USAGE', '--keep-going and --fail-fast say opposite things', { next: 'Give one of them.' });
  }
}

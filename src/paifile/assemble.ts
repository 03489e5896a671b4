import { type Graph, linkGraph } from '../graph/graph.js';
import { comesAfterIn } from '../graph/order.js';
import { checkOutputs } from '../local/check-outputs.js';
import { PaiError } from '../model/errors.js';
import type { Declared, Problem } from './declare.js';

/**
 * Puts what a paifile declares together. Throws one PaiError that tells all that is wrong: CYCLE when there are only cycles,
 * else PAIFILE_INVALID.
 */
export function assemble({ declaration, problems }: Declared): Graph {
  const { graph, problems: misfits } = linkGraph(declaration);
  const local = declaration.targets.flatMap(({ name, where, action }) => {
    if (action.local === undefined) return [];
    return where === undefined ? [{ name, work: action.local }] : [{ name, where, work: action.local }];
  });
  const clashes = checkOutputs(local, comesAfterIn(graph));
  const all = [...problems, ...misfits, ...clashes];
  if (all.length > 0) throw invalid(all, all.length === misfits.filter(({ cycle }) => cycle).length);
  return graph;
}

function invalid(problems: readonly Problem[], onlyCycles: boolean): PaiError {
  const code = onlyCycles ? 'CYCLE' : 'PAIFILE_INVALID';
  const next = onlyCycles
    ? 'Take one of the needs of the cycle away.'
    : 'Correct paifile.ts (or the file named above).';
  const [first, ...more] = problems;
  if (first !== undefined && more.length === 0) {
    return new PaiError(code, first.message, first.where === undefined ? { next } : { where: first.where, next });
  }
  const details = problems.map(({ message, where }) => (where === undefined ? message : `${where}: ${message}`));
  return new PaiError(code, `the paifile has ${details.length} problems`, { details, next });
}

import path from 'node:path';
import { PaiError } from '../model/errors.js';
import { didYouMean } from '../model/suggest.js';
import type { Tree } from './tree.js';

/** The error for inputs that are declared by name and not there, with what was probably meant. */
export function missingInputs(tree: Tree, missing: readonly string[]): PaiError {
  const told = missing.map((file) => {
    const stats = tree.lstat(file);
    if (stats !== undefined) return `${file} is neither a file nor a folder`;
    const folder = path.posix.dirname(file);
    const names = tree.list(folder === '.' ? '' : folder).map((entry) => entry.name);
    const hint = didYouMean(path.posix.basename(file), names);
    return hint === undefined ? `${file} does not exist` : `${file} does not exist; ${hint}`;
  });
  const [first = '', ...more] = told;
  const next = 'Correct its inputs, let it need what makes them, or write {name} for a file that may be missing.';
  if (more.length === 0) return new PaiError('LOCAL_FILE', `the input ${first}`, { next });
  return new PaiError('LOCAL_FILE', `${told.length} inputs are missing`, { next, details: told });
}

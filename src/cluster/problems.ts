import { PaiError } from '../model/errors.js';
import { didYouMean } from '../model/suggest.js';

/** One thing that is wrong in a configuration file, or, of warnings, that may not be meant so. Line and column count from 1. */
export interface Problem {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** What is wrong, and what may have been meant; never a secret value. */
  readonly what: string;
}

/** Problems in the order of files and lines. */
export function inOrder(problems: readonly Problem[]): Problem[] {
  return [...problems].sort(
    (a, b) => compare(a.file, b.file) || a.line - b.line || a.column - b.column || compare(a.what, b.what),
  );
}

/** `file:line:column: what`. */
export function placed({ file, line, column, what }: Problem): string {
  return `${file}:${line}:${column}: ${what}`;
}

/** All problems as one CONFIG_INVALID, in the order of files and lines. */
export function configurationError(problems: readonly Problem[]): PaiError {
  const count = problems.length === 1 ? '1 problem' : `${problems.length} problems`;
  return new PaiError('CONFIG_INVALID', `${count} in the configuration`, {
    details: inOrder(problems).map(placed),
    next: 'Correct the lines above; docs/configuration.md describes every field.',
  });
}

/** What to say of a name that is not where it should be, with what may have been meant. */
export function unknownName(kind: string, name: string, known: readonly string[], place: string): string {
  const suggestion = didYouMean(name, known) ?? (known.length > 0 ? `it has ${known.join(', ')}` : 'it is empty');
  return `${kind} "${name}" is not in ${place}; ${suggestion}`;
}

/** The first three of some names, and how many more there are. */
export function namesOf(names: readonly string[]): string {
  const more = names.length - 3;
  return more > 0 ? `${names.slice(0, 3).join(', ')} and ${more} more` : names.join(', ');
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

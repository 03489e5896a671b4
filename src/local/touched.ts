import type { ChangedPlace, LocalWork } from '../model/local.js';
import type { KeptRecord } from './records.js';

/**
 * Whether any of the places that changed may have to do with a target: a file that its record names, or one where its patterns
 * are matched. True when that can't be ruled out without a look.
 */
export function isTouched(work: LocalWork, record: KeptRecord, changed: readonly ChangedPlace[]): boolean {
  if (changed.length === 0) return false;
  const { outputs = [] } = work;
  const walked = [
    ...(work.plain && record.literal ? [] : basesOf(work.inputs)),
    ...(outputs.join('\n') === record.outputText ? [] : basesOf(outputs)),
  ];
  // A part of another name is taken for the name: that costs a look.
  return changed.some(
    (place) =>
      record.inputText.includes(place.path) ||
      record.outputText.includes(place.path) ||
      walked.some((base) => isAround(base, place)),
  );
}

/** Where the patterns that take files begin to be matched: what stands before their first wildcard, as a path. '' is the root. */
function basesOf(patterns: readonly string[] = []): string[] {
  return patterns.filter((pattern) => !pattern.startsWith('!')).map(baseOf);
}

function baseOf(pattern: string): string {
  const wildcard = pattern.search(/[*?[\]{}()!\\]/);
  if (wildcard < 0) return pattern;
  const slash = pattern.lastIndexOf('/', wildcard);
  return slash < 0 ? '' : pattern.slice(0, slash);
}

/** Whether a place is a pattern's base, below it, or on the way to it. A folder on the way counts only if it is none any more. */
function isAround(base: string, { path, folder }: ChangedPlace): boolean {
  if (base === '' || path === base || path.startsWith(`${base}/`)) return true;
  return !folder && base.startsWith(`${path}/`);
}

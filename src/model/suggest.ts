/**
 * The candidates that `name` was most likely meant to be, nearest first, at most three; empty when none is near.
 * Near is: at most a third of the longer name's letters inserted, removed, replaced, or swapped with their neighbour
 * (upper and lower case are the same letter); or, when nothing is, one of the two continues the other (`dash` ->
 * `dashboard`).
 */
export function nearest(name: string, candidates: Iterable<string>): string[] {
  const wanted = name.toLowerCase();
  const near: Near[] = [];
  const continued: Near[] = [];
  for (const candidate of new Set(candidates)) {
    const other = candidate.toLowerCase();
    const longer = Math.max(wanted.length, other.length);
    const distance = editDistance(wanted, other);
    const continues = wanted.length >= 3 && other.length >= 3 && (other.startsWith(wanted) || wanted.startsWith(other));
    if (distance <= Math.max(1, Math.floor(longer / 3))) near.push({ candidate, distance });
    else if (continues) continued.push({ candidate, distance });
  }
  return (near.length > 0 ? near : continued)
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, 3)
    .map((entry) => entry.candidate);
}

interface Near {
  readonly candidate: string;
  readonly distance: number;
}

/** `did you mean a or b?` for the nearest candidates, or undefined when none is near. */
export function didYouMean(name: string, candidates: Iterable<string>): string | undefined {
  const names = nearest(name, candidates);
  return names.length === 0 ? undefined : `did you mean ${names.join(' or ')}?`;
}

/** Insertions, removals, replacements and swaps of neighbours that turn `from` into `to` (optimal string alignment). */
function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, column) => column);
  for (let row = 1; row <= from.length; row++) {
    const current = [row];
    for (let column = 1; column <= to.length; column++) {
      const same = from[row - 1] === to[column - 1];
      let cost = Math.min(at(last, column) + 1, at(current, column - 1) + 1, at(last, column - 1) + (same ? 0 : 1));
      const swapped = row > 1 && column > 1 && from[row - 1] === to[column - 2] && from[row - 2] === to[column - 1];
      if (swapped) cost = Math.min(cost, at(beforeLast, column - 2) + 1);
      current.push(cost);
    }
    beforeLast = last;
    last = current;
  }
  return at(last, to.length);
}

function at(row: readonly number[], column: number): number {
  return row[column] ?? Number.POSITIVE_INFINITY;
}

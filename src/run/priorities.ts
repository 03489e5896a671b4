/** No target is taken to last shorter than this, in seconds: of paths without measurable work the longer one still goes first. */
const SHORTEST = 0.001;

/**
 * How long each of these targets will probably take, in seconds: as long as earlier runs of it, where there were any, else the
 * median of those that are known. Where none is known, all take the same.
 */
export function expectedSeconds(
  names: Iterable<string>,
  measured: ReadonlyMap<string, number>,
): (name: string) => number {
  const known: number[] = [];
  for (const name of names) {
    const seconds = measured.get(name);
    if (seconds !== undefined) known.push(seconds);
  }
  known.sort((one, other) => one - other);
  const median = known[known.length >> 1] ?? 1;
  return (name) => Math.max(SHORTEST, measured.get(name) ?? median);
}

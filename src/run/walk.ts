/** Which targets must come before each; needs first. */
export type Before = ReadonlyMap<string, readonly string[]>;

/** How a walk goes. */
export interface Walk {
  readonly before: Before;
  /** Seconds that each probably takes. */
  readonly lengthOf: (name: string) => number;
  /** Length of the longest path from each to the end: of those that can begin, the highest begins first. */
  readonly remaining: ReadonlyMap<string, number>;
  /** Called for each once all before it have ended. Must not reject for what goes wrong with the target. */
  readonly run: (name: string) => Promise<void>;
}

/**
 * Up to so many targets p-graph drives the order. Beyond, what it takes to prepare grows faster than their number (it takes its
 * queue from the front of an array): about four times what `walkLinear` takes for 50,000. See bench/README.md, schedule.
 */
const MOST_FOR_PGRAPH = 5000;

/** Begins every target as soon as all before it have ended; limits are the business of pools. Resolves when all have ended. */
export async function walk(how: Walk): Promise<void> {
  if (how.before.size === 0) return;
  await (how.before.size > MOST_FOR_PGRAPH ? walkLinear(how) : walkWithPGraph(how));
}

/** The walk by p-graph. */
export async function walkWithPGraph({ before, lengthOf, run }: Walk): Promise<void> {
  const { PGraph } = await import('p-graph');
  const edges: [string, string][] = [];
  for (const [name, earlier] of before) for (const other of earlier) edges.push([other, name]);
  // p-graph adds the priorities up along the longest path: what has most behind it is begun first.
  const nodes = new Map(Array.from(before.keys(), (name) => [name, { priority: lengthOf(name) }] as const));
  // Nodes never reject: p-graph would pass over what stands on a failure without a word.
  await new PGraph(nodes, edges).run({ run, continue: true });
}

/** The same in linear time. `before` has no cycle. */
export function walkLinear({ before, remaining, run }: Walk): Promise<void> {
  const missing = new Map<string, number>();
  const behind = new Map<string, string[]>();
  const ready: string[] = [];
  for (const [name, earlier] of before) {
    missing.set(name, earlier.length);
    if (earlier.length === 0) ready.push(name);
    for (const other of earlier) {
      const waiting = behind.get(other);
      if (waiting === undefined) behind.set(other, [name]);
      else waiting.push(name);
    }
  }
  const lengthOf = (name: string): number => remaining.get(name) ?? 0;
  return new Promise((resolve, reject) => {
    let open = before.size;
    const begin = (names: string[]): void => {
      names.sort((one, other) => lengthOf(other) - lengthOf(one));
      for (const name of names) run(name).then(() => end(name), reject);
    };
    const end = (name: string): void => {
      open--;
      if (open === 0) resolve();
      const freed: string[] = [];
      for (const next of behind.get(name) ?? []) {
        const left = (missing.get(next) ?? 0) - 1;
        missing.set(next, left);
        if (left === 0) freed.push(next);
      }
      begin(freed);
    };
    begin(ready);
  });
}

import { availableParallelism } from 'node:os';
import { PaiError } from '../model/errors.js';
import { didYouMean } from '../model/suggest.js';
import type { PoolUse } from '../model/target.js';
import { Heap } from './heap.js';

/** How many actions may occupy each pool at once. Each `host:<name>` is a pool of one besides. */
export interface PoolLimits {
  readonly ssh: number;
  readonly docker: number;
  readonly kubernetes: number;
  readonly cpu: number;
  /** All running actions together (`--jobs`). */
  readonly jobs: number;
}

/** The one terminal, for interactive targets. */
export const TERMINAL_POOL = 'terminal';

/** Limits that suit a dev box; `cpu` is its number of cores. */
export function defaultLimits(): PoolLimits {
  return { ssh: 50, docker: 2, kubernetes: 4, cpu: availableParallelism(), jobs: Number.POSITIVE_INFINITY };
}

/** Limits what runs at the same time. */
export interface Pools {
  /**
   * Runs work once there is room in all of these pools. Who waits with the higher priority goes first, then who came
   * first; one that does not fit keeps nobody behind it from going. Rejects for a pool that does not exist.
   */
  use<Result>(wanted: readonly PoolUse[], priority: number, work: () => Promise<Result>): Promise<Result>;
}

interface Waiting {
  readonly priority: number;
  /** Who came first; decides between equal priorities. */
  readonly arrival: number;
  readonly start: () => void;
}

/** All who wait for exactly the same. Only the first of them can be the next to go. */
interface Line {
  /** Units by pool; pools without a limit are left out, since nobody waits for them. */
  readonly units: ReadonlyMap<string, number>;
  readonly waiting: Heap<Waiting>;
}

/** A line that waits for a pool, as it was when somebody came to its front. Void once somebody else is there. */
interface Front {
  readonly line: Line;
  readonly first: Waiting;
}

/** Pools with these limits; what is left out has its default. Rejects limits below one with USAGE. */
export function createPools(limits: Partial<PoolLimits> = {}): Pools {
  const limitOf = limitLookup({ ...defaultLimits(), ...limits });
  const used = new Map<string, number>();
  const lines = new Map<string, Line>();
  /** The fronts of the lines that wait for a pool, by pool: room in one pool concerns only these. */
  const fronts = new Map<string, Heap<Front>>();
  let arrivals = 0;

  const fits = (line: Line): boolean =>
    [...line.units].every(([pool, units]) => (used.get(pool) ?? 0) + units <= limitOf(pool));

  function lineFor(wanted: readonly PoolUse[]): Line {
    const units = unitsOf(['jobs', ...wanted], limitOf);
    for (const pool of units.keys()) if (limitOf(pool) === Number.POSITIVE_INFINITY) units.delete(pool);
    const key = JSON.stringify([...units].sort());
    const line = lines.get(key) ?? { units, waiting: new Heap<Waiting>(goesBefore) };
    lines.set(key, line);
    return line;
  }

  // All pools are taken at once or none is, so that nobody holds one while waiting for another: no deadlock.
  function take(line: Line): void {
    for (const [pool, units] of line.units) used.set(pool, units + (used.get(pool) ?? 0));
  }

  function wait(line: Line, waiting: Waiting): void {
    line.waiting.push(waiting);
    if (line.waiting.first === waiting) tellFront(line);
  }

  function tellFront(line: Line): void {
    const { first } = line.waiting;
    if (first === undefined) return;
    for (const pool of line.units.keys()) {
      const others = fronts.get(pool) ?? new Heap<Front>((one, other) => goesBefore(one.first, other.first));
      others.push({ line, first });
      fronts.set(pool, others);
    }
  }

  function startNextOf(line: Line): void {
    const next = line.waiting.pop();
    tellFront(line);
    take(line);
    next?.start();
  }

  const isFull = (pool: string): boolean => (used.get(pool) ?? 0) >= limitOf(pool);

  /** The best of those who wait for a pool and fit. Who goes before it and does not fit is put aside. */
  function bestOf(pool: string, aside: Front[]): Front | undefined {
    const waiting = fronts.get(pool);
    while (waiting?.first !== undefined && !isFull(pool)) {
      const { line, first } = waiting.first;
      if (line.waiting.first === first && fits(line)) return waiting.first;
      const passed = waiting.pop();
      if (passed !== undefined && line.waiting.first === first) aside.push(passed);
    }
    if (waiting?.first === undefined) fronts.delete(pool);
    return undefined;
  }

  /** Of those who wait for pools that have room again, starts the best that fits, then the next best. */
  function release(line: Line): void {
    for (const [pool, units] of line.units) used.set(pool, (used.get(pool) ?? 0) - units);
    const pools = [...line.units.keys()].map((pool) => ({ pool, aside: [] as Front[] }));
    for (;;) {
      const [best] = pools
        .flatMap(({ pool, aside }) => bestOf(pool, aside) ?? [])
        .sort((one, other) => (goesBefore(one.first, other.first) ? -1 : 1));
      if (best === undefined) break;
      startNextOf(best.line);
    }
    // Within this call pools only became fuller, so none of them fits now.
    for (const { pool, aside } of pools) {
      const waiting = fronts.get(pool) ?? new Heap<Front>((one, other) => goesBefore(one.first, other.first));
      for (const front of aside) waiting.push(front);
      if (waiting.first !== undefined) fronts.set(pool, waiting);
    }
  }

  async function use<Result>(
    wanted: readonly PoolUse[],
    priority: number,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const line = lineFor(wanted);
    // Who waits in other lines does not fit, or it would not wait.
    if (line.waiting.first === undefined && fits(line)) take(line);
    else await new Promise<void>((start) => wait(line, { priority, arrival: arrivals++, start }));
    try {
      return await work();
    } finally {
      release(line);
    }
  }

  return { use };
}

function goesBefore(one: Waiting, other: Waiting): boolean {
  return one.priority === other.priority ? one.arrival < other.arrival : one.priority > other.priority;
}

/** Units by pool; the heaviest use of a pool counts, and none is heavier than the pool. */
function unitsOf(wanted: readonly PoolUse[], limitOf: (name: string) => number): Map<string, number> {
  const units = new Map<string, number>();
  for (const use of wanted) {
    const { pool, weight } = typeof use === 'string' ? { pool: use, weight: 1 } : use;
    units.set(pool, Math.min(limitOf(pool), Math.max(weight, units.get(pool) ?? 0)));
  }
  return units;
}

/** The limit of a pool by its name. Throws PAIFILE_INVALID for a name that is none. */
function limitLookup(limits: PoolLimits): (name: string) => number {
  const byName = new Map([...Object.entries(limits), [TERMINAL_POOL, 1] as const]);
  for (const [name, limit] of byName) {
    if (!(limit >= 1)) throw new PaiError('USAGE', `the limit of ${name} is ${limit}`, { next: 'Give at least 1.' });
  }
  return (name) => {
    const limit = name.startsWith('host:') ? 1 : byName.get(name);
    if (limit !== undefined) return limit;
    const hint = didYouMean(name, byName.keys());
    throw new PaiError('PAIFILE_INVALID', `there is no pool ${name}${hint === undefined ? '' : `; ${hint}`}`, {
      where: 'paifile.ts',
      next: 'Use host:<name>, ssh, docker, kubernetes or cpu.',
    });
  };
}

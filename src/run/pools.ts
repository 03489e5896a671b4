import { availableParallelism } from 'node:os';
import { PaiError } from '../model/errors.js';
import { didYouMean } from '../model/suggest.js';
import type { PoolUse } from '../model/target.js';

/** How many actions may occupy each pool at once. Each `host:<name>` is a pool of one besides. */
export interface PoolLimits {
  readonly ssh: number;
  readonly docker: number;
  readonly kubernetes: number;
  readonly cpu: number;
  /** All running actions together (`--jobs`). */
  readonly jobs: number;
}

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
  /** Units by pool. */
  readonly units: ReadonlyMap<string, number>;
  readonly priority: number;
  readonly start: () => void;
}

/** Pools with these limits; what is left out has its default. Rejects limits below one with USAGE. */
export function createPools(limits: Partial<PoolLimits> = {}): Pools {
  const limitOf = limitLookup({ ...defaultLimits(), ...limits });
  const used = new Map<string, number>();
  const queue: Waiting[] = [];

  // All pools are taken at once or none is, so that nobody holds one while waiting for another: no deadlock.
  function startWhatFits(): void {
    for (let index = 0; index < queue.length; ) {
      const next = queue[index];
      if (next === undefined) return;
      if (![...next.units].every(([name, units]) => (used.get(name) ?? 0) + units <= limitOf(name))) index++;
      else {
        queue.splice(index, 1);
        for (const [name, units] of next.units) used.set(name, units + (used.get(name) ?? 0));
        next.start();
      }
    }
  }

  function enqueue(waiting: Waiting): void {
    const behind = queue.findIndex((other) => other.priority < waiting.priority);
    queue.splice(behind === -1 ? queue.length : behind, 0, waiting);
  }

  async function use<Result>(
    wanted: readonly PoolUse[],
    priority: number,
    work: () => Promise<Result>,
  ): Promise<Result> {
    const units = unitsOf(['jobs', ...wanted], limitOf);
    await new Promise<void>((start) => {
      enqueue({ units, priority, start });
      startWhatFits();
    });
    try {
      return await work();
    } finally {
      for (const [name, taken] of units) used.set(name, (used.get(name) ?? 0) - taken);
      startWhatFits();
    }
  }

  return { use };
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
  const byName = new Map(Object.entries(limits));
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

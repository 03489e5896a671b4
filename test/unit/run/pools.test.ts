import { setImmediate as turn } from 'node:timers/promises';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createPools, type Pools } from '../../../src/run/pools.js';

/** Work that says when it started and ends when it is told to. */
function held(pools: Pools, started: string[], name: string, wanted: string[], priority = 1): () => Promise<void> {
  let release = (): void => undefined;
  const end = new Promise<void>((resolve) => {
    release = resolve;
  });
  const done = pools.use(wanted, priority, () => {
    started.push(name);
    return end;
  });
  return () => {
    release();
    return done;
  };
}

describe('pools', () => {
  test('forget nobody before whom one with a higher priority came', async () => {
    const started: string[] = [];
    const pools = createPools({ ssh: 1 });
    const ends = new Map([
      ['first', held(pools, started, 'first', ['ssh'])],
      ['low', held(pools, started, 'low', ['ssh'], 1)],
      ['other', held(pools, started, 'other', ['ssh', 'host:h1'], 2)],
      ['high', held(pools, started, 'high', ['ssh'], 3)],
    ]);
    await turn();
    for (const name of ['first', 'high', 'other', 'low']) {
      expect(started.at(-1)).toBe(name);
      await ends.get(name)?.();
      await turn();
    }
    expect(started).toHaveLength(4);
  });

  test('let one action at a time work on a host', async () => {
    const started: string[] = [];
    const pools = createPools();
    const first = held(pools, started, 'a', ['host:h1', 'ssh']);
    const second = held(pools, started, 'b', ['host:h1', 'ssh']);
    const other = held(pools, started, 'c', ['host:h2', 'ssh']);
    await turn();
    expect(started).toEqual(['a', 'c']);
    await first();
    await turn();
    expect(started).toEqual(['a', 'c', 'b']);
    await Promise.all([second(), other()]);
  });

  test('start who has the higher priority first, then who came first', async () => {
    const started: string[] = [];
    const pools = createPools({ docker: 1 });
    const all = [
      held(pools, started, 'running', ['docker'], 0),
      held(pools, started, 'low', ['docker'], 1),
      held(pools, started, 'high', ['docker'], 5),
      held(pools, started, 'low too', ['docker'], 1),
    ];
    for (const index of [0, 2, 1, 3]) await all[index]?.();
    expect(started).toEqual(['running', 'high', 'low', 'low too']);
  });

  test('are free again after a failure', async () => {
    const pools = createPools({ docker: 1 });
    await expect(pools.use(['docker'], 1, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
    await expect(pools.use(['docker'], 1, async () => 'yes')).resolves.toBe('yes');
  });

  test('take a pool that is named twice once', async () => {
    await expect(createPools().use(['host:h1', 'host:h1'], 1, async () => 'done')).resolves.toBe('done');
  });

  test('refuse a pool that does not exist, and a limit below one', async () => {
    await expect(createPools().use(['dokcer'], 1, async () => 1)).rejects.toThrow(
      'there is no pool dokcer; did you mean docker?',
    );
    expect(() => createPools({ jobs: 0 })).toThrow('the limit of jobs is 0');
    expect(() => createPools({ jobs: Number.NaN })).toThrow('the limit of jobs is NaN');
  });

  test('never hold more than their limits, and let everything through in the end', async () => {
    const names = ['host:h1', 'host:h2', 'ssh', 'docker', 'kubernetes', 'cpu'];
    const task = fc.record({ wanted: fc.subarray(names), priority: fc.nat(5), turns: fc.nat(3), fails: fc.boolean() });
    const limits = fc.record({ ssh: fc.integer({ min: 1, max: 3 }), jobs: fc.integer({ min: 1, max: 5 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(task, { maxLength: 30 }), limits, async (tasks, { ssh, jobs }) => {
        const most: Record<string, number> = { 'host:h1': 1, 'host:h2': 1, ssh, docker: 1, kubernetes: 2, cpu: 2 };
        const pools = createPools({ ssh, jobs, docker: 1, kubernetes: 2, cpu: 2 });
        const running: string[][] = [];
        let done = 0;
        const work = async (wanted: string[], turns: number, fails: boolean): Promise<void> => {
          running.push(wanted);
          for (const name of names) {
            expect(running.filter((other) => other.includes(name)).length).toBeLessThanOrEqual(most[name] ?? 0);
          }
          expect(running.length).toBeLessThanOrEqual(jobs);
          for (let count = 0; count < turns; count++) await turn();
          running.splice(running.indexOf(wanted), 1);
          done++;
          if (fails) throw new Error('failed');
        };
        await Promise.allSettled(
          tasks.map(({ wanted, priority, turns, fails }) =>
            pools.use(wanted, priority, () => work([...wanted], turns, fails)),
          ),
        );
        expect(done).toBe(tasks.length);
      }),
      { numRuns: 60 },
    );
  });
});

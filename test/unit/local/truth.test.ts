import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { readAll, type Seen } from './oracle.js';
import { seededRandom } from './seeded.js';
import { type Random, World } from './world.js';

/** `PAI_TRUTH_RUNS=5000 npx vitest run test/unit/local/truth.test.ts` for more; `PAI_TRUTH_SEED` for one that failed. */
const RUNS = Number(process.env.PAI_TRUTH_RUNS ?? 60);
const FIRST_SEED = Number(process.env.PAI_TRUTH_SEED ?? 1);
const ROUNDS = 8;
function contents(files: ReadonlyMap<string, Seen>): Record<string, string> {
  return Object.fromEntries(Array.from(files, ([file, { content }]) => [file, content]).sort());
}

async function check(seed: number): Promise<void> {
  const world = new World(seededRandom(seed));
  const story: string[] = [];
  try {
    for (let round = 0; round < ROUNDS; round++) {
      const dies = round > 0 && world.random.below(5) === 0;
      story.push(dies ? 'a run that is killed' : 'a run');
      const files = readAll(world.root);
      const unchanged = world.unchanged();
      const { outcomes, failed, problems } = await world.run(dies ? 1 + world.random.below(3) : undefined);
      const expected = world.oracle.run(world.specs, files, world.env, failed);
      const told = `seed ${seed}: ${story.join(', ')}; ${problems.join(', ')}`;
      expect(Object.fromEntries(outcomes), told).toEqual(Object.fromEntries(expected));
      expect(contents(readAll(world.root)), told).toEqual(contents(files));
      if (unchanged !== undefined) expect(new Set(expected.values()), told).toEqual(new Set(['fresh']));
      if (!dies && world.random.below(3) > 0) await world.close();
      for (let edits = world.random.below(4); edits > 0; edits--) story.push(world.edit());
    }
  } finally {
    world.remove();
  }
}

describe('what runs in a random project', () => {
  it('is what an oracle says that reads everything, after any edits and crashes', {
    timeout: 60_000 + RUNS * 2000,
  }, async () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS; seed++) await check(seed);
  });

  it('is at worst more when the state is damaged, and gives the same files', {
    timeout: 60_000 + RUNS * 2000,
  }, async () => {
    for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS / 2; seed++) {
      const world = new World(seededRandom(seed));
      const story: string[] = [];
      try {
        for (let round = 0; round < 4; round++) {
          const told = `seed ${seed}: ${story.join(', ')}`;
          const files = readAll(world.root);
          const unchanged = world.unchanged();
          const { outcomes, problems } = await world.run();
          const expected = world.oracle.run(world.specs, files, world.env);
          if (unchanged !== undefined) expect(new Set(expected.values()), told).toEqual(new Set(['fresh']));
          for (const [name, outcome] of expected) {
            if (outcome === 'ran') expect(outcomes.get(name), `${told}; ${problems.join(', ')}`).toBe('ran');
          }
          expect(contents(readAll(world.root)), `${told}; ran ${JSON.stringify([...outcomes])}`).toEqual(
            contents(files),
          );
          await world.close();
          for (const name of readdirSync(world.cacheDirectory)) {
            story.push(damage(path.join(world.cacheDirectory, name), world.random));
          }
          if (world.random.below(2) === 0) story.push(world.edit());
        }
      } finally {
        world.remove();
      }
    }
  });
});

/** Longer than a tick of a file system's clock, in milliseconds. */
const SETTLED = 30;

describe('a snapshot of a random project', () => {
  it('tells that nothing changed when that is so, and never when an oracle says that something has to run', {
    timeout: 60_000 + RUNS * 4000,
  }, async () => {
    let told = 0;
    let surveyed = 0;
    for (let seed = FIRST_SEED; seed < FIRST_SEED + RUNS / 2; seed++) {
      const world = new World(seededRandom(seed), false);
      const story: string[] = [];
      try {
        for (let round = 0; round < 4; round++) {
          const about = `seed ${seed}: ${story.join(', ')}`;
          for (let runs = 0; runs < 2; runs++) {
            const files = readAll(world.root);
            const unchanged = world.unchanged();
            const { outcomes } = await world.run();
            await world.close();
            const expected = world.oracle.run(world.specs, files, world.env);
            expect(Object.fromEntries(outcomes), about).toEqual(Object.fromEntries(expected));
            if (unchanged === undefined) continue;
            told++;
            expect(new Set(expected.values()), about).toEqual(new Set(['fresh']));
          }
          await sleep(SETTLED);
          await world.run();
          await world.close();
          expect(world.unchanged(), about).toEqual([...world.specs.keys()]);
          for (let edits = 1 + world.random.below(2); edits > 0; edits--) story.push(world.edit());
        }
      } finally {
        surveyed += world.surveyed;
        world.remove();
      }
    }
    expect(surveyed).toBeGreaterThan(0);
    // An edit may change nothing.
    expect(told).toBeGreaterThan(0);
  });
});

function damage(file: string, random: Random): string {
  const bytes = readFileSync(file);
  const at = random.below(bytes.length);
  const name = path.basename(file);
  expect(['local-state', 'snapshot']).toContain(name);
  switch (random.below(4)) {
    case 0:
      truncateSync(file, at);
      return `cut ${name} at ${at} of ${bytes.length}`;
    case 1:
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
      writeFileSync(file, bytes);
      return `flip a bit of ${name} at ${at}`;
    case 2:
      writeFileSync(
        file,
        Buffer.concat([bytes.subarray(0, at), Buffer.alloc(random.below(99), 7), bytes.subarray(at)]),
      );
      return `put rubbish into ${name} at ${at}`;
    default:
      rmSync(file);
      return `remove ${name}`;
  }
}

import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { prune } from '../../../../src/state/output-cache/evict.js';
import { layoutOf } from '../../../../src/state/output-cache/layout.js';
import { verify } from '../../../../src/state/output-cache/verify.js';
import { type Bench, fingerprint, makeBench, put, readTree, restore, type Tree, writeTree } from './helpers.js';

/** Lets the cache make so many calls to the file system; `fate` tells what becomes of the next one. */
const world = vi.hoisted(() => {
  const world = {
    left: Number.POSITIVE_INFINITY,
    /** `dies`: no call does anything any more; `goes on`; or the code of an error that it hears once. */
    fate: 'dies',
    /** The call that it happened at. */
    hit: '',
    happen: (): void => undefined,
    wrap(name: string, real: (...given: unknown[]) => unknown) {
      return (...given: unknown[]): unknown => {
        world.left--;
        if (world.left >= 0) return real(...given);
        if (world.hit === '') {
          world.hit = name;
          world.happen();
        }
        if (world.fate === 'dies') throw new Error('killed');
        world.left = Number.POSITIVE_INFINITY;
        if (world.fate === 'goes on') return real(...given);
        throw Object.assign(new Error(`${world.fate}: injected, ${name}`), { code: world.fate });
      };
    },
    /** A module of Node whose functions are counted. */
    wrapAll(real: object, names: (name: string) => boolean): object {
      const wrapped = Object.entries(real).map(([name, value]) => [
        name,
        typeof value === 'function' && names(name) ? world.wrap(name, value) : value,
      ]);
      return Object.fromEntries(wrapped);
    },
  };
  return world;
});

vi.mock('node:fs', async (original) => {
  const real = await original<{ realpathSync: { native: (...given: unknown[]) => unknown } }>();
  const wrapped = world.wrapAll(real, (name) => name.endsWith('Sync') && name !== 'realpathSync');
  return { ...wrapped, realpathSync: { native: world.wrap('realpathSync', real.realpathSync.native) } };
});

vi.mock('node:fs/promises', async (original) => {
  const wrapped = world.wrapAll(await original<object>(), () => true);
  const promised = Object.entries(wrapped).map(([name, value]) => [
    name,
    typeof value === 'function' ? async (...given: unknown[]) => value(...given) : value,
  ]);
  return Object.fromEntries(promised);
});

afterEach(() => {
  world.left = Number.POSITIVE_INFINITY;
});

const OLD: Tree = {
  'out/a': { content: 'old a', mode: 0o644 },
  'out/extra': { content: 'extra', mode: 0o600 },
  'out/folder/x': { content: 'in the way', mode: 0o644 },
};
const NEW: Tree = {
  'out/a': { content: 'new a', mode: 0o755 },
  'out/b/c': { content: 'new c', mode: 0o644 },
  'out/folder': { content: 'a file now', mode: 0o644 },
  'out/link': { to: 'a' },
};

/** From call number `calls` on, `fate` is what becomes of the calls to the file system. */
async function meet<Result>(fate: string, calls: number, work: () => Promise<Result>): Promise<Result | undefined> {
  world.fate = fate;
  world.hit = '';
  world.left = calls;
  try {
    return await work();
  } catch (error) {
    if (fate !== 'dies') throw error;
    return undefined;
  } finally {
    world.left = Number.POSITIVE_INFINITY;
  }
}

/** Does work in a process that is killed at its call number `calls`. Tells whether it came to its end before. */
async function dieAfter(calls: number, work: () => Promise<unknown>): Promise<'died' | 'done'> {
  await meet('dies', calls, work);
  return world.hit === '' ? 'done' : 'died';
}

async function withBench(work: (bench: Bench) => Promise<void>): Promise<void> {
  const bench = makeBench();
  try {
    await work(bench);
  } finally {
    bench.remove();
  }
}

async function keepNew(bench: Bench): Promise<void> {
  writeTree(bench.root, NEW);
  await put(bench.open(), 'a', NEW);
  writeTree(bench.root, OLD);
}

describe('a process that is killed', { timeout: 120_000 }, () => {
  test('while outputs are put back leaves every file old, new or missing, and a cache from which they come the next time', async () => {
    let steps = 0;
    for (let end = 'died'; end === 'died'; steps++) {
      await withBench(async (bench) => {
        await keepNew(bench);
        end = await dieAfter(steps, () => restore(bench.open(), 'a', Object.keys(OLD)));
        bench.warnings.length = 0;
        const between = readTree(bench.root);
        for (const [file, leaf] of Object.entries(between)) expect([OLD[file], NEW[file]]).toContainEqual(leaf);
        if (end === 'done') expect(between).toEqual(NEW);
        expect(await restore(bench.open(), 'a', Object.keys(between))).toHaveLength(4);
        expect(readTree(bench.root)).toEqual(NEW);
        expect(bench.warnings).toEqual([]);
        expect((await verify(layoutOf(bench.directory))).damaged).toEqual([]);
      });
    }
    expect(steps).toBeGreaterThan(30);
  });

  test('while outputs are kept leaves nothing that counts, or all of it', async () => {
    let steps = 0;
    let kept = 0;
    for (let end = 'died'; end === 'died'; steps++) {
      await withBench(async (bench) => {
        writeTree(bench.root, NEW);
        end = await dieAfter(steps, () => put(bench.open(), 'a', NEW));
        writeTree(bench.root, OLD);
        const restored = await restore(bench.open(), 'a', Object.keys(OLD));
        if (restored !== undefined) kept++;
        expect(readTree(bench.root)).toEqual(restored === undefined ? OLD : NEW);
        expect((await verify(layoutOf(bench.directory))).damaged).toEqual([]);
        writeTree(bench.root, NEW);
        await put(bench.open(), 'a', NEW);
        expect(await restore(bench.open(), 'a')).toHaveLength(4);
      });
    }
    expect(steps).toBeGreaterThan(20);
    expect(kept).toBeGreaterThan(0);
  });

  test('while old outputs are removed leaves no entry without its objects', async () => {
    let steps = 0;
    for (let end = 'died'; end === 'died'; steps++) {
      await withBench(async (bench) => {
        const layout = layoutOf(bench.directory);
        for (const name of ['a', 'b', 'c']) {
          const tree: Tree = {
            [name]: { content: name.repeat(100), mode: 0o644 },
            same: { content: 'same', mode: 0o644 },
          };
          writeTree(bench.root, tree);
          await put(bench.open(), name, tree);
        }
        end = await dieAfter(steps, () => prune(layout, 700, Date.now()));
        expect((await verify(layout)).damaged).toEqual([]);
        const { bytes, entries } = await prune(layout, 700, Date.now() + 2 * 3_600_000);
        expect(bytes).toBeLessThanOrEqual(700);
        expect(entries).toBe(1);
        expect((await verify(layout)).damaged).toEqual([]);
      });
    }
    expect(steps).toBeGreaterThan(20);
  });
});

describe('a call to the file system that fails', { timeout: 120_000 }, () => {
  test.each(['ENOSPC', 'EACCES'])('with %s costs work, never a wrong result', async (code) => {
    let restored = 0;
    const hits = new Set<string>();
    for (let at = 0, hit = 'something'; hit !== ''; at++) {
      await withBench(async (bench) => {
        writeTree(bench.root, NEW);
        await meet(code, at, async () => {
          const cache = bench.open();
          const { left, fate, hit } = world;
          await put(cache, 'a', NEW);
          const after = world.left;
          world.left = Number.POSITIVE_INFINITY;
          writeTree(bench.root, OLD);
          world.left = after;
          expect({ left, fate, hit }).toEqual({ left: at, fate: code, hit: '' });
          const now = await restore(cache, 'a', Object.keys(OLD));
          await cache.close();
          world.left = Number.POSITIVE_INFINITY;
          if (now === undefined) return;
          restored++;
          expect(readTree(bench.root)).toEqual(NEW);
        });
        ({ hit } = world);
        hits.add(hit);
        expect(bench.warnings.length).toBeLessThanOrEqual(1);
        const between = readTree(bench.root);
        for (const [file, leaf] of Object.entries(between)) expect([OLD[file], NEW[file]]).toContainEqual(leaf);
        if ((await restore(bench.open(), 'a', Object.keys(between))) !== undefined) {
          expect(readTree(bench.root)).toEqual(NEW);
        }
        expect((await verify(layoutOf(bench.directory))).damaged).toEqual([]);
      });
    }
    // Also where it does not matter: recording a use, removing what is not needed any more.
    expect(restored).toBeGreaterThan(3);
    expect([...hits]).toEqual(
      expect.arrayContaining(['readFileSync', 'writeFileSync', 'renameSync', 'mkdirSync', 'mkdtempSync', 'rmSync', '']),
    );
  });

  test('as a folder on another file system does not fail: its files are made whole beside their places', async () => {
    let across = 0;
    for (let at = 0; at === 0 || world.hit !== ''; at++) {
      await withBench(async (bench) => {
        await keepNew(bench);
        const restored = await meet('EXDEV', at, () => restore(bench.open(), 'a', Object.keys(OLD)));
        if (world.hit !== 'renameSync') return;
        across++;
        expect(restored).toHaveLength(4);
        expect(readTree(bench.root)).toEqual(NEW);
      });
    }
    // Four outputs, one of which is tried again because a folder is in the way.
    expect(across).toBe(5);
  });
});

test('an interruption ends it between two files, with the reason of the signal, and nothing unfinished stays', {
  timeout: 120_000,
}, async () => {
  const ends: string[] = [];
  for (let at = 0; ends.at(-1) !== 'not interrupted'; at++) {
    await withBench(async (bench) => {
      await keepNew(bench);
      const interrupt = new AbortController();
      const { signal } = interrupt;
      world.happen = () => interrupt.abort(new Error('interrupted'));
      const request = {
        target: 'a',
        fingerprint: fingerprint('a'),
        declares: () => true,
        existing: Object.keys(OLD),
        signal,
      };
      const end = await meet('goes on', at, () =>
        bench
          .open()
          .restore(request)
          .then(
            () => (signal.aborted ? 'too late' : 'not interrupted'),
            (error: Error) => error.message,
          ),
      );
      world.happen = () => undefined;
      ends.push(end ?? '');
      if (end !== 'interrupted') expect(readTree(bench.root)).toEqual(NEW);
      expect(bench.warnings).toEqual([]);
      expect(readdirSync(path.join(bench.root, '.cache/staging'))).toEqual([]);
    });
  }
  expect(ends.filter((end) => end === 'interrupted').length).toBeGreaterThan(20);
});

import { readdirSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test, vi } from 'vitest';
import { prune } from '../../../../src/state/output-cache/evict.js';
import { layoutOf } from '../../../../src/state/output-cache/layout.js';
import { verify } from '../../../../src/state/output-cache/verify.js';
import { type Bench, fingerprint, makeBench, put, readTree, restore, type Tree, writeTree } from './helpers.js';

/** Lets the cache make so many calls to the file system; `fate` tells what becomes of the next one. */
const world = vi.hoisted(() => ({
  left: Number.POSITIVE_INFINITY,
  /** `dies`: it never hears of a call again; `goes on`; or the code of an error that it hears once. */
  fate: 'dies',
  failed: '',
  died: (_call: string): void => undefined,
}));

vi.mock('node:fs/promises', async (original) => {
  const real = await original<Record<string, unknown>>();
  const wrapped = Object.entries(real).map(([name, value]) => {
    if (typeof value !== 'function') return [name, value];
    const call = (...given: unknown[]): unknown => {
      world.left--;
      if (world.left >= 0) return value(...given);
      world.died(name);
      if (world.fate === 'dies') return new Promise(() => undefined);
      world.left = Number.POSITIVE_INFINITY;
      if (world.fate === 'goes on') return value(...given);
      world.failed = name;
      return Promise.reject(Object.assign(new Error(`${world.fate}: injected, ${name}`), { code: world.fate }));
    };
    return [name, call];
  });
  return Object.fromEntries(wrapped);
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

/** Does work in a process that dies at its call number `calls`. Tells whether it came to its end before. */
async function dieAfter(calls: number, work: () => Promise<unknown>): Promise<'died' | 'done'> {
  const death = new Promise<'died'>((resolve) => {
    world.died = () => resolve('died');
  });
  world.fate = 'dies';
  world.left = calls;
  const end = await Promise.race([work().then(() => 'done' as const), death]);
  // What the kernel was asked for before, it does.
  await sleep(end === 'died' ? 15 : 0);
  world.left = Number.POSITIVE_INFINITY;
  return end;
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

describe('a process that is killed', () => {
  test('while outputs are put back leaves every file old, new or missing, and a cache from which they come the next time', async () => {
    let steps = 0;
    for (let end = 'died'; end === 'died'; steps++) {
      await withBench(async (bench) => {
        await keepNew(bench);
        end = await dieAfter(steps, () => restore(bench.open(), 'a', Object.keys(OLD)));
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

describe('a call to the file system that fails', () => {
  test.each(['ENOSPC', 'EIO', 'EACCES'])('with %s costs work, never a wrong result', async (code) => {
    let restored = 0;
    const failed = new Set<string>();
    for (let at = 0, hit = true; hit; at++) {
      await withBench(async (bench) => {
        writeTree(bench.root, NEW);
        world.fate = code;
        world.failed = '';
        world.left = at;
        const cache = bench.open();
        await put(cache, 'a', NEW);
        writeTree(bench.root, OLD);
        const now = await restore(cache, 'a', Object.keys(OLD));
        await cache.close();
        world.left = Number.POSITIVE_INFINITY;
        hit = world.failed !== '';
        if (hit) failed.add(world.failed);
        if (now !== undefined) {
          restored++;
          expect(readTree(bench.root)).toEqual(NEW);
        }
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
    expect([...failed]).toEqual(
      expect.arrayContaining(['copyFile', 'rename', 'writeFile', 'mkdir', 'mkdtemp', 'lstat']),
    );
  });

  test('as a folder on another file system does not fail: its files are made whole beside their places', async () => {
    await withBench(async (bench) => {
      await keepNew(bench);
      const failed: string[] = [];
      for (let at = 0; at < 80; at++) {
        world.fate = 'EXDEV';
        world.failed = '';
        world.left = at;
        writeTree(bench.root, OLD);
        const restored = await restore(bench.open(), 'a', Object.keys(OLD));
        world.left = Number.POSITIVE_INFINITY;
        if (world.failed !== 'rename') continue;
        failed.push(world.failed);
        expect(restored).toHaveLength(4);
        expect(readTree(bench.root)).toEqual(NEW);
      }
      expect(failed.length).toBeGreaterThanOrEqual(4);
    });
  });
});

test('an interruption ends it between two files, with the reason of the signal, and nothing unfinished stays', async () => {
  const ends: string[] = [];
  for (let at = 0; ends.at(-1) !== 'not interrupted'; at++) {
    await withBench(async (bench) => {
      await keepNew(bench);
      const interrupt = new AbortController();
      world.fate = 'goes on';
      world.died = () => interrupt.abort(new Error('interrupted'));
      world.left = at;
      const { signal } = interrupt;
      const request = {
        target: 'a',
        fingerprint: fingerprint('a'),
        declares: () => true,
        existing: Object.keys(OLD),
        signal,
      };
      const end = await bench
        .open()
        .restore(request)
        .then(
          () => (signal.aborted ? 'too late' : 'not interrupted'),
          (error: Error) => error.message,
        );
      ends.push(end);
      if (end !== 'interrupted') expect(readTree(bench.root)).toEqual(NEW);
      expect(bench.warnings).toEqual([]);
      expect(readdirSync(path.join(bench.root, '.cache/staging'))).toEqual([]);
    });
  }
  expect(ends.filter((end) => end === 'interrupted').length).toBeGreaterThan(20);
});

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { layoutOf } from '../../../../src/state/output-cache/layout.js';
import { verify } from '../../../../src/state/output-cache/verify.js';
import { type Bench, makeBench, put, readTree, restore, type Tree, trees, writeTree } from './helpers.js';

let bench: Bench;
beforeEach(() => {
  bench = makeBench();
});
afterEach(() => bench.remove());

const HARMS: Readonly<Record<string, (file: string, random: number, other: string) => void>> = {
  'bit flip': (file, random) => {
    const bytes = readFileSync(file);
    if (bytes.length === 0) return;
    const at = random % bytes.length;
    bytes[at] = (bytes[at] ?? 0) ^ (1 << (random % 8));
    writeFileSync(file, bytes);
  },
  truncated: (file, random) => truncateSync(file, random % (lstatSync(file).size + 1)),
  longer: (file) => writeFileSync(file, 'more', { flag: 'a' }),
  emptied: (file) => truncateSync(file, 0),
  removed: (file) => rmSync(file),
  'wrong mode': (file, random) => chmodSync(file, random % 0o1000),
  'replaced by a folder': (file) => {
    rmSync(file);
    mkdirSync(path.join(file, 'deeper'), { recursive: true });
  },
  'replaced by a link to itself': (file) => {
    rmSync(file);
    symlinkSync(file, file);
  },
  'replaced by a link to another': (file, _, other) => {
    if (file === other) return;
    rmSync(file);
    symlinkSync(other, file);
  },
  'replaced by a pipe': (file) => {
    rmSync(file);
    execFileSync('mkfifo', [file]);
  },
  'exchanged with another': (file, _, other) => {
    if (file === other) return;
    renameSync(file, `${file}.tmp`);
    renameSync(other, file);
    renameSync(`${file}.tmp`, other);
  },
};

function filesOf(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort();
}

const OLD: Tree = { 'old/file': { content: 'old', mode: 0o644 } };
const harm = fc.record({
  how: fc.constantFrom(...Object.keys(HARMS)),
  which: fc.nat(),
  random: fc.nat(),
  other: fc.nat(),
});

describe('a damaged cache', { timeout: 120_000 }, () => {
  test('gives exactly what was kept, or nothing and leaves the project alone; what is made anew is kept again', async () => {
    const seen = { restored: 0, missed: 0 };
    await fc.assert(
      fc.asyncProperty(trees, trees, fc.array(harm, { minLength: 1, maxLength: 3 }), async (tree, other, harms) => {
        const own = makeBench();
        try {
          for (const [name, kept] of [
            ['a', tree],
            ['b', other],
          ] as const) {
            writeTree(own.root, kept);
            await put(own.open(), name, kept);
          }
          for (const { how, which, random, other } of harms) {
            const files = filesOf(path.join(own.directory, 'v1'));
            const [file, second] = [files[which % files.length], files[other % files.length]];
            if (file === undefined || second === undefined) continue;
            // An earlier one may have taken away what this one needs, unless root does it.
            chmodSync(file, 0o600);
            HARMS[how]?.(file, random, second);
          }
          for (const [name, kept] of [
            ['a', tree],
            ['b', other],
          ] as const) {
            writeTree(own.root, OLD);
            const restored = await restore(own.open(), name, Object.keys(OLD));
            seen[restored === undefined ? 'missed' : 'restored']++;
            expect(readTree(own.root)).toEqual(restored === undefined ? OLD : kept);
            writeTree(own.root, kept);
            await put(own.open(), name, kept);
          }
          // Each miss told the cache what to forget, so that it is whole again at the latest after a second time.
          for (const [name, kept] of [
            ['a', tree],
            ['b', other],
          ] as const) {
            writeTree(own.root, OLD);
            if ((await restore(own.open(), name, Object.keys(OLD))) === undefined) {
              expect(readTree(own.root)).toEqual(OLD);
              writeTree(own.root, kept);
              await put(own.open(), name, kept);
              await restore(own.open(), name, []);
            }
            expect(readTree(own.root)).toEqual(kept);
          }
        } finally {
          own.remove();
        }
      }),
      { numRuns: 60 },
    );
    // Both happened, or nothing was shown.
    expect(Math.min(seen.restored, seen.missed)).toBeGreaterThan(10);
  });

  test.each(Object.keys(HARMS))('is found and mended by verify: %s', async (how) => {
    const tree: Tree = { a: { content: 'first', mode: 0o644 }, b: { content: 'second', mode: 0o644 } };
    writeTree(bench.root, tree);
    await put(bench.open(), 'a', tree);
    const layout = layoutOf(bench.directory);
    const [first = '', second = ''] = filesOf(layout.objects);
    expect(await verify(layout)).toEqual({ entries: 1, objects: 2, damaged: [] });
    HARMS[how]?.(first, 3, second);
    const { damaged } = await verify(layout);
    // Modes of objects mean nothing to whoever can still read them.
    if (how === 'wrong mode' && process.getuid?.() === 0) expect(damaged).toEqual([]);
    else expect(damaged.length).toBeGreaterThan(0);
    expect((await verify(layout)).damaged).toEqual([]);
  });

  test('costs one warning, however much of it is damaged', async () => {
    const cache = bench.open();
    for (const name of ['a', 'b', 'c']) {
      writeTree(bench.root, { [name]: { content: name, mode: 0o644 } });
      await put(cache, name, readTree(bench.root));
    }
    for (const object of filesOf(path.join(bench.directory, 'v1/objects'))) writeFileSync(object, 'x');
    for (const name of ['a', 'b', 'c']) expect(await restore(cache, name)).toBeUndefined();
    expect(bench.warnings).toEqual([
      expect.stringMatching(
        /^output cache \S+: can't put back what a had: object [0-9a-f]{12} has other content than it had; `pai cache verify` finds/,
      ),
    ]);
  });

  test('tells verify what it was, and entries whose objects are gone', async () => {
    const tree: Tree = { a: { content: 'first', mode: 0o644 } };
    writeTree(bench.root, tree);
    await put(bench.open(), 'lib:core', tree);
    const [object = ''] = filesOf(path.join(bench.directory, 'v1/objects'));
    writeFileSync(object, 'FIRST');
    writeFileSync(path.join(bench.directory, 'v1/entries/stray'), '');
    const { damaged } = await verify(layoutOf(bench.directory));
    expect(damaged).toEqual([
      { path: path.relative(bench.directory, object), problem: 'has other content than it had' },
      {
        path: expect.stringMatching(/^v1\/entries\//),
        problem: expect.stringMatching(/^its object \w+ is missing$/),
        target: 'lib:core',
      },
      { path: 'v1/entries/stray', problem: 'does not belong there' },
    ]);
    expect(existsSync(object)).toBe(false);
  });
});

describe('a cache that is not usable', () => {
  const tree: Tree = { a: { content: 'first', mode: 0o644 } };
  beforeEach(() => writeTree(bench.root, tree));

  test('is no matter while it is missing', async () => {
    const cache = bench.open();
    expect(await restore(cache, 'a')).toBeUndefined();
    await cache.close();
    expect(bench.warnings).toEqual([]);
    expect(existsSync(bench.directory)).toBe(false);
  });

  test('because a file stands there costs one warning', async () => {
    writeFileSync(bench.directory, '');
    const cache = bench.open();
    for (const name of ['a', 'b']) {
      expect(await restore(cache, name)).toBeUndefined();
      await put(cache, name, tree);
    }
    await cache.close();
    expect(bench.warnings).toEqual([expect.stringContaining("can't put back what a had: ENOTDIR")]);
  });

  test('because its folders were replaced by files costs warnings, and verify mends it', async () => {
    await put(bench.open(), 'a', tree);
    const { objects, entries } = layoutOf(bench.directory);
    for (const folder of [objects, entries]) {
      rmSync(folder, { recursive: true });
      writeFileSync(folder, '');
    }
    expect(await restore(bench.open(), 'a')).toBeUndefined();
    await put(bench.open(), 'a', tree);
    expect((await verify(layoutOf(bench.directory))).damaged.map(({ path: place }) => place)).toEqual([
      'v1/objects',
      'v1/entries',
    ]);
    await put(bench.open(), 'a', tree);
    expect(await restore(bench.open(), 'a')).toHaveLength(1);
  });

  test('because it was deleted during the run is made again', async () => {
    const cache = bench.open();
    await put(cache, 'a', tree);
    rmSync(bench.directory, { recursive: true });
    await put(cache, 'b', tree);
    expect(await restore(cache, 'b')).toHaveLength(1);
    await cache.close();
    expect(bench.warnings).toEqual([]);
  });

  test('because of its size 0 keeps nothing', async () => {
    await put(bench.open(0), 'a', tree);
    expect(existsSync(bench.directory)).toBe(false);
    expect(bench.warnings).toEqual([]);
  });
});

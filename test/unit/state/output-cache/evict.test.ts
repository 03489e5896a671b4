import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { measure, prune } from '../../../../src/state/output-cache/evict.js';
import { estimate, hitsOf } from '../../../../src/state/output-cache/growth.js';
import { type Layout, layoutOf, placeOf } from '../../../../src/state/output-cache/layout.js';
import { verify } from '../../../../src/state/output-cache/verify.js';
import { type Bench, fingerprint, makeBench, put, readTree, restore, type Tree, writeTree } from './helpers.js';

const HOUR = 3_600_000;
const KB = 1000;

let bench: Bench;
let layout: Layout;
beforeEach(() => {
  bench = makeBench();
  layout = layoutOf(bench.directory);
});
afterEach(() => bench.remove());

/** A file of about 10 kB, and one that all have. */
function treeOf(name: string): Tree {
  return { [name]: { content: name.repeat(10 * KB), mode: 0o644 }, common: { content: 'c'.repeat(KB), mode: 0o644 } };
}

/** Keeps these, used in this order, an hour between two. */
async function keep(...names: string[]): Promise<void> {
  const cache = bench.open();
  for (const [index, name] of names.entries()) {
    writeTree(bench.root, treeOf(name));
    await put(cache, name, treeOf(name));
    const used = new Date(Date.now() - (names.length - index) * HOUR);
    utimesSync(placeOf(layout.entries, fingerprint(name)), used, used);
  }
}

/** Which of these are still there, by entry; and none without its objects. */
async function kept(...names: string[]): Promise<string[]> {
  expect((await verify(layout)).damaged).toEqual([]);
  return names.filter((name) => existsSync(placeOf(layout.entries, fingerprint(name))));
}

describe('a cache that has more than it may have', () => {
  test('loses what was used least recently', async () => {
    await keep('a', 'b', 'c', 'd');
    const pruned = await prune(layout, 25 * KB, Date.now());
    expect(await kept('a', 'b', 'c', 'd')).toEqual(['c', 'd']);
    expect(pruned).toMatchObject({ entries: 2, objects: 3, removedEntries: 2, removedObjects: 2 });
    expect(pruned.bytes).toBeLessThanOrEqual(25 * KB);
    expect(await measure(layout)).toEqual({ entries: 2, objects: 3, bytes: pruned.bytes });
  });

  test('keeps what was put back lately, however long ago it was made', async () => {
    await keep('a', 'b', 'c');
    await restore(bench.open(), 'a');
    await prune(layout, 25 * KB, Date.now());
    expect(await kept('a', 'b', 'c')).toEqual(['a', 'c']);
    expect(await hitsOf(layout)).toBe(1);
  });

  test('is shrunk at the end of a run, with room for the next, and never below what a run just made', async () => {
    await keep('a', 'b', 'c', 'd');
    const cache = bench.open(45 * KB);
    writeTree(bench.root, treeOf('e'));
    await put(cache, 'e', treeOf('e'));
    await cache.close();
    expect(await kept('a', 'b', 'c', 'd', 'e')).toEqual(['c', 'd', 'e']);
    expect((await measure(layout)).bytes).toBeLessThanOrEqual(36 * KB);
  });

  test('does not lose all for one that alone is too large', async () => {
    await keep('a', 'b');
    writeTree(bench.root, { large: { content: 'l'.repeat(30 * KB), mode: 0o644 } });
    await put(bench.open(), 'large', readTree(bench.root));
    await prune(layout, 26 * KB, Date.now());
    expect(await kept('a', 'b', 'large')).toEqual(['a', 'b']);
  });

  test('can be emptied', async () => {
    await keep('a', 'b');
    expect(await prune(layout, 0, Date.now())).toMatchObject({ entries: 0, objects: 0, bytes: 0, removedEntries: 2 });
    expect(await measure(layout)).toEqual({ entries: 0, objects: 0, bytes: 0 });
  });
});

describe('what a prune leaves alone', () => {
  test('are objects that nobody names yet, for an hour: another process may be about to', async () => {
    await keep('a');
    const young = fingerprint('young');
    mkdirSync(path.dirname(placeOf(layout.objects, young)), { recursive: true });
    writeFileSync(placeOf(layout.objects, young), 'young');
    writeFileSync(path.join(layout.fresh, 'half'), 'half written');
    await prune(layout, 100 * KB, Date.now());
    expect(existsSync(placeOf(layout.objects, young))).toBe(true);
    expect(readdirSync(layout.fresh)).toEqual(['half']);
    await prune(layout, 100 * KB, Date.now() + 2 * HOUR);
    expect(existsSync(placeOf(layout.objects, young))).toBe(false);
    expect(readdirSync(layout.fresh)).toEqual([]);
    expect(await kept('a')).toEqual(['a']);
  });

  test('is everything when there is room', async () => {
    await keep('a', 'b');
    expect(await prune(layout, 100 * KB, Date.now())).toMatchObject({
      removedEntries: 0,
      removedObjects: 0,
      freedBytes: 0,
    });
  });
});

describe('the size of a cache', () => {
  test('is counted at the end of the first run, and estimated from what is added after that', async () => {
    const now = Date.now();
    await keep('a');
    expect(await estimate(layout, now)).toEqual({ bytes: 0, reliable: false });
    const cache = bench.open();
    writeTree(bench.root, treeOf('b'));
    await put(cache, 'b', treeOf('b'));
    await cache.close();
    const { bytes } = await measure(layout);
    expect(await estimate(layout, Date.now())).toEqual({ bytes, reliable: true });
    const next = bench.open();
    writeTree(bench.root, treeOf('c'));
    await put(next, 'c', treeOf('c'));
    await next.close();
    expect(await estimate(layout, Date.now())).toEqual({ bytes: (await measure(layout)).bytes, reliable: true });
    // Two processes at once may forget something: after a day it is counted again.
    expect((await estimate(layout, Date.now() + 25 * HOUR)).reliable).toBe(false);
  });

  test('is known without counting after a first run, but only when that came to its end', async () => {
    const cache = bench.open();
    writeTree(bench.root, treeOf('a'));
    await put(cache, 'a', treeOf('a'));
    expect((await estimate(layout, Date.now())).reliable).toBe(false);
    await cache.close();
    expect(await estimate(layout, Date.now())).toEqual({ bytes: (await measure(layout)).bytes, reliable: true });
  });

  test('is counted again when its record is damaged', async () => {
    await keep('a');
    writeFileSync(layout.growth, 'rubbish\n+3\n');
    expect((await estimate(layout, Date.now())).reliable).toBe(false);
    writeFileSync(layout.growth, `=10 ${Date.now()}\n+3\n+x\n`);
    expect((await estimate(layout, Date.now())).reliable).toBe(false);
  });

  test('costs nothing to know in a run that keeps nothing', async () => {
    await keep('a');
    const cache = bench.open(1);
    await restore(cache, 'a');
    await cache.close();
    expect(existsSync(layout.growth)).toBe(false);
  });
});

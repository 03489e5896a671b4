import { createHash } from 'node:crypto';
import { lstatSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isUnchanged, KnownFiles, type Scan, scanFiles } from '../../../src/local/file-table.js';
import { Tree } from '../../../src/local/tree.js';

let root: string;
let tree: Tree;

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'pai-table-'));
  tree = new Tree(root);
});

afterEach(() => rmSync(root, { recursive: true }));

function write(name: string, content: string): void {
  writeFileSync(path.join(root, name), content);
}

function scan(names: readonly string[], now: number, before?: Scan): Scan {
  const known = new KnownFiles();
  if (before !== undefined) known.add(before);
  return scanFiles(tree, names, known, () => now);
}

function same({ rows }: Scan, name: string): boolean {
  return isUnchanged(tree, name, Float64Array.from(rows), 0, false);
}

describe('a file that was looked at', () => {
  it('is trusted when it was written long before', () => {
    write('a', '1');
    const { mtimeMs } = lstatSync(path.join(root, 'a'));
    expect(same(scan(['a'], mtimeMs + 5000), 'a')).toBe(true);
  });

  it('is not trusted when it was written within a tick of the look, and is read again', () => {
    write('a', '1');
    const { mtimeMs } = lstatSync(path.join(root, 'a'));
    const early = scan(['a'], mtimeMs + 5);
    expect(same(early, 'a')).toBe(false);
    // As if a clock had not ticked: the same row, another content.
    const lie = { ...early, digests: ['0'.repeat(64)] };
    expect(scan(['a'], mtimeMs + 5000, lie).digests).not.toEqual(lie.digests);
  });

  it('shows a write of the same size within the same tick of the clock', () => {
    for (let index = 0; index < 500; index++) {
      write('a', '1');
      const seen = scan(['a'], Date.now());
      write('a', '2');
      expect(same(seen, 'a')).toBe(false);
    }
  });

  it('is not read while its row is as it was', () => {
    write('a', '1');
    const now = Date.now() + 5000;
    const lie = { ...scan(['a'], now), digests: ['f'.repeat(64)] };
    expect(scan(['a'], now, lie).digests).toEqual(lie.digests);
    truncateSync(path.join(root, 'a'), 0);
    expect(scan(['a'], now, lie).digests).not.toEqual(lie.digests);
  });

  it('has a digest of its kind and content, whatever its size', () => {
    const large = 'x'.repeat(3 * 1024 * 1024);
    write('a', large);
    write('b', large);
    write('c', `${large.slice(1)}y`);
    symlinkSync('a', path.join(root, 'link'));
    symlinkSync('none', path.join(root, 'broken'));
    const { digests, missing } = scan(['a', 'b', 'c', 'link', 'broken', 'none', '.'], Date.now());
    expect(digests[0]).toBe(digests[1]);
    expect(new Set(digests).size).toBe(4);
    expect(missing).toEqual(['none', '.']);
  });

  it('has the digest of its kind and content at every size around that of the memory for small files', () => {
    for (const size of [0, 1, 16_363, 16_364, 16_365, 16_378, 16_379, 16_380, 16_383, 16_384, 16_385]) {
      const content = 'ü'.repeat(size / 2).padEnd(size - Math.floor(size / 2), 'x');
      write('a', content);
      symlinkSync('a', path.join(root, `link${size}`));
      const digestOf = (head: string): string => createHash('sha256').update(`${head}file\0${content}`).digest('hex');
      expect(scan(['a', `link${size}`], Date.now()).digests).toEqual([digestOf(''), digestOf('link a\0')]);
    }
  });
});

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expand } from '../../../src/local/expand.js';
import { parsePattern } from '../../../src/local/pattern.js';
import { Tree } from '../../../src/local/tree.js';

let root: string;

beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'pai-expand-'));
  const files = [
    'src/b.ts',
    'src/a.ts',
    'src/.c.ts',
    'src/deep/d.ts',
    'src/deep/e.md',
    'node_modules/x/i.ts',
    'src/node_modules/y/j.ts',
  ];
  for (const file of [...files, '.git/config', '.cache/k.ts', 'top.ts']) {
    mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
    writeFileSync(path.join(root, file), '');
  }
});

afterAll(() => rmSync(root, { recursive: true }));

function found(...patterns: string[]): string[] {
  const taken = patterns.filter((pattern) => pattern.startsWith('!')).map((pattern) => pattern.slice(1));
  const take = patterns.filter((pattern) => !pattern.startsWith('!')).flatMap(parsePattern);
  return expand(new Tree(root), { take, leave: taken.flatMap(parsePattern) });
}

describe('expand', () => {
  it('finds files once each, sorted, with dot files, and not what other tools keep', () => {
    expect(found('**', 'src/*')).toEqual([
      'src/.c.ts',
      'src/a.ts',
      'src/b.ts',
      'src/deep/d.ts',
      'src/deep/e.md',
      'top.ts',
    ]);
  });

  it('reaches into folders of other tools where they are named', () => {
    expect(found('node_modules/**')).toEqual(['node_modules/x/i.ts']);
    expect(found('src/**/node_modules/**')).toEqual(['src/node_modules/y/j.ts']);
    expect(found('.git/*')).toEqual(['.git/config']);
  });

  it('takes away, whatever the order', () => {
    expect(found('!src/deep', 'src/**', '!**/b.ts')).toEqual(['src/.c.ts', 'src/a.ts']);
  });

  it('takes a folder that is named for all that is in it', () => {
    expect(found('src/deep')).toEqual(['src/deep/d.ts', 'src/deep/e.md']);
  });

  it('keeps a path that does not exist, but not one that a glob stands for', () => {
    expect(found('none', 'no/ne.ts', '{nobody,top}.ts', '*/none')).toEqual(['no/ne.ts', 'none', 'top.ts']);
  });
});

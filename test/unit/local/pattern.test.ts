import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { literalBase, matchesPath, parsePattern } from '../../../src/local/pattern.js';

function matches(glob: string, path: string): boolean {
  return parsePattern(glob).some((pattern) => matchesPath(pattern, path));
}

describe('a file glob', () => {
  it.each([
    ['src/*.ts', 'src/a.ts', true],
    ['src/*.ts', 'src/deep/a.ts', false],
    ['src/*', 'src/.hidden', true],
    ['src/**', 'src/a/b/c', true],
    ['src/**', 'src', false],
    ['src/**/*.ts', 'src/a.ts', true],
    ['src/**/*.ts', 'src/a/b.ts', true],
    ['**/*.ts', 'a.ts', true],
    ['a/**/b/**/c', 'a/b/c', true],
    ['a/**/b/**/c', 'a/x/b/y/z/c', true],
    ['a/**/b/**/c', 'a/x/y/c', false],
    ['?.ts', 'a.ts', true],
    ['?.ts', 'ab.ts', false],
    ['[a-c].ts', 'b.ts', true],
    ['[!a-c].ts', 'b.ts', false],
    ['[^a-c].ts', 'd.ts', true],
    ['{a,b/{c,d}}.ts', 'b/d.ts', true],
    ['{a,b/{c,d}}.ts', 'b.ts', false],
    ['a{,.min}.js', 'a.js', true],
    ['\\*.ts', '*.ts', true],
    ['\\*.ts', 'a.ts', false],
    ['a+(b).ts', 'a+(b).ts', 'error'],
    ['a.ts', 'axts', false],
    ['{open', '{open', true],
  ])('%s and %s: %s', (glob, path, expected) => {
    if (expected === 'error') expect(() => parsePattern(glob)).toThrow('is not supported');
    else expect(matches(glob, path)).toBe(expected);
  });

  it('matches every path by the path itself, and by ** in place of any of its folders', () => {
    const name = fc.stringMatching(/^[a-z.]{1,4}$/).filter((text) => !/^\.+$/.test(text));
    fc.assert(
      fc.property(fc.array(name, { minLength: 1, maxLength: 6 }), fc.nat(), fc.nat(), (names, from, count) => {
        const path = names.join('/');
        const start = from % names.length;
        const end = Math.min(names.length - 1, start + (count % 4));
        expect(matches(path, path)).toBe(true);
        expect(matches([...names.slice(0, start), '**', ...names.slice(end)].join('/'), path)).toBe(true);
      }),
    );
  });

  it('begins in the folders before its first wildcard', () => {
    expect(parsePattern('src/{a,b}/x/*.ts').map(literalBase)).toEqual(['src/a/x', 'src/b/x']);
    expect(parsePattern('**').map(literalBase)).toEqual(['']);
    expect(parsePattern('src/a.ts').map(literalBase)).toEqual(['src']);
  });
});

import { describe, expect, it } from 'vitest';
import { contextFiles, contextMode, dockerfileOf } from '../../../src/docker/context-files.js';

/** What is left of paths under these rules, the two files that always stay left out of the answer. */
async function left(rules: string, paths: readonly string[]): Promise<string[]> {
  const files = [
    { path: '.dockerignore', content: rules },
    { path: 'Dockerfile', content: '' },
    ...paths.map((path) => ({ path, content: '' })),
  ];
  const kept = await contextFiles(files.map((file) => ({ ...file, mode: 0o644 })));
  return kept.map((file) => file.path).filter((path) => path !== '.dockerignore' && path !== 'Dockerfile');
}

// The classic client does not look into a folder that is left out, unless an exception begins with its name; BuildKit's does for those with a wildcard.
describe('exceptions with a wildcard', () => {
  it.each([
    ['*\n!**/*.md', ['docs/a.md']],
    ['src/**\n!src/**/*.c', ['docs/a.md', 'src/lib/x.c']],
  ])('count inside of folders that are left out, as BuildKit has it: %j', async (rules, kept) => {
    const paths = ['docs/a.md', 'src/lib/x.c', 'src/lib/x.o'];
    const files = [
      { path: '.dockerignore', mode: 0o644, content: rules },
      ...paths.map((path) => ({ path, mode: 0o644, content: '' })),
    ];
    expect((await contextFiles(files)).map(({ path }) => path)).toEqual(['.dockerignore', ...kept]);
  });
});

describe('contextFiles', () => {
  it('keeps all files without a .dockerignore, sorted by path', async () => {
    const files = ['b', 'a/z', 'a.txt', 'Dockerfile'].map((path) => ({ path, mode: 0o644, content: '' }));
    expect((await contextFiles(files)).map((file) => file.path)).toEqual(['Dockerfile', 'a.txt', 'a/z', 'b']);
  });

  it.each([
    ['a name is that of the top folder only', 'a.txt', ['a.txt', 'sub/a.txt'], ['sub/a.txt']],
    ['a folder goes with all below it', 'sub', ['sub/a', 'sub/b/c', 'subway'], ['subway']],
    ['a star stays in its folder', '*.md', ['a.md', 'sub/a.md'], ['sub/a.md']],
    ['two stars go through folders', '**/*.md', ['a.md', 'sub/a.md', 'a/b/c.md', 'a.txt'], ['a.txt']],
    ['an exception brings a file back', '*.md\n!README.md', ['README.md', 'x.md'], ['README.md']],
    ['an exception brings a file of a folder back', 'sub\n!sub/keep', ['sub/drop', 'sub/keep'], ['sub/keep']],
    ['the last rule decides', '!a.md\n*.md', ['a.md'], []],
    ['everything but a list', '*\n!src/**', ['src/a/b', 'README', 'src2'], ['src/a/b']],
    ['comments and blank lines say nothing', '# a\n\n  \nb', ['a', 'b', '# a'], ['# a', 'a']],
    ['slashes around a pattern do not count', '/a/\n', ['a/x', 'b/a/x'], ['b/a/x']],
    ['upper case is another name', 'README', ['README', 'readme'], ['readme']],
    [
      'characters of regular expressions are themselves',
      'c++\na(1).txt\n{x}',
      ['c++/x', 'a(1).txt', '{x}', 'c'],
      ['c'],
    ],
    ['an escaped character is itself', '\\*.txt', ['*.txt', 'a.txt'], ['a.txt']],
    ['Windows line ends do not count', 'a\r\nb\r\n', ['a', 'b', 'c'], ['c']],
    ['a byte order mark does not count', '\uFEFFa', ['a', 'b'], ['b']],
  ])('%s', async (_, rules, paths, expected) => {
    expect(await left(rules, paths)).toEqual(expected);
  });

  it('always leaves Dockerfile and .dockerignore, which the builder needs', async () => {
    const files = ['Dockerfile', '.dockerignore', 'a', 'sub/Dockerfile'].map((path) => ({
      path,
      mode: 0o644,
      content: '**',
    }));
    expect((await contextFiles(files)).map((file) => file.path)).toEqual(['.dockerignore', 'Dockerfile']);
  });

  it('tells a pattern that is not one', async () => {
    await expect(left('[z-a]', ['a'])).rejects.toMatchObject({ code: 'IMAGE_CONTEXT', where: '.dockerignore' });
  });
});

describe('contextMode', () => {
  it.each([
    [0o700, 0o755],
    [0o755, 0o755],
    [0o600, 0o644],
    [0o664, 0o644],
  ])('makes %o %o', (mode, expected) => {
    expect(contextMode({ path: 'a', mode, content: '' })).toBe(expected);
  });
});

describe('dockerfileOf', () => {
  it('reads bytes as text', () => {
    expect(dockerfileOf([{ path: 'Dockerfile', mode: 0o644, content: Buffer.from('FROM scratch') }])).toBe(
      'FROM scratch',
    );
  });

  it('takes no Dockerfile of a sub-folder', () => {
    expect(dockerfileOf([{ path: 'sub/Dockerfile', mode: 0o644, content: '' }])).toBeUndefined();
  });
});

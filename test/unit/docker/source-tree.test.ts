import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SourceTrees } from '../../../src/docker/source-tree.js';
import type { ContextFile, ImageSource } from '../../../src/model/drivers.js';

const WHERE = 'service-list.yaml:9:5';
const hasGit = spawnSync('git', ['--version']).status === 0;

let folder: string;
let tree: string;
const signal = new AbortController().signal;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pai-source-'));
  tree = join(folder, 'tree');
});
afterEach(() => rm(folder, { recursive: true }));

async function write(path: string, content: string, mode = 0o644): Promise<void> {
  const file = join(tree, path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
  await chmod(file, mode);
}

const trees = (simulateMissing = false) => new SourceTrees({ folder: join(folder, 'cache'), simulateMissing });
const ofFolder = (path = tree): ImageSource => ({ kind: 'folder', path, shown: 'sources/x', where: WHERE });
const ofGit = (revision: string): ImageSource => ({ kind: 'git', url: tree, revision, where: WHERE });
const files = (source: ImageSource, ...copy: string[]) => trees().files(source, copy, signal);

/** What of a file enters a fingerprint. */
function essence(file: ContextFile) {
  if ('sha256' in file) return [file.path, file.sha256.slice(0, 8), (file.mode & 0o100) !== 0, file.bytes];
  return 'target' in file ? [file.path, file.target] : [file.path];
}

describe('a folder', () => {
  it('gives what is copied of it, by the last part of the path', async () => {
    await write('src/rest-server/index.js', 'a');
    await write('src/rest-server/lib/x.js', 'b');
    await write('src/other', 'c');
    await write('start.sh', 'd', 0o755);
    expect((await files(ofFolder(), 'src/rest-server', 'start.sh')).map(essence)).toEqual([
      ['copied_file/rest-server/index.js', 'ca978112', false, 1],
      ['copied_file/rest-server/lib/x.js', '3e23e816', false, 1],
      ['copied_file/start.sh', '18ac3e73', true, 1],
    ]);
  });

  it('gives all of it but .git', async () => {
    await write('a', 'a');
    await write('.git/config', 'x');
    await write('sub/.git', 'kept');
    expect((await files(ofFolder(), '.')).map(({ path }) => path)).toEqual(['copied_file/a', 'copied_file/sub/.git']);
  });

  it('gives links as they are, and follows the one that is named', async () => {
    await write('real/a', 'a');
    await symlink('a', join(tree, 'real/b'));
    await symlink('real', join(tree, 'current'));
    expect((await files(ofFolder(), 'current')).map(essence)).toEqual([
      ['copied_file/current/a', 'ca978112', false, 1],
      ['copied_file/current/b', 'a'],
    ]);
    await symlink(tree, join(folder, 'link'));
    expect((await files(ofFolder(join(folder, 'link')), 'real')).map(({ path }) => path)).toEqual([
      'copied_file/real/a',
      'copied_file/real/b',
    ]);
  });

  it('does not depend on dates and on rights but that to execute', async () => {
    await write('a', 'a', 0o600);
    const before = (await files(ofFolder(), '.')).map(essence);
    await utimes(join(tree, 'a'), 1, 1);
    await chmod(join(tree, 'a'), 0o664);
    expect((await files(ofFolder(), '.')).map(essence)).toEqual(before);
  });

  it('sees a change, also of a file whose digest it remembers', async () => {
    await write('a', 'a');
    await utimes(join(tree, 'a'), 1, 1);
    // Its digest is remembered only when it was last changed a while ago.
    await new Promise((resolve) => setTimeout(resolve, 2100));
    const before = (await files(ofFolder(), '.')).map(essence);
    expect((await readdir(join(folder, 'cache'))).some((name) => name.startsWith('digests-'))).toBe(true);
    expect((await files(ofFolder(), '.')).map(essence)).toEqual(before);
    await write('a', 'b');
    await utimes(join(tree, 'a'), 1, 1);
    expect((await files(ofFolder(), '.')).map(essence)).not.toEqual(before);
  });

  it.each([
    [
      'that is not there',
      () => ofFolder('/nowhere/tree'),
      '.',
      /there is no folder sources\/x/,
      /Put the tree at \/nowhere\/tree, or name it at/,
    ],
    [
      'without the path that is copied',
      () => ofFolder(),
      'nope',
      /sources\/x has no nope/,
      /Correct copy below service-list.yaml:9:5/,
    ],
    ['with nothing in what is copied', () => ofFolder(), 'empty', /empty of sources\/x has no file/, /Fill it/],
  ])('is refused %s, with its entry and the cure', async (_, source, copy, message, next) => {
    await write('a', 'a');
    await mkdir(join(tree, 'empty'));
    await expect(files(source(), copy)).rejects.toMatchObject({ code: 'IMAGE_SOURCE', where: WHERE, message, next });
  });

  it('is told as missing without reading it, and only where nobody else has to be asked', async () => {
    await write('a', 'a');
    const missing = (source: ImageSource, copy: string, simulated = false) => trees(simulated).missing(source, [copy]);
    expect(await missing(ofFolder(), 'a')).toBeUndefined();
    expect(await missing(ofFolder(), 'nope')).toMatchObject({ code: 'IMAGE_SOURCE', message: /has no nope/ });
    expect(await missing(ofFolder('/nowhere/tree'), '.')).toMatchObject({ message: /there is no folder/ });
    expect(await missing(ofFolder('/nowhere/tree'), '.', true)).toBeUndefined();
    const git = { kind: 'git', url: 'file:///nowhere', revision: 'main', where: WHERE } as const;
    expect(await missing(git, '.')).toBeUndefined();
    expect(existsSync(join(folder, 'cache'))).toBe(false);
  });

  it('that is not there is one file that says so where builds are simulated', async () => {
    const simulated = await trees(true).files(ofFolder('/nowhere'), ['a/b', '.'], signal);
    expect(simulated.map(({ path }) => path)).toEqual(['copied_file/b/simulated', 'copied_file/simulated']);
  });
});

describe.skipIf(!hasGit)('a repository (skipped without git)', () => {
  const git = (...words: string[]) =>
    execFileSync('git', ['-C', tree, '-c', 'user.name=a', '-c', 'user.email=a@b', ...words], { stdio: 'pipe' })
      .toString()
      .trim();

  beforeEach(async () => {
    await write('app/run', 'one', 0o755);
    await write('app/text', 'a\r\nb\n');
    git('init', '--quiet', '--initial-branch=main');
    git('add', '.');
    git('commit', '--quiet', '-m', 'one');
    git('tag', '-a', 'v1', '-m', 'v1');
    await write('app/run', 'two', 0o755);
    git('commit', '--quiet', '-am', 'two');
  });

  const digestOf = async (revision: string) => (await files(ofGit(revision), 'app')).map(essence)[0]?.[1];

  it('gives a commit, a tag or a branch', async () => {
    const [one, two] = ['7692c3ad', '3fc4ccfe'];
    expect(await digestOf('v1')).toBe(one);
    expect(await digestOf('main')).toBe(two);
    expect(await digestOf(git('rev-parse', 'v1^{commit}'))).toBe(one);
  });

  it('gives the same as a folder with the same files', async () => {
    const same = (await files(ofFolder(), 'app')).map(essence);
    expect((await files(ofGit('main'), 'app')).map(essence)).toEqual(same);
  });

  it('asks nobody for a commit that it has', async () => {
    const commit = git('rev-parse', 'HEAD');
    const before = (await files(ofGit(commit), 'app')).map(essence);
    await rm(tree, { recursive: true });
    expect((await files(ofGit(commit), 'app')).map(essence)).toEqual(before);
    await expect(files(ofGit('main'), 'app')).rejects.toMatchObject({
      code: 'IMAGE_SOURCE',
      message: /git can't read the source/,
      where: WHERE,
    });
  });

  it('follows a branch that has moved on', async () => {
    const before = await digestOf('main');
    await write('app/run', 'three', 0o755);
    git('commit', '--quiet', '-am', 'three');
    expect(await digestOf('main')).not.toBe(before);
  });

  it.each(['v9', '0123456789012345678901234567890123456789'])(
    'has no revision %s, and says where to correct it',
    async (revision) => {
      await expect(files(ofGit(revision), 'app')).rejects.toMatchObject({
        code: 'IMAGE_SOURCE',
        message: expect.stringContaining(`has no commit, tag or branch ${revision}`),
        next: `Correct revision at ${WHERE}.`,
      });
      const left = await readdir(join(folder, 'cache')).catch(() => []);
      for (const name of left) expect(await readdir(join(folder, 'cache', name))).toEqual([]);
    },
  );
});

import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { filesOf, pai, writeProjectFile } from './project.js';

/** lib makes a tree of files from src/lib, app one file from that; each time that a command runs, it leaves a line. */
const PAIFILE = `
export default {
  write({ target, $ }: any) {
    const lib = target('lib', {
      inputs: ['src/lib/**'],
      outputs: ['out/lib/**'],
      run: $\`echo lib >> ../ran; rm -rf out/lib; mkdir -p out/lib/bin; for f in src/lib/*; do cp $f out/lib/; done;
        echo run > out/lib/bin/run; chmod 755 out/lib/bin/run; ln -s bin/run out/lib/latest\`,
    });
    const app = target('app', {
      inputs: ['src/app'],
      outputs: ['out/app'],
      run: $\`echo app >> ../ran; cat src/app out/lib/[a-z] > out/app\`,
    }, { needs: [lib] });
    target('never-kept', { inputs: ['src/app'], outputs: ['out/never'], cache: false, run: $\`echo never >> ../ran; cp src/app out/never\` });
    target('no-outputs', { inputs: ['src/app'], run: $\`echo no-outputs >> ../ran\` });
    target('no-inputs', { outputs: ['out/no-inputs'], run: $\`echo no-inputs >> ../ran; echo > out/no-inputs\` });
  },
};
`;

let folder: string;
let root: string;

/** A checkout beside the others. */
async function checkOut(name: string): Promise<string> {
  const project = path.join(folder, name);
  await mkdir(project);
  await writeProjectFile(project, 'package.json', '{ "type": "module" }');
  await writeProjectFile(project, 'paifile.ts', PAIFILE);
  await writeProjectFile(project, 'src/lib/a', 'a\n');
  await writeProjectFile(project, 'src/lib/b', 'b\n');
  await writeProjectFile(project, 'src/app', 'app\n');
  return project;
}

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pai-output-cache-'));
  root = await checkOut('project');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

/** Commands that ran since this was last asked, in order. */
async function ran(): Promise<string[]> {
  const file = path.join(folder, 'ran');
  const lines = (await readFile(file, 'utf8').catch(() => '')).split('\n').filter((line) => line !== '');
  await rm(file, { force: true });
  return lines;
}

/** What is in `out`: contents and modes. */
async function out(project = root): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const entry of await readdir(path.join(project, 'out'), { recursive: true, withFileTypes: true })) {
    if (entry.isDirectory()) continue;
    const place = path.join(entry.parentPath, entry.name);
    const mode = ((await stat(place)).mode & 0o777).toString(8);
    found[path.relative(project, place)] =
      `${entry.isFile() ? 'file' : 'link'} ${mode} ${await readFile(place, 'utf8')}`;
  }
  return found;
}

async function ok(...argv: string[]): Promise<string> {
  const { exitCode, stdout, stderr } = await pai(root, ...argv);
  expect({ exitCode, stderr, stdout: exitCode === 0 ? '' : stdout }).toEqual({ exitCode: 0, stderr: '', stdout: '' });
  return stdout;
}

describe('outputs from the cache', () => {
  it('come back when inputs are as they were before: a branch is changed, and changed back', async () => {
    await ok('run', 'app');
    const first = await out();
    expect(await ran()).toEqual(['lib', 'app']);

    await writeProjectFile(root, 'src/lib/a', 'other\n');
    await writeProjectFile(root, 'src/lib/c', 'new\n');
    await ok('run', 'app');
    expect(await ran()).toEqual(['lib', 'app']);
    const second = await out();
    expect(second).not.toEqual(first);

    await writeProjectFile(root, 'src/lib/a', 'a\n');
    await rm(path.join(root, 'src/lib/c'));
    const stdout = await ok('run', 'app');
    expect(await ran()).toEqual([]);
    // What only the other branch made is gone.
    expect(await out()).toEqual(first);
    expect(stdout).toMatch(/\ndone {2}lib {2}[\d.]+s {2}\(restored\)\n/);
    expect(stdout).toMatch(
      /\ndone {2}app {2}[\d.]+s {2}\(restored\)\n2 ran, 0 fresh, 0 failed, 0 skipped in [\d.]+s\n$/,
    );
    expect(await ok('run', 'app')).toMatch(/^nothing to do: 2 fresh/);
  });

  it('come back into a fresh clone with an empty .cache, from a folder that was kept', async () => {
    await ok('run', 'app', '--cache-dir', '../kept');
    const first = await out();
    await ran();
    expect((await filesOf(root)).filter((file) => file.startsWith('.cache/outputs'))).toEqual([]);

    root = await checkOut('fresh');
    const stdout = await ok('run', 'app', '--cache-dir', '../kept', '--json');
    expect(await ran()).toEqual([]);
    expect(await out()).toEqual(first);
    const ends = stdout.split('\n').filter((line) => line.includes('"target-end"'));
    expect(ends.map((line) => JSON.parse(line))).toMatchObject([
      { target: 'lib', outcome: 'ran', restored: true },
      { target: 'app', outcome: 'ran', restored: true },
    ]);
    expect(await ok('run', 'app', '--cache-dir', '../kept')).toMatch(/^nothing to do: 2 fresh/);
    expect(JSON.parse(await ok('cache', 'stat', '--cache-dir', '../kept', '--json'))).toMatchObject({
      entries: 2,
      hits: 2,
    });
  });

  it('come from the folder that PAI_CACHE_DIR names, within PAI_CACHE_MAX_SIZE', async () => {
    process.env.PAI_CACHE_DIR = '../kept';
    try {
      await ok('run', 'app');
      await ran();
      root = await checkOut('fresh');
      await ok('run', 'app');
      expect(await ran()).toEqual([]);
      process.env.PAI_CACHE_MAX_SIZE = '10 apples';
      expect(await pai(root, 'run', 'app')).toEqual({
        exitCode: 2,
        stdout: '',
        stderr: "error USAGE: PAI_CACHE_MAX_SIZE: '10 apples' is not a size\n  next: Write it like 500MB or 2GiB.\n",
      });
      process.env.PAI_CACHE_MAX_SIZE = '1';
      const { stderr, exitCode } = await pai(root, 'run', 'app', '--force');
      expect(exitCode).toBe(0);
      expect(stderr).toMatch(/^warning: output cache \S+: outputs of app are not kept: they have \d+ B, and the whole/);
    } finally {
      delete process.env.PAI_CACHE_DIR;
      delete process.env.PAI_CACHE_MAX_SIZE;
    }
  });

  it('replace outputs that are missing or were changed by hand', async () => {
    await ok('run', 'app');
    const first = await out();
    await ran();
    await rm(path.join(root, 'out/lib/a'));
    await writeFile(path.join(root, 'out/lib/b'), 'by hand');
    await writeFile(path.join(root, 'out/lib/extra'), 'by hand');
    await chmod(path.join(root, 'out/lib/bin/run'), 0o600);
    await rm(path.join(root, 'out/app'));
    await ok('run', 'app');
    expect(await ran()).toEqual([]);
    expect(await out()).toEqual(first);
  });

  it('are not taken and not kept with --no-cache', async () => {
    await ok('run', 'app', '--no-cache');
    expect((await filesOf(root)).filter((file) => file.startsWith('.cache/outputs'))).toEqual([]);
    await ok('run', 'app', '--force');
    await ran();
    await rm(path.join(root, 'out'), { recursive: true });
    await ok('run', 'app', '--no-cache');
    expect(await ran()).toEqual(['lib', 'app']);
  });

  it('are not taken for what somebody wants to run, but kept', async () => {
    await ok('run', 'app');
    await ran();
    await ok('run', 'app', '--force');
    expect(await ran()).toEqual(['app']);
  });

  it('are only of targets that say what they read and make, and do not decline', async () => {
    const names = ['never-kept', 'no-outputs', 'no-inputs'];
    await ok('run', ...names);
    await ran();
    await rm(path.join(root, '.cache'), { recursive: true, force: true });
    await rm(path.join(root, 'out'), { recursive: true });
    root = await checkOut('fresh');
    await ok('run', ...names, '--cache-dir', '../project/.cache/outputs');
    expect((await ran()).sort()).toEqual(['never', 'no-inputs', 'no-outputs']);
  });

  it('are never those of other inputs, another command or other needs', async () => {
    await ok('run', 'app');
    await ran();
    for (const [file, text] of [
      ['src/lib/a', 'b\n'],
      ['src/app', 'changed\n'],
      ['paifile.ts', PAIFILE.replace('cat src/app', 'cat -u src/app')],
    ] as const) {
      const before = await readFile(path.join(root, file), 'utf8');
      await writeProjectFile(root, file, text);
      await ok('run', 'app');
      expect(await ran()).toContain('app');
      await writeProjectFile(root, file, before);
      await ok('run', 'app');
      expect(await ran()).toEqual([]);
    }
  });

  it('that are not kept because an output is a link out of the project cost a warning', async () => {
    await mkdir(path.join(folder, 'elsewhere'));
    await writeProjectFile(root, 'paifile.ts', PAIFILE.replace('ln -s bin/run', 'ln -s ../../../elsewhere'));
    await symlink('/nowhere', path.join(folder, 'elsewhere/dangling'));
    const { exitCode, stderr } = await pai(root, 'run', 'lib');
    expect(exitCode).toBe(0);
    expect(stderr).toMatch(
      /^warning: output cache \S+: outputs of lib are not kept: out\/lib\/latest leads out of the project; `cache: false` [^\n]+\n$/,
    );
  });
});

describe('a cache that is damaged', () => {
  it('costs one warning and work; the next time it is whole again', async () => {
    await ok('run', 'app');
    const first = await out();
    await ran();
    const objects = (await filesOf(root)).filter((file) => file.startsWith('.cache/outputs/v1/objects/'));
    for (const object of objects) await writeFile(path.join(root, object), 'damaged');
    await rm(path.join(root, 'out'), { recursive: true });
    const { exitCode, stderr } = await pai(root, 'run', 'app');
    expect({ exitCode, stderr }).toEqual({
      exitCode: 0,
      stderr: expect.stringMatching(/^warning: output cache \S+: can't put back what lib had: object [^\n]+\n$/),
    });
    expect(await ran()).toEqual(['lib', 'app']);
    expect(await out()).toEqual(first);
    await rm(path.join(root, 'out'), { recursive: true });
    await ok('run', 'app');
    expect(await ran()).toEqual([]);
    expect(await out()).toEqual(first);
  });

  it('is found by pai cache verify, which ends with 1, and with 0 once it is mended', async () => {
    await ok('run', 'app');
    await ran();
    expect(await ok('cache', 'verify')).toMatch(/^2 entries and \d objects: all as they were written\n$/);
    const [object = ''] = (await filesOf(root)).filter((file) => file.startsWith('.cache/outputs/v1/objects/'));
    await writeFile(path.join(root, object), 'damaged');
    const { exitCode, stdout } = await pai(root, 'cache', 'verify');
    expect(exitCode).toBe(1);
    expect(stdout).toContain(`removed ${object.slice('.cache/outputs/'.length)}: has other content than it had\n`);
    expect(stdout).toMatch(/\nremoved v1\/entries\/\S+ of (lib|app): its object \w+ is missing\n/);
    expect((await pai(root, 'cache', 'verify', '--json')).exitCode).toBe(0);
    await rm(path.join(root, 'out'), { recursive: true });
    await ok('run', 'app');
    expect((await ran()).length).toBeGreaterThan(0);
  });
});

describe('pai cache', () => {
  it('tells size, entries, objects and hits, from any folder of the project', async () => {
    await ok('run', 'app');
    const told = JSON.parse((await pai(path.join(root, 'src'), 'cache', 'stat', '--json')).stdout);
    expect(told).toEqual({
      directory: path.join(root, '.cache/outputs'),
      entries: 2,
      objects: 4,
      bytes: expect.any(Number),
      maxBytes: 2 * 1024 ** 3,
      hits: 0,
    });
    expect(await ok('cache', 'stat')).toMatch(
      /\/\.cache\/outputs\n {2}size {5}[\d.]+ (B|KiB) of 2\.0 GiB\n {2}entries {2}2\n {2}objects {2}4\n {2}hits {5}0\n$/,
    );
  });

  it('prunes to a size', async () => {
    await ok('run', 'app');
    expect(await ok('cache', 'prune')).toMatch(/^nothing to remove: 2 entries of /);
    expect(await ok('cache', 'prune', '--max-size', '0')).toMatch(
      /^removed 2 entries and 4 objects, [\d.]+ (B|KiB): 0 entries of 0 B left\n$/,
    );
    expect(JSON.parse(await ok('cache', 'prune', '--json'))).toMatchObject({ entries: 0, removedEntries: 0, bytes: 0 });
  });

  it('tells what there is instead of what is asked', async () => {
    expect((await pai(root, 'cache', 'verfy')).stderr).toBe(
      "error USAGE: pai cache has no 'verfy'; did you mean verify?\n  next: Say `pai cache stat`, `pai cache prune` or `pai cache verify`.\n",
    );
    expect((await pai(folder, 'cache', 'stat')).exitCode).toBe(2);
  });
});

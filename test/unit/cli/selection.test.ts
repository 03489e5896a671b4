import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeProject, pai, writeProjectFile } from './project.js';

const PAIFILE = `
import { outFile } from './tasks/out-file.js';
import { lib, fail } from './tasks/values.js';

export default {
  write({ project, target, each }: any) {
    const act = async () => { if (fail) throw new Error('broken'); };
    const libTarget = target('lib', () => outFile(project.root, lib, act));
    const app = target('app', () => outFile(project.root, 'app'), { needs: [libTarget] });
    each('worker', [{ name: 'h1' }, { name: 'h2' }], (host: any) => outFile(project.root, host.name), { group: 'workers' });
  },
};
`;

let root: string;

beforeEach(async () => {
  root = await makeProject(PAIFILE);
  await values('lib 1');
});
afterEach(() => rm(root, { recursive: true, force: true }));

function values(lib: string, fail = false): Promise<void> {
  return writeProjectFile(root, 'tasks/values.ts', `export const lib = '${lib}';\nexport const fail = ${fail};\n`);
}

const made = (): Promise<string[]> => readdir(path.join(root, 'out')).then((names) => names.sort());

describe('pai run --only', () => {
  it('runs the named targets alone, and says what it left out', async () => {
    await pai(root, 'run', '*');
    await values('lib 2');
    await rm(path.join(root, 'out/app'));
    const { exitCode, stdout } = await pai(root, 'run', 'app', '--only');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('left out by --only, though not fresh: lib\n');
    expect(stdout).toMatch(/\n1 ran, 0 fresh, 0 failed, 0 skipped in /);
    const next = await pai(root, 'run', 'app');
    expect(next.stdout).toMatch(/\ndone {2}lib/);
  });

  it('changes nothing where what they need was never made', async () => {
    const { exitCode, stderr, stdout } = await pai(root, 'run', 'app', '--only');
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain('error USAGE: app needs lib, which was never applied\n');
  });
});

describe('pai run --exclude', () => {
  it('leaves targets, groups and globs out, and skips what needs them', async () => {
    const { exitCode, stdout } = await pai(root, 'run', '*', '--exclude', 'li?', '--exclude', 'worker:h1');
    expect(exitCode).toBe(1);
    expect(stdout).toContain('left out by --exclude, though not fresh: lib, worker:h1\n');
    expect(stdout).toContain('skip  app  (lib is left out and not fresh)\n');
    expect(stdout).toContain("resume with: pai run '*' --exclude 'li?' --exclude worker:h1\n");
    expect(await made()).toEqual(['worker:h2']);
  });

  it('is no failure where nothing needs them', async () => {
    expect((await pai(root, 'run', '*', '--exclude', 'workers')).exitCode).toBe(0);
    expect(await made()).toEqual(['app', 'lib']);
    expect((await pai(root, 'clean', '*', '--exclude', 'lib')).exitCode).toBe(0);
    expect(await made()).toEqual(['lib']);
  });

  it('tells a pattern that matches nothing', async () => {
    const { exitCode, stderr } = await pai(root, 'run', 'app', '--exclude', 'lob');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('there is no target or group lob; did you mean lib?');
  });

  it('is shown by --dry-run', async () => {
    const { stdout } = await pai(root, 'run', '*', '--exclude', 'workers', '--dry-run');
    expect(stdout).toMatch(/^stale +lib/m);
    expect(stdout).not.toMatch(/^stale +worker:h1/m);
    expect(stdout).toContain('left out by --exclude, though not fresh: worker:h1, worker:h2\n');
    const blocked = await pai(root, 'run', '*', '--exclude', 'lib', '--dry-run');
    expect(blocked.stdout).toContain('so these would be skipped: app\n');
    const { stdout: json } = await pai(root, 'run', '*', '--exclude', 'worker:h1', '--dry-run', '--json');
    expect(JSON.parse(json)).toMatchObject({ leftOut: [{ target: 'worker:h1', by: 'exclude' }] });
  });
});

describe('pai run --retry-failed', () => {
  it('runs what failed or was skipped in the last run, without being told names', async () => {
    await values('lib 1', true);
    expect((await pai(root, 'run', 'app', 'worker:h1')).exitCode).toBe(1);
    await values('lib 1');
    const { exitCode, stdout } = await pai(root, 'run', '--retry-failed');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/\n2 ran, 0 fresh/);
    expect(await made()).toEqual(['app', 'lib', 'worker:h1']);
    expect((await pai(root, 'run', '--retry-failed')).stdout).toBe(
      'nothing to retry: nothing failed or was skipped in the last run\n',
    );
  });

  it('keeps to the names that are given', async () => {
    await values('lib 1', true);
    await pai(root, 'run', 'app');
    await values('lib 1');
    await pai(root, 'run', '--retry-failed', 'lib');
    expect(await made()).toEqual(['lib']);
  });

  it('has nothing to do where there was no run', async () => {
    expect(await pai(root, 'run', '--retry-failed')).toMatchObject({ exitCode: 0, stderr: '' });
  });
});

it('--keep-going is what happens anyway, and does not go with --fail-fast', async () => {
  await values('lib 1', true);
  const { exitCode, stdout } = await pai(root, 'run', '*', '--keep-going', '--jobs', '1');
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/\n2 ran, 0 fresh, 1 failed, 1 skipped/);
  const { exitCode: refused, stderr } = await pai(root, 'run', '*', '--keep-going', '--fail-fast');
  expect(refused).toBe(2);
  expect(stderr).toContain('--keep-going and --fail-fast say opposite things');
});

it('a run keeps how long its targets took', async () => {
  await pai(root, 'run', '*');
  const { seconds } = JSON.parse(await readFile(path.join(root, '.cache/durations.json'), 'utf8'));
  expect(Object.keys(seconds).sort()).toEqual(['app', 'lib', 'worker:h1', 'worker:h2']);
});

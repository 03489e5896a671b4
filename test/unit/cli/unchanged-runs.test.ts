import { existsSync, readdirSync, rmSync } from 'node:fs';
import { chmod, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { planRun } from '../../../src/plan/plan.js';
import { holderOf, takeLock } from '../../../src/state/lock.js';
import { makeProject, pai, writeProjectFile } from './project.js';

vi.mock('../../../src/plan/plan.js', { spy: true });

const PAIFILE = `
import values from './values.json';

export default {
  write({ target, group, $ }: any) {
    const make = target('make', { inputs: ['src/**'], outputs: ['out/made'], values, env: ['PAI_TEST_WORD'], run: $\`cat src/* > out/made\` });
    const use = target('use', { inputs: ['out/made'], outputs: ['out/used'], run: $\`cp out/made out/used\` }, { needs: [make] });
    target('apart', { inputs: ['src/a'], outputs: ['out/apart'], run: $\`cp src/a out/apart\` });
    group('both', 'both', [make, use]);
  },
};
`;

let root: string;

beforeEach(async () => {
  root = await makeProject(PAIFILE);
  await writeProjectFile(root, 'values.json', '{ "value": 1 }');
  await writeProjectFile(root, 'src/a', 'a\n');
  await writeProjectFile(root, 'out/.keep', '');
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await chmod(path.join(root, '.cache'), 0o755).catch(() => undefined);
  rmSync(root, { recursive: true, force: true });
});

/** Runs until a snapshot is there. */
async function settle(...patterns: string[]): Promise<void> {
  expect((await pai(root, 'run', ...patterns)).exitCode).toBe(0);
  await sleep(30);
  expect((await pai(root, 'run', ...patterns)).stdout).toMatch(/^nothing to do/);
}

/** What a command line says, and how many plans it made. */
async function planned(...argv: string[]) {
  vi.mocked(planRun).mockClear();
  const said = await pai(root, ...argv);
  return { ...said, plans: vi.mocked(planRun).mock.calls.length };
}

/** Without what differs from run to run. */
function timeless(text: string): string {
  return text
    .replaceAll(/"(at|began|seconds|planSeconds)":[\d.]+/g, '"$1":0')
    .replaceAll(/"run":"[^"]+"/g, '"run":""')
    .replaceAll(/in [\d.]+m?s/g, 'in 0s');
}

describe('a run or plan of what has not changed since all was found fresh', () => {
  it.each([
    ['run', 'both'],
    ['run', 'both', '--output', 'json'],
    ['run', 'both', '--output', 'grouped'],
    ['run', 'both', '--output', 'github'],
    ['run', 'both', '--verbose', '--explain', '--jobs', '2', '--yes', '--fail-fast'],
    ['plan', 'both'],
    ['plan', 'both', '--all', '--explain'],
    ['plan', 'both', '--json'],
    ['plan', 'both', '--detailed-exitcode'],
  ])('%s %s %s %s says the same with a snapshot and without, and makes no plan with it', async (...argv) => {
    await settle('both');
    const { plans, ...said } = await planned(...argv);
    expect(plans).toBe(0);
    rmSync(path.join(root, '.cache/snapshot'));
    const { plans: ordinary, ...same } = await planned(...argv);
    expect(ordinary).toBe(1);
    expect(said.exitCode).toBe(0);
    expect({ ...said, stdout: timeless(said.stdout) }).toEqual({ ...same, stdout: timeless(same.stdout) });
  });

  it('leaves no record of the run and nothing new in .cache', async () => {
    await settle('both');
    const before = readdirSync(path.join(root, '.cache'), { recursive: true, encoding: 'utf8' })
      .filter(isNoLock)
      .sort();
    expect((await planned('run', 'both')).plans).toBe(0);
    const after = readdirSync(path.join(root, '.cache'), { recursive: true, encoding: 'utf8' }).filter(isNoLock).sort();
    expect(after).toEqual(before);
  });

  it('of all targets goes by a snapshot of all', async () => {
    await settle('make', 'use', 'apart');
    expect(await planned('plan')).toMatchObject({ plans: 0, stdout: '0 to run, 3 fresh\n', exitCode: 0 });
    await settle('both');
    expect(await planned('plan')).toMatchObject({ plans: 1, stdout: '0 to run, 3 fresh\n' });
  });

  it.each([
    [['run', 'both', '--force'], '2 ran'],
    [['run', 'use', '--only'], 'nothing to do: 1 fresh'],
    [['run', 'both', '--exclude', 'use'], 'nothing to do: 1 fresh'],
    [['run', 'both', '--retry-failed'], 'nothing to retry'],
    [['run', 'use'], 'nothing to do: 2 fresh'],
    [['run', 'both', '--dry-run'], '0 to run, 2 fresh'],
    [['run', 'both', '--wait-lock'], 'nothing to do: 2 fresh'],
    [['plan', 'both', '--force'], '2 to run'],
  ])('is not taken for %s', async (argv, told) => {
    await settle('both');
    const { stdout, plans } = await planned(...argv);
    expect(stdout).toContain(told);
    expect(plans).toBe(argv.includes('--retry-failed') ? 0 : 1);
  });

  it('is refused while another run is at work, and for what can not be said together', async () => {
    await settle('both');
    const answer = takeLock(path.join(root, '.cache'), holderOf('other', 'pai run other'));
    expect(await planned('run', 'both')).toMatchObject({
      exitCode: 1,
      stdout: '',
      plans: 0,
      stderr: expect.stringContaining('PROJECT_LOCKED'),
    });
    if (answer.kind === 'taken') answer.release();
    expect((await planned('run', 'both', '--keep-going', '--fail-fast')).exitCode).toBe(2);
    expect((await planned('run', 'both')).exitCode).toBe(0);
  });

  it.each<[string, () => Promise<unknown>]>([
    ['an input', () => writeProjectFile(root, 'src/a', 'b\n')],
    ['a file that the paifile imports', () => writeProjectFile(root, 'values.json', '{ "value": 2 }')],
    ['an output', () => writeProjectFile(root, 'out/used', 'mine\n')],
    ['a new input', () => writeProjectFile(root, 'src/b', 'b\n')],
    ['a variable', async () => vi.stubEnv('PAI_TEST_WORD', 'word')],
  ])('is none when there is a change of %s', async (_, change) => {
    await settle('both');
    await change();
    expect(await planned('plan', 'both', '--detailed-exitcode')).toMatchObject({ exitCode: 3, plans: 1 });
    expect(await planned('run', 'both')).toMatchObject({ exitCode: 0, plans: 1 });
    expect(await readFile(path.join(root, 'out/used'), 'utf8')).toBe(
      await readFile(path.join(root, 'out/made'), 'utf8'),
    );
    await settle('both');
    expect(await planned('run', 'both')).toMatchObject({ exitCode: 0, plans: 0 });
  });

  it('tells what is wrong with the paifile as ever', async () => {
    await settle('both');
    await writeProjectFile(root, 'paifile.ts', PAIFILE.replace("'apart'", "'make'"));
    const { exitCode, stderr } = await planned('run', 'both');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('target make is declared twice');
  });

  it('needs no snapshot: without one, with one that is damaged, and where none can be kept, all is found fresh', async () => {
    await settle('both');
    const file = path.join(root, '.cache/snapshot');
    const kept = await readFile(file);
    await writeFile(file, kept.subarray(0, kept.length / 2));
    expect(await planned('run', 'both')).toMatchObject({ plans: 1, exitCode: 0, stderr: '' });
    expect(await planned('run', 'both')).toMatchObject({ plans: 0, exitCode: 0, stderr: '' });
    expect((await stat(file)).mode & 0o777).toBe(0o600);
    await rm(path.join(root, '.cache/snapshot'));
    await writeProjectFile(root, '.cache/snapshot/in-the-way', '');
    expect(await planned('run', 'both')).toMatchObject({ plans: 1, exitCode: 0, stderr: '' });
    expect(await planned('run', 'both')).toMatchObject({ plans: 0, exitCode: 0, stderr: '' });
    expect(existsSync(path.join(root, '.cache/snapshot/in-the-way'))).toBe(false);
  });
});

/** Locks are numbered. */
function isNoLock(file: string): boolean {
  return !/^lock\/\d+$/.test(file);
}

import { existsSync, readFileSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeProject, pai } from './project.js';

/** `login` is looked at with the password of the machines; `apart` with nothing; `file` is work on files of the project. */
const PAIFILE = `
import { outFile } from './tasks/out-file.js';

export default {
  write({ cluster, project, target, $ }: any) {
    const { password } = cluster.hosts[0].login;
    const plain = outFile(project.root, 'seen');
    const asks = async (context: any) => {
      await password.reveal();
      return plain.observe(context);
    };
    target('login', () => ({ ...plain, observe: asks }));
    target('apart', () => outFile(project.root, 'apart'));
    target('file', { inputs: [], outputs: ['made'], values: { docker: cluster.services.dataPath }, run: $\`echo x >> made\` });
  },
};
`;

let root: string;
const configuration = (file: string) => path.join(root, 'cluster-configuration', file);

async function edit(file: string, from: string, to: string): Promise<void> {
  const text = await readFile(configuration(file), 'utf8');
  if (text.split(from).length !== 2) throw new Error(`"${from}" must be once in ${file}`);
  await writeFile(
    configuration(file),
    text.replace(from, () => to),
  );
}

/** How often the command for the password ran. */
const asked = (): number =>
  existsSync(configuration('asked')) ? readFileSync(configuration('asked'), 'utf8').split('\n').length - 1 : 0;

beforeEach(async () => {
  root = await makeProject(PAIFILE);
  await edit('cluster-configuration.yaml', 'password: change-me', 'password: !exec echo x >> asked; cat word');
  await writeFile(configuration('word'), 'hush\n');
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(root, { recursive: true, force: true });
});

describe('a secret that a command gives', () => {
  it('is not asked for by commands that only look at what is declared, nor for work on files', async () => {
    for (const words of [['list'], ['graph'], ['plan', 'apart'], ['run', 'file']]) {
      expect(await pai(root, ...words)).toMatchObject({ exitCode: 0 });
    }
    expect(asked()).toBe(0);
  });

  it('is asked for once a run, also by one that finds nothing to do', async () => {
    expect((await pai(root, 'run', 'login')).exitCode).toBe(0);
    expect(asked()).toBe(1);
    expect((await pai(root, 'run', 'login')).stdout).toContain('nothing to do');
    expect(asked()).toBe(2);
  });

  it('is asked for before anything is changed, even where it is needed only later', async () => {
    rmSync(configuration('word'));
    const said = await pai(root, 'run', 'apart');
    expect(said.exitCode).toBe(2);
    expect(said.stderr).toMatch(/a secret of the configuration can't be had/);
    expect(said.stderr).toMatch(/cluster-configuration.yaml:8:\d+: password: .* exited with 1, and said: cat: word: /);
    expect(existsSync(path.join(root, 'out'))).toBe(false);
  });

  it.each([['run'], ['plan'], ['why'], ['diff'], ['clean']])('that can not be had ends %s with 2', async (command) => {
    rmSync(configuration('word'));
    expect(await pai(root, command, 'login')).toMatchObject({ exitCode: 2 });
    expect(existsSync(path.join(root, 'out'))).toBe(false);
  });

  it('is shown by nothing', async () => {
    await pai(root, 'run', 'login');
    for (const words of [
      ['plan', '--json'],
      ['list', '--json'],
      ['show', '--json'],
      ['logs', 'login'],
    ]) {
      const { stdout, stderr } = await pai(root, ...words);
      expect(stdout + stderr).not.toContain('hush');
    }
  });
});

describe('a snapshot of a run with nothing to do', () => {
  it('is not taken for one of a configuration whose references give something else', async () => {
    vi.stubEnv('PAI_TEST_DATA', '/data');
    await edit('services-configuration.yaml', 'data-path: /datastorage', 'data-path: !env PAI_TEST_DATA');
    expect((await pai(root, 'run', 'file')).exitCode).toBe(0);
    await sleep(30);
    for (const _ of [1, 2]) expect((await pai(root, 'run', 'file')).stdout).toMatch(/^nothing to do/);
    vi.stubEnv('PAI_TEST_DATA', '/other');
    expect((await pai(root, 'plan', 'file')).stdout).toContain('stale');
    expect((await pai(root, 'run', 'file')).stdout).toContain('1 ran');

    await edit('services-configuration.yaml', '!env PAI_TEST_DATA', '!exec cat data');
    await writeFile(configuration('data'), '/other\n');
    expect((await pai(root, 'run', 'file')).stdout).toMatch(/^nothing to do/);
    await writeFile(configuration('data'), '/third\n');
    expect((await pai(root, 'run', 'file')).stdout).toContain('1 ran');
  });
});

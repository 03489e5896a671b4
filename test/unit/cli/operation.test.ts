import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeProject, pai, writeProjectFile } from './project.js';

/** Operations on a file `members`: one that looks, one that changes, one that refuses, and a command of one operation. */
const PAIFILE = `
import { appendFile } from 'node:fs/promises';

export default { write({ project, operations }: any) {
  const step = (name: string) => ({
    name,
    description: 'writes ' + name,
    run: async ({ log }: any) => {
      log('writing');
      if (name === 'breaks') throw new Error('it broke');
      await appendFile(project.root + '/members', name + '\\n');
    },
  });
  operations([
    { name: 'etcd status', summary: 'looks', report: async ({ words, options }: any) => ({ text: 'words: ' + words.join(' ') + '\\n', json: { words, ...options }, exitCode: 1 }) },
    {
      name: 'etcd fix',
      summary: 'changes',
      plan: async ({ words }: any) => {
        if (words.length === 0) throw new Error('say which host');
        return { notes: ['fixing ' + words[0]], question: words[0] === 'asks' ? 'Sure?' : undefined, steps: words.map((word: string) => step(word)) };
      },
    },
    { name: 'repair', summary: 'nothing to do', plan: async () => ({ notes: ['all is well'], steps: [] }) },
  ]);
} };
`;

let root: string;
beforeEach(async () => {
  root = await makeProject();
  await writeProjectFile(root, 'paifile.ts', PAIFILE);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const members = (): Promise<string> => readFile(path.join(root, 'members'), 'utf8').catch(() => '');

describe('an operation that looks', () => {
  it('prints its report, and ends with what it found', async () => {
    expect(await pai(root, 'etcd', 'status', 'a', 'b')).toEqual({ exitCode: 1, stdout: 'words: a b\n', stderr: '' });
  });

  it('tells machines in JSON', async () => {
    const { stdout } = await pai(root, 'etcd', 'status', '--json', '-f', 'snapshot.db');
    expect(JSON.parse(stdout)).toEqual({ words: [], json: true, file: path.join(root, 'snapshot.db') });
  });
});

describe('an operation that changes something', () => {
  it('does its steps in order, told and recorded as those of a run', async () => {
    const { exitCode, stdout, stderr } = await pai(root, 'etcd', 'fix', 'one', 'two');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: 'fixing one\n' });
    expect(stdout).toMatch(/^2 to run, 0 fresh\nrun {3}one {2}\(writes one\)\ndone {2}one .*\nrun {3}two /);
    expect(await members()).toBe('one\ntwo\n');
    expect((await pai(root, 'history')).stdout).toMatch(/ 2 ran +pai etcd fix one two\n/);
    expect((await pai(root, 'logs', 'two')).stdout).toContain('writing');
  });

  it('stops where a step fails, and names the line that does it again', async () => {
    const { exitCode, stdout } = await pai(root, 'etcd', 'fix', 'one', 'breaks', 'two');
    expect(exitCode).toBe(1);
    expect(stdout).toContain('skip  two  (breaks failed)');
    expect(stdout).toContain('it broke');
    expect(stdout).toContain('pai etcd fix one breaks two');
    expect(await members()).toBe('one\n');
  });

  it('asks first when it has a question, and without an answer changes nothing', async () => {
    const refused = await pai(root, 'etcd', 'fix', 'asks');
    expect(refused).toMatchObject({ exitCode: 2, stdout: '' });
    expect(refused.stderr).toContain('etcd fix: Sure?');
    expect(await members()).toBe('');
    expect((await pai(root, 'etcd', 'fix', 'asks', '--yes')).exitCode).toBe(0);
    expect(await members()).toBe('asks\n');
  });

  it('refuses before anything is done', async () => {
    const refused = await pai(root, 'etcd', 'fix');
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
    expect(refused.stderr).toContain('say which host');
    expect((await pai(root, 'history')).stdout).toContain('no runs yet');
  });

  it('says so when there is nothing to do', async () => {
    const { exitCode, stdout, stderr } = await pai(root, 'repair');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: 'all is well\n' });
    expect(stdout).toMatch(/^nothing to do in [\d.]+s\n$/);
    expect((await pai(root, 'history')).stdout).toContain('no runs yet');
  });
});

describe('an operation that is not there', () => {
  it('is told with those that are', async () => {
    const { exitCode, stderr } = await pai(root, 'etcd', 'statsu');
    expect(exitCode).toBe(2);
    expect(stderr).toContain("pai etcd has no 'statsu'; did you mean status?");
    expect(stderr).toContain('There are: status, fix.');
  });

  it('is told with how to declare it, when the paifile has none of the command', async () => {
    const { exitCode, stderr } = await pai(root, 'pki', 'status');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('the paifile declares no operation of pai pki');
  });

  it('is an error of the paifile when it is declared twice, or has a name that nobody can type', async () => {
    const twice = PAIFILE.replace("name: 'etcd fix'", "name: 'etcd status'").replace("'repair'", "'Re pair it'");
    await writeProjectFile(root, 'paifile.ts', twice);
    const { exitCode, stderr } = await pai(root, 'etcd', 'status');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('operation etcd status is declared twice');
    expect(stderr).toContain("'Re pair it' can't be the name of an operation");
  });
});

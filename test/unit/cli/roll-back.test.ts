import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeProject, pai, writeProjectFile } from './project.js';

/** Two services whose state is a line of a file, `new` one that was never applied before, and a host. */
const PAIFILE = `
import { appendFile } from 'node:fs/promises';

export default { write({ project, target, group }: any) {
  const action = (previous?: any) => ({
    pools: [],
    observe: async () => ({ kind: 'known', present: true }),
    desired: async () => ({ parts: [], apply: async (context: any) => context.stamp() }),
    clean: async () => {},
    ...(previous && { previous }),
  });
  const service = (name: string) => target('service:' + name, action(async ({ target }: any) =>
    name === 'new' ? undefined : {
      what: 'revision 1, of run r1',
      changes: ['changes Deployment default/' + name],
      restore: async ({ log }: any) => {
        if (name === 'breaks') throw new Error('it broke');
        log(target + ' is back');
        await appendFile(project.root + '/restored', target + '\\n');
      },
    }), { description: 'a service' });
  group('services', 'services', ['one', 'two', 'new'].map(service));
  service('breaks');
  target('host:h1', action(), { description: 'a host' });
} };
`;

let root: string;
beforeEach(async () => {
  root = await makeProject();
  await writeProjectFile(root, 'paifile.ts', PAIFILE);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const restored = (): Promise<string> => readFile(path.join(root, 'restored'), 'utf8').catch(() => '');

describe('pai run --rollback', () => {
  it('says what it goes back to and what that changes, and does it', async () => {
    const { exitCode, stdout, stderr } = await pai(root, 'run', 'service:one', '--rollback');
    expect(stderr).toBe(
      [
        'service:one: back to revision 1, of run r1',
        '  changes Deployment default/one',
        'templates and configuration stay as they are: the next `pai run` applies them again',
        '',
      ].join('\n'),
    );
    expect(exitCode).toBe(0);
    expect(stdout).toContain('done  rollback:service:one');
    expect(await restored()).toBe('service:one\n');
    expect((await pai(root, 'history')).stdout).toContain('pai run service:one --rollback');
  });

  it('takes all of a group that can go back, and names those that can not', async () => {
    const { exitCode, stderr } = await pai(root, 'run', 'services', '--rollback');
    expect(exitCode).toBe(0);
    expect(stderr).toContain('service:new: nothing is kept of what was applied before\n');
    expect(await restored()).toBe('service:one\nservice:two\n');
  });

  it('only shows with --dry-run', async () => {
    const { exitCode, stdout } = await pai(root, 'run', 'service:one', '--rollback', '--dry-run');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('  changes Deployment default/one\n');
    expect(await restored()).toBe('');
  });

  it('fails with what the target fails with, and names the line that does it again', async () => {
    const { exitCode, stdout } = await pai(root, 'run', 'service:breaks', '--rollback');
    expect(exitCode).toBe(1);
    expect(stdout).toContain('it broke');
    expect(stdout).toContain('pai run service:breaks --rollback');
  });

  it.each([
    ['of what has nothing to go back to', ['service:new'], 'there is nothing to go back to'],
    ['of what is not in Kubernetes', ['service:one', 'host:h1'], "host:h1 can't be rolled back"],
    ['of nothing', [], 'say what to roll back'],
    ['of a name that there is not', ['service:on'], 'service:one'],
    ['with another way to run', ['service:one', '--force'], '--rollback and --force do not go together'],
    ['with exclusions', ['services', '--exclude', 'service:one'], '--rollback and --exclude do not go together'],
  ])('%s is refused, and nothing is changed', async (_, words, problem) => {
    const { exitCode, stderr } = await pai(root, 'run', ...words, '--rollback');
    expect(exitCode).toBe(2);
    expect(stderr).toContain(problem);
    expect(await restored()).toBe('');
  });
});

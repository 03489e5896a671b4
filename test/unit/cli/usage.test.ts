import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { filesOf, makeProject, pai } from './project.js';

let root: string;
beforeAll(async () => {
  root = await makeProject();
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe('a command line that can not be read', () => {
  it.each<[string[], string]>([
    [['rnu'], "unknown command 'rnu'; did you mean run?"],
    [['frobnicate'], "unknown command 'frobnicate'"],
    [['run', 'pki', '--forse'], "unknown option '--forse'; did you mean --force?"],
    [['plan', '--jobs', '3'], "unknown option '--jobs'"],
    [['--jsno'], "unknown option '--jsno'"],
    [['clean'], "missing required argument 'targets'"],
    [['why'], "missing required argument 'targets'"],
    [
      ['run', 'pki', '--output', 'xml'],
      "option '--output <format>' argument 'xml' is invalid. Allowed choices are tty, plain, grouped, github, json.",
    ],
    [['run', 'pki', '--jobs', '0'], "option '--jobs <n>' argument '0' is invalid. It must be a whole number from 1."],
    [
      ['run', 'pki', '--jobs', 'many'],
      "option '--jobs <n>' argument 'many' is invalid. It must be a whole number from 1.",
    ],
    [['run', 'pki', '--host-keys', 'ignore'], "option '--host-keys <policy>' argument 'ignore' is invalid."],
    [['plan', '--undefined', 'lenient'], "option '--undefined <behavior>' argument 'lenient' is invalid."],
    [['run', 'pki', '-p'], "option '-p, --path <folder>' argument missing"],
  ])('%j ends with 2, says what is meant, and writes nothing', async (argv, message) => {
    const before = await filesOf(root);
    const { exitCode, stdout, stderr } = await pai(root, ...argv);
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`error USAGE: ${message}`);
    expect(stderr).toMatch(/\n {2}next: Run `pai .*--help`/);
    expect(stdout).toBe('');
    expect(await filesOf(root)).toEqual(before);
  });

  it.each([
    ['--json', ['run', '--json', '--frce']],
    ['--output json', ['run', '--output', 'json', '--frce']],
    ['--output=json', ['run', '--output=json', '--frce']],
  ])('is told to machines as one line with %s', async (_, argv) => {
    const { exitCode, stdout, stderr } = await pai(root, ...argv);
    expect(exitCode).toBe(2);
    expect(stdout.split('\n')).toHaveLength(2);
    expect(JSON.parse(stdout)).toEqual({
      type: 'error',
      code: 'USAGE',
      message: "unknown option '--frce'; did you mean --force?",
      next: 'Run `pai run --help` to see what there is.',
    });
    expect(stderr).toContain('error USAGE');
  });
});

describe('names that are not there', () => {
  it.each(['run', 'plan', 'why', 'clean', 'list', 'graph'])(
    'pai %s tells the nearest, and ends with 2',
    async (command) => {
      const { exitCode, stdout, stderr } = await pai(root, command, 'worker:h11', 'wrkers');
      expect(exitCode).toBe(2);
      expect(stdout).toBe('');
      expect(stderr).toContain('error UNKNOWN_NAME: there is no target or group worker:h11; did you mean worker:h1');
      expect(stderr).toContain('there is no target or group wrkers; did you mean workers');
      expect(await filesOf(root)).not.toContainEqual(expect.stringMatching(/^(out|\.cache\/runs)/));
    },
  );

  it('are told to machines too', async () => {
    const { exitCode, stdout } = await pai(root, 'plan', '--json', 'wrkers');
    expect(exitCode).toBe(2);
    expect(JSON.parse(stdout)).toMatchObject({ type: 'error', code: 'UNKNOWN_NAME' });
  });

  it('pai run without targets names the groups', async () => {
    const { exitCode, stderr } = await pai(root, 'run');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('error USAGE: say what to run');
    expect(stderr).toContain('groups: workers');
  });
});

describe('a project that can not be opened', () => {
  it('is none at all', async () => {
    const empty = await mkdtemp(path.join(tmpdir(), 'pai-empty-'));
    const { exitCode, stderr } = await pai(empty, 'list');
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`error USAGE: there is no paifile.ts in ${empty} or above it`);
    await rm(empty, { recursive: true });
  });

  it('has no configuration where it is said to be', async () => {
    const asking = await makeProject('export default {\n  write({ cluster }: any) {},\n};\n');
    expect(await pai(asking, 'list')).toMatchObject({ exitCode: 0 });
    const { exitCode, stderr } = await pai(asking, 'list', '-p', 'elsewhere');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('error CONFIG_MISSING');
    expect(stderr).toContain(path.join(asking, 'elsewhere'));
    await rm(asking, { recursive: true });
  });

  it('needs no configuration while its paifile does not ask for the cluster', async () => {
    const local = await makeProject();
    await rm(path.join(local, 'cluster-configuration'), { recursive: true });
    await rm(path.join(local, 'service-list.yaml'));
    expect(await pai(local, 'run', 'workers')).toMatchObject({ exitCode: 0, stderr: '' });
    await rm(local, { recursive: true });
  });

  it('has a paifile with an error, told at its place', async () => {
    const broken = await makeProject('export default {\n  write() {\n');
    const { exitCode, stderr } = await pai(broken, 'list');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('error PAIFILE_INVALID: ');
    expect(stderr).toContain('  at paifile.ts:3:1');
    await rm(broken, { recursive: true });
  });

  it('has needs that go round', async () => {
    const paifile = `
      import { outFile } from './tasks/out-file.js';
      export default {
        write({ project, each }: any) {
          const needs = ({ next }: any, own: any) => [own.named(next)];
          each('x', [{ name: 'a', next: 'b' }, { name: 'b', next: 'a' }], () => outFile(project.root, ''), { needs });
        },
      };`;
    const round = await makeProject(paifile);
    const { exitCode, stderr } = await pai(round, 'list');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('error CYCLE');
    expect(stderr).toContain('x:a -> x:b -> x:a');
    await rm(round, { recursive: true });
  });
});

describe('help and version', () => {
  it('go to standard output and end with 0', async () => {
    const help = await pai(root, '--help');
    expect(help).toMatchObject({ exitCode: 0, stderr: '' });
    for (const command of ['run', 'clean', 'plan', 'why', 'list', 'graph'])
      expect(help.stdout).toMatch(new RegExp(`\\n  ${command} `));
    expect(await pai(root, '--version')).toEqual({ exitCode: 0, stdout: '0.1.0\n', stderr: '' });
  });

  it.each(['run', 'clean', 'plan', 'why', 'list', 'graph'])('of pai %s has examples', async (command) => {
    const { exitCode, stdout } = await pai(root, command, '--help');
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`Usage: pai ${command} `);
    expect(stdout).toContain(`Examples:\n  pai ${command}`);
  });

  it('are shown, with 2, when no command is given', async () => {
    const { exitCode, stdout, stderr } = await pai(root);
    expect(exitCode).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toContain('Usage: pai ');
  });

  it('need no project', async () => {
    expect((await pai('/', 'run', '--help')).exitCode).toBe(0);
  });
});

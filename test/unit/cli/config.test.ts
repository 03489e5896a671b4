import { rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { loadAll } from 'js-yaml';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { filesOf, makeProject, pai } from './project.js';

let root: string;

beforeEach(async () => {
  root = await makeProject();
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

async function edit(from: string, to: string): Promise<void> {
  const file = path.join(root, 'cluster-configuration/cluster-configuration.yaml');
  const text = await readFile(file, 'utf8');
  if (!text.includes(from)) throw new Error(`"${from}" is not there`);
  await writeFile(file, text.replace(from, to));
}

describe('pai config validate', () => {
  it('tells of what the configuration is, and changes nothing', async () => {
    const before = await filesOf(root);
    expect(await pai(root, 'config', 'validate')).toEqual({
      exitCode: 0,
      stdout: 'the configuration of pai-example is valid: 1 master, 1 worker, 6 images, 2 services\n',
      stderr: '',
    });
    expect(await filesOf(root)).toEqual(before);
  });

  it('tells all problems with 2, for machines with their places', async () => {
    await edit('k8s-role: worker', 'k8s-role: wroker');
    const said = await pai(root, 'config', 'validate');
    expect(said).toMatchObject({ exitCode: 2, stdout: '' });
    expect(said.stderr).toMatch(/cluster-configuration.yaml:\d+:\d+: k8s-role must be .* did you mean worker\?/);
    const json = await pai(root, 'config', 'validate', '--json');
    expect(json.exitCode).toBe(2);
    expect(JSON.parse(json.stdout)).toMatchObject({
      valid: false,
      problems: [{ file: expect.stringMatching(/yaml$/), line: expect.any(Number), column: 15 }],
      warnings: [],
    });
  });

  it('asks for secrets as well', async () => {
    await edit('password: change-me', 'password: !env PAI_TEST_NOT_SET');
    const said = await pai(root, 'config', 'validate');
    expect(said.exitCode).toBe(2);
    expect(said.stderr).toContain('the environment variable PAI_TEST_NOT_SET is not set');
    const json = await pai(root, 'config', 'validate', '--json');
    expect(json.exitCode).toBe(2);
    expect(JSON.parse(json.stdout)).toMatchObject({
      valid: false,
      problems: [],
      secrets: [expect.stringContaining('PAI_TEST_NOT_SET')],
    });
  });

  it('warns of what may not be meant so', async () => {
    await edit('  sshport: 22\n', '  ssh_port: 22\n');
    const said = await pai(root, 'config', 'validate');
    expect(said.exitCode).toBe(0);
    expect(said.stderr).toMatch(/^warning: .*ssh_port is taken for sshport/);
  });
});

describe('pai config show', () => {
  it('writes YAML that can be read, without secrets', async () => {
    const said = await pai(root, 'config', 'show');
    expect(said).toMatchObject({ exitCode: 0, stderr: '' });
    expect(said.stdout).not.toContain('change-me');
    expect(loadAll(said.stdout)).toHaveLength(5);
    const json = await pai(root, 'config', 'show', '--resolved', '--json');
    expect(JSON.parse(json.stdout)).toMatchObject({
      'cluster-configuration.yaml': { 'machine-list': [{ password: '(secret)', username: 'pai' }, {}] },
    });
  });

  it('shows a configuration with mistakes as it is written, but not what it comes to', async () => {
    await edit('k8s-role: worker', 'k8s-role: wroker');
    expect((await pai(root, 'config', 'show')).stdout).toContain('k8s-role: wroker');
    expect(await pai(root, 'config', 'show', '--resolved')).toMatchObject({ exitCode: 2, stdout: '' });
    await edit('machine-list:', 'machine-list: [');
    expect(await pai(root, 'config', 'show')).toMatchObject({ exitCode: 2, stdout: '' });
  });
});

describe('pai config explain', () => {
  it('tells what a field is and where it is set', async () => {
    const said = await pai(root, 'config', 'explain', 'machine-list.hostname');
    expect(said).toMatchObject({ exitCode: 0, stderr: '' });
    expect(said.stdout).toContain('machine-list[].hostname  (cluster-configuration.yaml)\n');
    expect(said.stdout).toMatch(/ {2}here {5}master1 {2}\(.*cluster-configuration.yaml:\d+:5\)\n/);
    const json = await pai(root, 'config', 'explain', 'password', '--json');
    expect(JSON.parse(json.stdout)).toHaveLength(3);
    expect(json.stdout).not.toContain('change-me');
  });

  it('of an unknown field tells the nearest, with 2', async () => {
    const said = await pai(root, 'config', 'explain', 'hostnam');
    expect(said.exitCode).toBe(2);
    expect(said.stderr).toContain('did you mean hostname?');
  });

  it('needs no configuration', async () => {
    rmSync(path.join(root, 'cluster-configuration'), { recursive: true });
    const said = await pai(root, 'config', 'explain', 'sshport');
    expect(said.exitCode).toBe(0);
    expect(said.stdout).not.toMatch(/^ {2}here /m);
  });
});

describe('pai config', () => {
  it.each([
    [['config'], 'something'],
    [['config', 'validat'], 'did you mean validate?'],
    [['config', 'explain'], 'something is missing'],
    [['config', 'show', 'more'], "'more' is too much"],
  ])('%j is a mistake', async (words, what) => {
    const said = await pai(root, ...words);
    expect(said.exitCode).toBe(2);
    if (words.length > 1) expect(said.stderr).toContain(what);
  });
});

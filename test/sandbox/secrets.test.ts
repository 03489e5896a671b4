import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectEnd } from '../whole/project.js';
import { SandboxProject } from './sandbox.js';

/** What is asked for by each command of the configuration. */
const WORDS = { login: 'login-word', registry: 'registry-word' };

let project: SandboxProject;
const inConfiguration = (name: string) => path.join(project.configuration, name);

/** Takes the plain text of a secret out of a file, and puts a command in its place that notes that it was asked. */
async function moveOut(file: string, field: string, name: string): Promise<void> {
  const text = await readFile(inConfiguration(file), 'utf8');
  const [, secret = ''] = new RegExp(`${field}: (.*)`).exec(text) ?? [];
  await writeFile(inConfiguration(name), `${secret}\n`, { mode: 0o600 });
  await project.edit(file, (before) =>
    before.replace(`${field}: ${secret}`, `${field}: !exec echo ${name} >> asked; cat ${name}`),
  );
}

async function asked(): Promise<readonly string[]> {
  const text = await readFile(inConfiguration('asked'), 'utf8').catch(() => '');
  await writeFile(inConfiguration('asked'), '');
  return text.split('\n').filter(Boolean).toSorted();
}

describe('secrets that commands give, on the sandbox', () => {
  beforeAll(async () => {
    project = await SandboxProject.create({ masters: 1, workers: 1, proxy: false });
    await moveOut('cluster-configuration.yaml', 'password', WORDS.login);
    await moveOut('services-configuration.yaml', 'docker-password', WORDS.registry);
  });
  afterAll(() => project.remove());

  it('bring a cluster up, each asked for once', async () => {
    const result = await project.pai('run', 'services');
    expectEnd(result, { failed: 0, skipped: 0 });
    expect(result.code).toBe(0);
    expect(await asked()).toEqual([WORDS.login, WORDS.registry]);
  });

  it('are asked for once by a run with nothing to do, and not by a list', async () => {
    expectEnd(await project.pai('run', 'services'), { ran: 0, failed: 0 });
    expect(await asked()).toEqual([WORDS.login, WORDS.registry]);
    await project.says('list', '--sandbox');
    expect(await asked()).toEqual([]);
  });

  it('are in nothing that is kept of runs', async () => {
    const secrets = await Promise.all(Object.values(WORDS).map((name) => readFile(inConfiguration(name), 'utf8')));
    const cache = path.join(project.clone, '.cache/sandbox/cache');
    const files = await readdir(cache, { recursive: true, withFileTypes: true });
    const texts = await Promise.all(
      files.filter((file) => file.isFile()).map((file) => readFile(path.join(file.parentPath, file.name), 'latin1')),
    );
    expect(texts.length).toBeGreaterThan(3);
    for (const secret of secrets) for (const text of texts) expect(text.includes(secret.trim())).toBe(false);
  });

  it('that changed make stale what has them, and only that', async () => {
    await project.edit('services-configuration.yaml', (text) => `${text}restserver: { jwt-secret: !file jwt }\n`);
    await writeFile(inConfiguration('jwt'), 'one\n', { mode: 0o600 });
    await project.edit('templates/services/cluster-configuration/cluster-configuration.yaml.template', (text) =>
      [
        text.trimEnd(),
        '---',
        'apiVersion: v1',
        'kind: Secret',
        'metadata: { name: jwt, namespace: default }',
        "stringData: { jwt: {{ clusterinfo['restserver']['jwt-secret'] | tojson }} }",
        '',
      ].join('\n'),
    );
    expect((await project.pai('run', 'services')).ran).toEqual(['service:cluster-configuration']);
    expectEnd(await project.pai('run', 'services'), { ran: 0, failed: 0 });
    await writeFile(inConfiguration('jwt'), 'two\n');
    const { stdout } = await project.says('why', 'service:cluster-configuration', '--sandbox');
    expect(stdout).toMatch(/Secret default\/jwt/);
    expect(stdout).not.toMatch(/\btwo\b|dHdv/);
    expect((await project.pai('run', 'services')).ran).toEqual(['service:cluster-configuration']);
  });

  it('that can not be had end a run with 2 before anything is done', async () => {
    const restore = await project.edit('services-configuration.yaml', (text) =>
      text.replace('!file jwt', '!file gone'),
    );
    const result = await project.pai('run', 'services');
    expect(result.code).toBe(2);
    expect(result.end).toMatchObject({ type: 'error', code: 'SECRET' });
    expect(result.text).toContain('there is no file gone');
    expect(result.ran).toEqual([]);
    await restore();
    expectEnd(await project.pai('run', 'services'), { ran: 0, failed: 0 });
  });
});

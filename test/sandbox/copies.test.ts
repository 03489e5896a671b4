import { cp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SandboxProject } from './sandbox.js';

let project: SandboxProject;
const SERVICES = 'services-configuration.yaml';
const file = (name: string) => path.join(project.configuration, name);
const cache = () => path.join(project.clone, '.cache/sandbox/cache/configuration-revisions.json');

/** What `pai config ...` says; exit code too. */
async function config(...words: string[]): Promise<{ readonly code: number; readonly text: string }> {
  return project.says('config', ...words, '--sandbox').then(
    ({ stdout, stderr }) => ({ code: 0, text: stdout + stderr }),
    (error: { readonly code: number; readonly stdout: string; readonly stderr: string }) => ({
      code: error.code,
      text: error.stdout + error.stderr,
    }),
  );
}

const port = async (number: number): Promise<void> => {
  await project.edit(SERVICES, (text) => text.replace(/port: \d+/, `port: ${number}`));
};

/** Does something as somebody else, whose .cache knows nothing of what was pushed here. */
async function asAnother(work: () => Promise<void>): Promise<void> {
  const [known, services] = await Promise.all([readFile(cache(), 'utf8'), readFile(file(SERVICES), 'utf8')]);
  await work();
  await writeFile(cache(), known);
  await writeFile(file(SERVICES), services);
}

describe('copies of the configuration in the cluster, on the sandbox', () => {
  beforeAll(async () => {
    project = await SandboxProject.create({ masters: 1, workers: 1, proxy: false });
  });
  afterAll(() => project.remove());

  it('need a cluster', async () => {
    const { code, text } = await config('push');
    expect(code).toBe(1);
    expect(text).toContain('pai run pki');
    expect((await project.pai('run', 'masters')).code).toBe(0);
    expect(await config('pull')).toMatchObject({ code: 2, text: expect.stringContaining('pai config push') });
    expect(await config('history')).toMatchObject({ code: 0, text: 'the cluster has no copy of the configuration\n' });
  });

  it('are pushed once, and listed', async () => {
    expect(await config('push')).toMatchObject({
      code: 0,
      text: expect.stringMatching(/^pushed as revision 1 \(\w+@/),
    });
    expect((await config('push')).text).toMatch(/^nothing to push: it is revision 1 /);
    await port(81);
    expect((await config('push')).text).toMatch(/^pushed as revision 2 /);
    const lines = (await config('history')).text.trimEnd().split('\n');
    expect(lines).toEqual([expect.stringMatching(/^2 {2}2\d{3}-.*Z {2}\w+@/), expect.stringMatching(/^1 /)]);
    expect(JSON.parse((await config('history', '--json')).text)).toHaveLength(2);
  });

  it('are compared with what is here, without secrets', async () => {
    expect((await config('diff')).text).toMatch(/^the same as revision 2 /);
    const secret = /docker-password: (.*)/.exec(await readFile(file(SERVICES), 'utf8'))?.[1] ?? '';
    const restore = await project.edit(SERVICES, (text) =>
      text.replace(secret, 'another-word').replace('port: 81', 'port: 82'),
    );
    const { code, text } = await config('diff');
    expect(code).toBe(0);
    expect(text).toContain(`--- ${SERVICES}  revision 2`);
    expect(text).toMatch(/^-.*port: '81'\n\+.*port: '82'$/m);
    expect(text).toContain('docker-password (docker-registry-info) is another secret');
    expect(text).not.toContain('another-word');
    expect(text).not.toContain(secret);
    expect((await config('diff', '1')).text).toMatch(/^-.*port: '80'\n\+.*port: '82'$/m);
    await restore();
  });

  it('that are newer than what was seen here are not pushed over', async () => {
    await asAnother(async () => {
      await port(90);
      expect((await config('push')).text).toMatch(/^pushed as revision 3 /);
    });
    await port(91);
    const refused = await config('push');
    expect(refused.code).toBe(2);
    expect(refused.text).toMatch(/the cluster has revision 3 by .*, which was not pulled here; nothing was pushed/);
    expect((await config('history')).text.split('\n')[0]).toMatch(/^3 /);
  });

  it('do not overwrite what was never pushed', async () => {
    const before = await readFile(file(SERVICES), 'utf8');
    const refused = await config('pull');
    expect(refused).toMatchObject({ code: 2, text: expect.stringContaining('has changes that were never pushed') });
    expect(await readFile(file(SERVICES), 'utf8')).toBe(before);
    expect((await config('pull', '--force')).text).toMatch(/^pulled revision 3 /);
    expect(await readFile(file(SERVICES), 'utf8')).toContain('port: 90');
    expect((await stat(file(SERVICES))).mode & 0o777).toBe(0o600);
  });

  it('may be taken back, and pushed over when that is meant', async () => {
    expect((await config('pull', '1')).text).toMatch(/^pulled revision 1 /);
    expect(await readFile(file(SERVICES), 'utf8')).toContain('port: 80');
    expect(await config('push')).toMatchObject({ code: 2 });
    await rm(cache());
    expect(await config('push')).toMatchObject({ code: 2 });
    await cp(file(SERVICES), file('kept'));
    expect((await config('push', '--force')).text).toMatch(/^pushed as revision 4 /);
    expect(await readFile(file(SERVICES), 'utf8')).toBe(await readFile(file('kept'), 'utf8'));
    expect(await config('pull', '9')).toMatchObject({
      code: 2,
      text: expect.stringContaining('there is no revision 9'),
    });
  });
});

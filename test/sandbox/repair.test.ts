import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { load } from 'js-yaml';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { expectEnd, expectFailure } from '../whole/project.js';
import { SandboxProject } from './sandbox.js';

// A run on six simulated hosts takes seconds, and on a busy machine many.
vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

/** What is unhealthy is found and repaired, and nothing else is touched. */
let project: SandboxProject;

beforeAll(async () => {
  project = await SandboxProject.create({ masters: 3, workers: 2, proxy: true });
  expectEnd(await project.pai('run', 'services'), { failed: 0, skipped: 0 });
});
afterAll(() => project.remove());
beforeEach(() => async () => project.sandbox('lift').then(() => undefined));

describe('pai repair', () => {
  it('finds nothing where all is well', async () => {
    const result = await project.pai('repair');
    expect(result.code, result.text).toBe(0);
    expect(result.text).toContain('nothing is unhealthy on 6 hosts');
    expect(result.ran).toEqual([]);
  });

  it('repairs a kubelet that is dead and a file that was edited, and leaves a change to a run', async () => {
    await project.sandbox('fault', 'worker2', 'kubelet-dead');
    const manifest = '$ROOT/etc/kubernetes/manifests/kube-scheduler.yaml';
    await project.onHost('master3', `echo '# mine' >> ${manifest}`);
    const restore = await project.edit(
      'templates/kubernetes/haproxy/haproxy.cfg.template',
      (text) => `${text}\n# new\n`,
    );
    try {
      const result = await project.pai('repair');
      expectEnd(result, { failed: 0, skipped: 0 });
      expect([...result.ran].sort(), result.text).toEqual(['master:master3', 'worker:worker2']);
      expect(result.text).toMatch(/worker:worker2: the kubelet container is not running \(repaired\)/);
      expect(result.text).toMatch(/proxy:proxy1: has changes to be made: pai run proxy:proxy1 \(not changed\)/);
    } finally {
      await restore();
    }
    expectEnd(await project.pai('run', 'services'), { ran: 0, failed: 0, skipped: 0 });
  });

  it('looks at the hosts that are named or listed, and at no others', async () => {
    await project.sandbox('fault', 'worker1', 'kubelet-dead');
    expect((await project.pai('repair', 'worker2')).text).toContain('nothing is unhealthy on 1 host');
    const list = path.join(project.clone, 'list.yaml');
    const text = await readFile(path.join(project.configuration, 'cluster-configuration.yaml'), 'utf8');
    const cluster = load(text) as { readonly 'machine-list': readonly { readonly hostname: string }[] };
    const listed = cluster['machine-list'].filter(({ hostname }) => hostname === 'worker1');
    await writeFile(list, JSON.stringify({ 'machine-list': listed }));
    const result = await project.pai('repair', '-f', list);
    expect(result.ran, result.text).toEqual(['worker:worker1']);
  });

  it('leaves a broken member of etcd alone and says which command is next', async () => {
    await project.sandbox('fault', 'master2', 'etcd-dead');
    const result = await project.pai('repair');
    const failure = expectFailure(result, 'etcd-member:master2', 'REFUSED', /member of etcd on master2 is broken/);
    expect(failure.next).toContain('pai etcd fix master2');
    expect(result.text).toMatch(/master:master2: .* \(waits for etcd\)/);
    expect(result.ran).toEqual([]);
  });

  it('tells a host that is out of reach', async () => {
    await project.sandbox('fault', 'worker1', 'down');
    const result = await project.pai('repair');
    expectFailure(result, 'host:worker1', 'HOST_UNREACHABLE', /worker1/);
    expect(result.ran).toEqual([]);
  });

  it('refuses a name that is no host, with exit code 2', async () => {
    const result = await project.pai('repair', 'worker9');
    expect(result.code).toBe(2);
    expect(result.text).toMatch(/there is no host 'worker9'; did you mean worker/);
  });
});

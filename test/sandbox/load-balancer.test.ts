import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { expectEnd } from '../whole/project.js';
import { SandboxProject } from './sandbox.js';

vi.setConfig({ testTimeout: 400_000, hookTimeout: 400_000 });

const BALANCER = '10.77.9.9';
let project: SandboxProject;

/** Three masters and a worker whose API is reached at an address that is no machine of the configuration. */
beforeAll(async () => {
  project = await SandboxProject.create({ masters: 3, workers: 1, proxy: true });
  const notProxy = (machine: Record<string, string>): boolean => machine.hostname !== 'proxy1';
  await project.edit('cluster-configuration.yaml', (text) => {
    const cluster = load(text) as { readonly 'machine-list': readonly Record<string, string>[] };
    return JSON.stringify({ ...cluster, 'machine-list': cluster['machine-list'].filter(notProxy) });
  });
  await project.edit('kubernetes-configuration.yaml', (text) => text.replaceAll('10.77.1.1', BALANCER));
  const description = path.join(project.clone, '.cache/sandbox/sandbox.json');
  const sandbox = JSON.parse(await readFile(description, 'utf8'));
  await writeFile(description, JSON.stringify({ ...sandbox, apiAddress: BALANCER }));
});
afterAll(() => project.remove());

describe('behind a load balancer that is not pai’s', () => {
  it('a cluster comes up without a proxy, and its nodes ask the balancer', async () => {
    const result = await project.pai('run', 'services');
    expectEnd(result, { failed: 0, skipped: 0 });
    expect(result.ran.filter((target) => target.startsWith('proxy:'))).toEqual([]);
    const kubeconfig = await project.onHost('worker1', 'cat $ROOT/etc/kubernetes/kubelet.conf');
    expect(kubeconfig).toContain(`server: https://${BALANCER}:6443`);
  });

  it('a run goes on while one of the masters is down', async () => {
    await project.sandbox('fault', 'worker1', 'kubelet-dead');
    await project.sandbox('fault', 'master1', 'down');
    const result = await project.pai('run', 'services');
    expect(result.ran).toEqual(['worker:worker1']);
    expect(Object.keys(result.failures)).toEqual(['host:master1']);
  });
});

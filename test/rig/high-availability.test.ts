import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectEnd } from '../whole/project.js';
import { onHost, RigProject, rig } from './rig.js';

/**
 * Three masters behind a proxy, and a worker, on real hosts. Tests go in order; each starts where the last one left the
 * cluster. Needs `npm run rig:up`.
 */
const HOSTS = ['h5', 'h6', 'h7', 'h8', 'h9'];
const call = promisify(execFile);
let project: RigProject;

beforeAll(async () => {
  await rig('up.sh', '--fresh', ...HOSTS);
  project = await RigProject.create('h5,h6,h7', 'h8', 'h9');
});
afterAll(async () => {
  await project.remove();
  await rig('down.sh', ...HOSTS);
});

describe('three masters behind a proxy', () => {
  it('come up from bare hosts, members of etcd together, and then there is nothing to do', async () => {
    const result = await project.pai('run', 'services');
    expectEnd(result, { failed: 0, skipped: 0 });
    expect(result.ran.indexOf('proxy:h9')).toBeLessThan(result.ran.indexOf('master:h5'));
    expectEnd(await project.pai('run', 'services'), { ran: 0, failed: 0, skipped: 0 });
    // Every machine is a node, the proxy too.
    expect((await kubectl('get nodes -o name')).split('\n').filter((line) => line !== '')).toHaveLength(HOSTS.length);
  });

  it('get requests through the proxy, all of them', async () => {
    expect((await etcdctl('h6', 'member list')).match(/started/g)).toHaveLength(3);
    for (let request = 0; request < 9; request++) await kubectl('get --raw /api/v1/namespaces/default/endpoints');
    for (const host of ['h5', 'h6', 'h7']) {
      const asked = await onHost(host, 'grep pai-administrator /var/log/kubernetes/audit.log | grep -c endpoints');
      expect(Number(asked), host).toBeGreaterThan(0);
    }
  });

  it('serve on while the host of the first master is down, and pai finds all well once it is back', async () => {
    await call('docker', ['stop', '--time', '1', 'pairig-h5']);
    try {
      // Three failed checks, 3 s apart, and then for good.
      await eventually(async () => {
        for (let request = 0; request < 6; request++) await kubectl('get --raw /readyz');
      });
      await kubectl('create configmap written-meanwhile');
    } finally {
      await call('docker', ['start', 'pairig-h5']);
    }
    await eventually(async () => {
      expectEnd(await project.pai('run', 'services'), { ran: 0, failed: 0, skipped: 0 });
    });
    expect(await kubectl('get configmap written-meanwhile -o name')).toContain('configmap/written-meanwhile');
  });

  it('are taken down again, the proxy after them', async () => {
    const result = await project.pai('clean', 'kubernetes');
    expectEnd(result, { failed: 0, skipped: 0 });
    expect(result.ran.indexOf('master:h5')).toBeLessThan(result.ran.indexOf('proxy:h9'));
    for (const host of HOSTS)
      expect(await onHost(host, 'docker ps -aq; ls -A /etc/kubernetes 2>/dev/null'), host).toBe('');
  });
});

/** With the operator's own kubectl. Rejects when it fails. */
async function kubectl(words: string): Promise<string> {
  const folder = path.join(homedir(), '.kube', 'pai-pai-rig');
  const line = [`--kubeconfig=${path.join(folder, 'config')}`, '--request-timeout=5s', ...words.split(' ')];
  return (await call(path.join(folder, 'kubectl'), line)).stdout;
}

async function etcdctl(host: string, words: string): Promise<string> {
  const pki = '/etc/kubernetes/pki';
  const files = `--cacert=${pki}/etcd-ca.crt --cert=${pki}/etcd-client.crt --key=${pki}/etcd-client.key`;
  return onHost(host, `docker exec $(docker ps -qf name=^/k8s_etcd_) etcdctl ${files} ${words}`);
}

/** Tries for two minutes. */
async function eventually(work: () => Promise<void>): Promise<void> {
  const end = Date.now() + 120_000;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (Date.now() > end) throw error;
      await setTimeout(1000);
    }
  }
}

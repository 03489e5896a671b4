import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectEnd } from '../whole/project.js';
import { eventually, RigCluster, shape } from './cluster.js';
import { hostAddress, onHost } from './rig.js';

const call = promisify(execFile);
const hosts = shape(1, 1, 1);
const [master = '', worker = ''] = [...hosts.masters, ...hosts.workers];

/**
 * One master and one worker from bare hosts without any Docker: containerd runs the pods and keeps kubelet. Needs
 * `npm run rig:up`.
 */
describe('one master and one worker with containerd', () => {
  let cluster: RigCluster;

  beforeAll(async () => {
    cluster = await RigCluster.create(hosts);
    await cluster.project.edit('kubernetes-configuration.yaml', (text) =>
      text.replace('"storage-backend"', '"container-runtime": "containerd",\n    "storage-backend"'),
    );
  });
  afterAll(() => cluster.remove());

  it('come up from bare hosts to running services, and then there is nothing to do', async () => {
    expectEnd(await cluster.project.pai('run', 'services'), { failed: 0, skipped: 0 });
    const runtimes = await cluster.kubectl(
      'get nodes --output=jsonpath={range.items[*]}{.status.nodeInfo.containerRuntimeVersion}{"\\n"}{end}',
    );
    expect(runtimes).toMatch(/^(?:containerd:\/\/\S+\n){2}$/);
    for (const host of cluster.hosts) expect(await onHost(host, 'command -v docker; echo none'), host).toBe('none\n');
    expectEnd(await cluster.project.pai('run', 'services'), { ran: 0, failed: 0, skipped: 0 });
  });

  it('have kubelet started again when it is killed, and after a reboot', async () => {
    const killed = await kubelet();
    await onHost(worker, 'ctr -n k8s.io tasks kill -s SIGKILL kubelet');
    await eventually(async () => expect(await kubelet()).not.toBe(killed), 300);
    await call('docker', ['restart', '--time', '1', `pairig-${worker}`]);
    await eventually(kubelet, 300);
    await eventually(async () => {
      const path = 'jsonpath={.status.conditions[-1:].status}';
      expect(await cluster.kubectl(`get node ${hostAddress(worker)} --output=${path}`)).toBe('True');
      expectEnd(await cluster.project.pai('run', 'services'), { ran: 0, failed: 0, skipped: 0 });
    }, 300);
  });

  it('lose a worker that is cleaned, which keeps no process and no mount', async () => {
    expectEnd(await cluster.project.pai('clean', `worker:${worker}`), { failed: 0, skipped: 0 });
    expect(await onHost(worker, 'pidof kubelet kube-proxy pause nginx; echo none')).toBe('none\n');
    expect(await onHost(worker, 'ctr -n k8s.io containers ls -q; echo none')).toBe('none\n');
    const mounts = `awk '$2 ~ "/k8s.io/|/var/lib/kubelet/|/cni-|/shm$" && $2 != "/dev/shm" {print $2}' /proc/mounts; echo none`;
    expect(await onHost(worker, mounts)).toBe('none\n');
    expect(await onHost(master, 'ctr -n k8s.io tasks ls')).toMatch(/^kubelet +\d+ +RUNNING/m);
  });
});

/** The process of kubelet on the worker; rejects when containerd has none that runs. */
async function kubelet(): Promise<string> {
  const tasks = await onHost(worker, 'ctr -n k8s.io tasks ls');
  const [, process = ''] = /^kubelet +(\d+) +RUNNING/m.exec(tasks) ?? [];
  expect(process, tasks).not.toBe('');
  return process;
}

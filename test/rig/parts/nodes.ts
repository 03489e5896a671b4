import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectEnd, type Result } from '../../whole/project.js';
import { eventually, type RigCluster } from '../cluster.js';
import { hostAddress, hostName, onHost, rig } from '../rig.js';

const call = promisify(execFile);

/** Hosts that are in no cluster yet: one that comes and goes as a worker, one for a master. */
const further = hostName(10);
const another = hostName(11);

/** Deployment and budget: a pod that may not go. */
const HELD = ['Deployment', 'PodDisruptionBudget'];

/** Growing and shrinking the cluster. */
export function tellNodes(cluster: () => RigCluster): void {
  describe('machines come and go', () => {
    beforeAll(async () => {
      await rig('up.sh', '--fresh', further);
    });
    afterAll(async () => {
      await rig('down.sh', further, another);
    });

    const file = () => path.join(cluster().project.configuration, 'cluster-configuration.yaml');
    const list = () => path.join(cluster().project.configuration, 'machines.yaml');
    const nodes = async (...words: string[]): Promise<Result> => cluster().project.pai('nodes', ...words);
    const machine = async (role: 'master' | 'worker', name = further): Promise<string> => {
      const address = hostAddress(name);
      const own = role === 'master' ? 'etcdid: etcdid9' : 'pai-worker: true';
      const fields = [`hostname: ${name}`, `hostip: ${address}`, 'machine-type: RIG', `k8s-role: ${role}`, own];
      await writeFile(list(), `machine-list:\n  - ${fields.join('\n    ')}\n`);
      return address;
    };

    it('a worker is added, and nothing else is touched', async () => {
      const before = await readFile(file(), 'utf8');
      const address = await machine('worker');
      const added = await nodes('add', '-f', list());
      expectEnd(added, { ran: 2, failed: 0, skipped: 0 });
      expect([...added.ran].sort()).toEqual([`host:${further}`, `worker:${further}`]);
      const after = JSON.parse(await readFile(file(), 'utf8'));
      expect(after['machine-list'].slice(0, -1)).toEqual(JSON.parse(before)['machine-list']);
      expect(after['machine-list'].at(-1)).toMatchObject({ hostname: further, hostip: address });
      expectEnd(await nodes('add', '-f', list()), { ran: 0, failed: 0 });
      expect(await cluster().kubectl(`get node ${address} -o name`)).toContain(address);
    });

    it('a worker with pods that may not go is not removed in time, and then by force', async () => {
      const address = await machine('worker');
      await holdPods(cluster(), address);
      const refused = await nodes('remove', further, '--timeout', '5');
      expect(refused.code, refused.text).toBe(1);
      expect(refused.failures[`drain:${further}`], refused.text).toMatchObject({ code: 'TIMEOUT' });
      expect(refused.text).toContain('disruption budget');
      expect(await readFile(file(), 'utf8')).toContain(`"${further}"`);
      expectEnd(await nodes('remove', '-f', list(), '--timeout', '5', '--force'), { failed: 0, skipped: 0 });
      expect(await readFile(file(), 'utf8')).not.toContain(`"${further}"`);
      expect(await onHost(further, 'docker ps -aq; ls -A /etc/kubernetes 2>/dev/null')).toBe('');
      expect(await cluster().kubectl('get nodes -o name')).not.toContain(address);
      for (const kind of HELD) await cluster().kubectl(`delete ${kind} held --wait=false`);
      expectEnd(await cluster().project.pai('run', 'workers'), { ran: 0, failed: 0 });
    });

    it('a node that only the cluster has is told by plan, and goes with prune; a dead host is removed', async () => {
      const address = await machine('worker');
      const before = await readFile(file(), 'utf8');
      expectEnd(await nodes('add', '-f', list()), { failed: 0, skipped: 0 });
      const after = await readFile(file(), 'utf8');
      await writeFile(file(), before);
      const { clone, place } = cluster().project;
      // Until pods of DaemonSets are ready on the new node, too.
      await eventually(async () => {
        const planned = await call('node', ['bin/pai.js', 'plan', '--json', ...place], { cwd: clone });
        const { targets, ...rest } = JSON.parse(planned.stdout);
        const open = targets.filter(({ state }: { readonly state: string }) => state !== 'fresh');
        expect({ open, ...rest }).toMatchObject({ open: [], stale: 0, orphans: [address] });
      });
      await call('docker', ['stop', '--time', '1', `pairig-${further}`]);
      try {
        await eventually(async () => {
          expect(await cluster().kubectl(`get node ${address}`)).toContain('NotReady');
        });
        await writeFile(file(), after);
        const removed = await nodes('remove', further);
        expectEnd(removed, { failed: 0, skipped: 0 });
        expect(removed.text).toMatch(/can't be reached .* so it is not cleaned/);
        expect(await cluster().kubectl('get nodes -o name')).not.toContain(address);
        expect(await readFile(file(), 'utf8')).toBe(before);
      } finally {
        await call('docker', ['start', `pairig-${further}`]);
      }
      // Its kubelet registers again, so there is an orphan.
      await eventually(async () => {
        expect(await cluster().kubectl('get nodes -o name')).toContain(address);
      });
      expect((await cluster().project.pai('prune')).code).toBe(2);
      expectEnd(await cluster().project.pai('prune', '--yes'), { failed: 0, skipped: 0 });
      expect(await cluster().kubectl('get nodes -o name')).not.toContain(address);
    });

    it('a master is added and removed again, with its member of etcd', async () => {
      const [first = ''] = cluster().masters;
      await rig('up.sh', '--fresh', another);
      await machine('master', another);
      expectEnd(await nodes('add', '-f', list()), { failed: 0, skipped: 0 });
      const members = async () => (await cluster().etcdctl(first, 'member list')).match(/started/g) ?? [];
      expect(await members()).toHaveLength(4);
      expectEnd(await cluster().project.pai('run', 'kubernetes'), { ran: 0, failed: 0 });
      expectEnd(await nodes('remove', another), { failed: 0, skipped: 0 });
      expect(await members()).toHaveLength(3);
      expect(await onHost(another, 'docker ps -aq; ls -A /etc/kubernetes 2>/dev/null')).toBe('');
      expectEnd(await cluster().project.pai('run', 'kubernetes'), { ran: 0, failed: 0 });
      // Services may be told of machines.
      expectEnd(await cluster().project.pai('run', 'services'), { failed: 0, skipped: 0 });
    });
  });
}

/** Runs pods on a node that none may be taken from, and waits until they run. */
async function holdPods(cluster: RigCluster, address: string): Promise<void> {
  const labels = { matchLabels: { app: 'held' } };
  const image = (
    await cluster.kubectl(
      'get daemonset kube-proxy -n kube-system -o jsonpath={.spec.template.spec.containers[0].image}',
    )
  ).trim();
  const objects = [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'held' },
      spec: {
        replicas: 1,
        selector: labels,
        template: {
          metadata: { labels: labels.matchLabels },
          spec: {
            nodeSelector: { 'kubernetes.io/hostname': address },
            hostNetwork: true,
            terminationGracePeriodSeconds: 1,
            containers: [{ name: 'main', image, command: ['sleep', '3600'] }],
          },
        },
      },
    },
    {
      apiVersion: 'policy/v1beta1',
      kind: 'PodDisruptionBudget',
      metadata: { name: 'held' },
      spec: { minAvailable: 1, selector: labels },
    },
  ];
  const manifest = path.join(cluster.project.configuration, 'held.json');
  await writeFile(manifest, JSON.stringify({ apiVersion: 'v1', kind: 'List', items: objects }));
  await cluster.kubectl(`apply -f ${manifest}`);
  await eventually(async () => {
    expect(await cluster.kubectl('get pods -l app=held')).toContain('Running');
  });
}

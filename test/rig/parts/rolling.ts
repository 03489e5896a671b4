import { describe, expect, it } from 'vitest';
import { expectEnd } from '../../whole/project.js';
import { whileAsking } from '../asking.js';
import { eventually, type RigCluster } from '../cluster.js';
import { onHost } from '../rig.js';

const TEMPLATE = 'templates/kubernetes/kubelet/kubelet.yaml.template';

/** Lines that targets said, in order, as `target: line`. */
function said(text: string): string[] {
  const events = text.split('\n').filter((line) => line.startsWith('{"type":"target-log"'));
  return events.map((line) => JSON.parse(line)).map(({ target, line }) => `${target}: ${line}`);
}

/** Ids of the kubelets of hosts: a kubelet that was made anew has another one. */
async function kubelets(hosts: readonly string[]): Promise<Record<string, string>> {
  const ids = hosts.map(async (host) => [host, await onHost(host, 'docker inspect -f {{.Id}} kubelet')] as const);
  return Object.fromEntries(await Promise.all(ids));
}

/** Masters that are down, changes in order, and repair: three masters behind a proxy, and a worker. */
export function tellRolling(cluster: () => RigCluster): void {
  describe('rolling', () => {
    it.each([0, 2])('a run goes on while the host of master %i is down, and says so', async (index) => {
      const { project, masters } = cluster();
      const master = masters[index] ?? '';
      expectEnd(await project.pai('clean', 'service:cluster-configuration'), { failed: 0 });
      await cluster().whileDown(master, async () => {
        // haproxy notices after three failed checks, 3 s apart.
        await eventually(async () => {
          for (let request = 0; request < 6; request++) await cluster().kubectl('get --raw /readyz');
        }, 300);
        const result = await project.pai('run', 'services');
        expect(result.code).toBe(1);
        expect(Object.keys(result.failures), result.text.slice(-4000)).toEqual([`host:${master}`]);
        expect(result.ran).toEqual(['service:cluster-configuration']);
      });
      await eventually(async () => {
        expectEnd(await project.pai('run', 'services'), { ran: 0, failed: 0, skipped: 0 });
      }, 300);
    });

    it('a changed flag of kubelet rolls masters one at a time, then the worker, and the API answers all the time', async () => {
      const { project, masters, workers } = cluster();
      await project.edit(TEMPLATE, (text) => `${text.trimEnd()}\nmaxPods: 99\n`);
      let ran: readonly string[] = [];
      let lines: readonly string[] = [];
      const { asked, failed } = await whileAsking(cluster(), async () => {
        const result = await project.pai('run', 'workers');
        expectEnd(result, { failed: 0, skipped: 0 });
        ran = result.ran;
        lines = said(result.text);
      });
      expect(failed).toEqual([]);
      expect(asked).toBeGreaterThan(5);
      const worker = `worker:${workers[0]}`;
      const etcd = masters.map((host) => `etcd:${host}`);
      expect(ran.filter((name) => etcd.includes(name) || name === worker)).toEqual([...etcd, worker]);
      // Of each: its pods leave, kubelet starts, and it takes pods again; before the next one's pods leave.
      const steps = lines.flatMap((line) => {
        const [target = ''] = line.split(': ');
        if (![...etcd, worker].includes(target)) return [];
        if (line.includes('takes no new pods')) return [`${target} out`];
        if (line.includes('starting kubelet')) return [`${target} new`];
        return line.includes('takes pods again') ? [`${target} in`] : [];
      });
      expect(steps).toEqual([...etcd, worker].flatMap((name) => [`${name} out`, `${name} new`, `${name} in`]));
      const pods = await cluster().kubectl('get nodes -o jsonpath={.items[*].status.capacity.pods}');
      expect(pods.split(' ')).toEqual(cluster().hosts.map(() => '99'));
    });

    it('repair finds a kubelet and a manifest that are gone, repairs these and touches nothing else', async () => {
      const { project, masters, workers, hosts } = cluster();
      const [, master = ''] = masters;
      const [worker = ''] = workers;
      const before = await kubelets(hosts);
      await onHost(worker, 'docker rm -f kubelet');
      await onHost(master, 'rm /etc/kubernetes/manifests/kube-scheduler.yaml');
      const result = await project.pai('repair');
      expectEnd(result, { failed: 0, skipped: 0 });
      expect([...result.ran].sort(), result.text).toEqual([`master:${master}`, `worker:${worker}`]);
      const after = await kubelets(hosts);
      expect(Object.keys(after).filter((host) => after[host] !== before[host])).toEqual([worker]);
      expectEnd(await project.pai('run', 'services'), { ran: 0, failed: 0, skipped: 0 });
      expect((await project.pai('repair')).text).toContain(`nothing is unhealthy on ${hosts.length} hosts`);
    });
  });
}

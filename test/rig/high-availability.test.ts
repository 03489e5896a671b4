import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectEnd } from '../whole/project.js';
import { eventually, RigCluster, shape } from './cluster.js';
import { onHost } from './rig.js';

/**
 * Three masters behind a proxy, and a worker, on real hosts. Tests go in order; each starts where the last one left the
 * cluster. Needs `npm run rig:up`.
 */
const hosts = shape(5, 3, 1, 1);
let cluster: RigCluster;

beforeAll(async () => {
  cluster = await RigCluster.create(hosts);
});
afterAll(() => cluster.remove());

describe('three masters behind a proxy', () => {
  it('come up from bare hosts, members of etcd together, and then there is nothing to do', async () => {
    const { project } = cluster;
    const result = await project.pai('run', 'services');
    expectEnd(result, { failed: 0, skipped: 0 });
    expect(result.ran.indexOf(`proxy:${hosts.proxies[0]}`)).toBeLessThan(
      result.ran.indexOf(`master:${hosts.masters[0]}`),
    );
    expectEnd(await project.pai('run', 'services'), { ran: 0, failed: 0, skipped: 0 });
    // Every machine is a node, the proxy too.
    const nodes = (await cluster.kubectl('get nodes -o name')).split('\n').filter((line) => line !== '');
    expect(nodes).toHaveLength(cluster.hosts.length);
  });

  it('get requests through the proxy, all of them', async () => {
    expect((await cluster.etcdctl(hosts.masters[1] ?? '', 'member list')).match(/started/g)).toHaveLength(3);
    for (let request = 0; request < 9; request++)
      await cluster.kubectl('get --raw /api/v1/namespaces/default/endpoints');
    for (const host of hosts.masters) {
      const asked = await onHost(host, 'grep pai-administrator /var/log/kubernetes/audit.log | grep -c endpoints');
      expect(Number(asked), host).toBeGreaterThan(0);
    }
  });

  it('serve on while the host of the first master is down, and pai finds all well once it is back', async () => {
    await cluster.whileDown(hosts.masters[0] ?? '', async () => {
      // Three failed checks, 3 s apart, and then for good.
      await eventually(async () => {
        for (let request = 0; request < 6; request++) await cluster.kubectl('get --raw /readyz');
      });
      await cluster.kubectl('create configmap written-meanwhile');
    });
    await eventually(async () => {
      expectEnd(await cluster.project.pai('run', 'services'), { ran: 0, failed: 0, skipped: 0 });
    });
    expect(await cluster.kubectl('get configmap written-meanwhile -o name')).toContain('configmap/written-meanwhile');
  });

  it('are taken down again, the proxy after them', async () => {
    const result = await cluster.project.pai('clean', 'kubernetes');
    expectEnd(result, { failed: 0, skipped: 0 });
    expect(result.ran.indexOf(`master:${hosts.masters[0]}`)).toBeLessThan(
      result.ran.indexOf(`proxy:${hosts.proxies[0]}`),
    );
    for (const host of cluster.hosts)
      expect(await onHost(host, 'docker ps -aq; ls -A /etc/kubernetes 2>/dev/null'), host).toBe('');
  });
});

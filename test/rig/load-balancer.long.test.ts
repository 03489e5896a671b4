import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectEnd } from '../whole/project.js';
import { eventually, RigCluster, shape } from './cluster.js';
import { hostAddress, hostName, onHost, rig } from './rig.js';

/**
 * The way to the API is a load balancer that is not pai's: Debian's haproxy on a machine of its own, of which pai knows the address and nothing else.
 * Three masters and a worker. Tests go in order. Needs `npm run rig:up`.
 */
const hosts = shape(5, 3, 1);
const balancer = hostName(12);
let cluster: RigCluster;

beforeAll(async () => {
  await rig('up.sh', '--fresh', balancer);
  await balance(balancer, hosts.masters);
  cluster = await RigCluster.create(hosts);
  await cluster.project.edit('kubernetes-configuration.yaml', (text) => {
    const { kubernetes } = load(text) as { readonly kubernetes: object };
    return JSON.stringify({ kubernetes: { ...kubernetes, 'load-balance-ip': hostAddress(balancer) } });
  });
});
afterAll(async () => {
  await cluster?.remove();
  await rig('down.sh', balancer);
});

/** What an operator does by hand: a balancer at TCP level, which looks whether a master's port is open. */
async function balance(host: string, masters: readonly string[]): Promise<void> {
  const configuration = `defaults
  mode tcp
  retries 2
  option redispatch 1
  timeout connect 2s
  timeout client 1h
  timeout server 1h
listen kubernetes
  bind :6443
  balance roundrobin
  default-server check inter 2s fall 2 on-marked-down shutdown-sessions
${masters.map((name) => `  server ${name} ${hostAddress(name)}:6443`).join('\n')}
`;
  const install = `apt-get update -qq && apt-get install -y -qq --no-install-recommends haproxy`;
  const write = `cat > /etc/haproxy/haproxy.cfg << 'HAPROXY'\n${configuration}HAPROXY`;
  await onHost(
    host,
    `export DEBIAN_FRONTEND=noninteractive; (${install}) > /dev/null 2>&1; ${write}\nservice haproxy restart`,
  );
  expect(await onHost(host, 'haproxy -c -f /etc/haproxy/haproxy.cfg > /dev/null && pidof haproxy')).toMatch(/\d/);
}

describe('three masters behind a load balancer that is not pai’s', () => {
  const pai = (...words: string[]) => cluster.project.pai(...words);

  it('come up from bare hosts without a proxy, and everybody asks the balancer', async () => {
    const result = await pai('run', 'services');
    expectEnd(result, { failed: 0, skipped: 0 });
    expect(result.ran.filter((target) => target.startsWith('proxy:'))).toEqual([]);
    expectEnd(await pai('run', 'services'), { ran: 0, failed: 0, skipped: 0 });
    const server = `server: https://${hostAddress(balancer)}:6443`;
    for (const host of cluster.hosts) {
      expect(await onHost(host, 'cat /etc/kubernetes/kubelet.conf'), host).toContain(server);
    }
    expect(await cluster.kubectl('config view')).toContain(server);
    expect(await cluster.kubectl('get nodes -o name')).not.toContain(hostAddress(balancer));
    for (let request = 0; request < 9; request++) {
      await cluster.kubectl('get --raw /api/v1/namespaces/default/endpoints');
    }
    for (const host of hosts.masters) {
      const asked = await onHost(host, 'grep pai-administrator /var/log/kubernetes/audit.log | grep -c endpoints');
      expect(Number(asked), host).toBeGreaterThan(0);
    }
  });

  it.each([0, 2])('while the host of master %i is down, the API, pods and runs go on', async (index) => {
    const lost = hosts.masters[index] ?? '';
    const [worker = ''] = hosts.workers;
    const pods = () => onHost(worker, "docker ps -q --no-trunc --filter 'name=^/k8s_kube-proxy_'");
    const before = await pods();
    expect(before).toMatch(/^[0-9a-f]{64}\n$/);
    expectEnd(await pai('clean', 'service:cluster-configuration'), { failed: 0 });
    await cluster.whileDown(lost, async () => {
      // The balancer looks each 2 s and believes the second time.
      await eventually(async () => {
        for (let request = 0; request < 6; request++) await cluster.kubectl('get --raw /readyz');
      }, 60);
      await cluster.kubectl(`create configmap without-${lost}`);
      const result = await pai('run', 'services');
      expect(result.code).toBe(1);
      expect(Object.keys(result.failures), result.text.slice(-4000)).toEqual([`host:${lost}`]);
      expect(result.ran).toEqual(['service:cluster-configuration']);
      // The service of pylon runs on the first master, and is asked while that is there.
      if (index !== 0) expect((await fetch(`http://${hostAddress(hosts.masters[0] ?? '')}/`)).status).toBe(200);
      expect(await pods()).toBe(before);
      const ready = await cluster.kubectl(
        `get node ${hostAddress(worker)} -o jsonpath={.status.conditions[-1:].status}`,
      );
      expect(ready).toBe('True');
    });
    await eventually(async () => {
      expectEnd(await pai('run', 'services'), { ran: 0, failed: 0, skipped: 0 });
    }, 300);
    expect(await cluster.kubectl(`get configmap without-${lost} -o name`)).toContain(lost);
  });

  it('are taken down, and the balancer is left alone', async () => {
    expectEnd(await pai('clean', 'kubernetes'), { failed: 0, skipped: 0 });
    for (const host of cluster.hosts)
      expect(await onHost(host, 'docker ps -aq; ls -A /etc/kubernetes 2>/dev/null'), host).toBe('');
    expect(await onHost(balancer, 'pidof haproxy')).toMatch(/\d/);
  });
});

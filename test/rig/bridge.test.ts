import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectEnd } from '../whole/project.js';
import { eventually, RigCluster, shape } from './cluster.js';
import { hostAddress, onHost, rig } from './rig.js';

/**
 * `network: bridge` on a master and a worker: pods with addresses of their own. Tests go in order. Needs `npm run rig:up`.
 * Without Go there is no image of CoreDNS, and what is about names is left out.
 */
const hosts = shape(5, 1, 1);
const [master = ''] = hosts.masters;
const [worker = ''] = hosts.workers;
const described = JSON.parse(await rig('describe.sh')) as {
  readonly network: { readonly podCidr: string; readonly serviceCidr: string };
  readonly registry: { readonly plain: string };
  readonly images: { readonly prefix: string; readonly tags: Readonly<Record<string, string>> };
};
const { network, images, registry } = described;
const coredns = images.tags.coredns;
const dns = network.serviceCidr.replace(/\.0\/.*/, '.10');
let cluster: RigCluster;

beforeAll(async () => {
  cluster = await RigCluster.create(hosts);
  await cluster.project.edit('kubernetes-configuration.yaml', (text) => {
    const { kubernetes } = load(text) as { readonly kubernetes: object };
    const bridge = { network: 'bridge', 'pod-cidr': network.podCidr };
    const names = coredns === undefined ? {} : { 'cluster-dns': dns, 'coredns-version': coredns };
    return JSON.stringify({ kubernetes: { ...kubernetes, ...bridge, ...names } });
  });
});
afterAll(() => cluster.remove());

/** A web server on a host; its page is its name. */
async function webServer(name: string, host: string): Promise<void> {
  const words = `run ${name} --image=${images.prefix}/busybox:${images.tags.busybox} --labels=app=web --restart=Never`;
  const spec = { nodeName: hostAddress(host), terminationGracePeriodSeconds: 0 };
  const command = `mkdir -p /www && echo ${name} > /www/index.html && exec busybox httpd -f -v -p 8080 -h /www`;
  const overrides = `--overrides=${JSON.stringify({ apiVersion: 'v1', spec })}`;
  await cluster.kubectl([...words.split(' '), overrides, '--command', '--', 'sh', '-c', command]);
}

async function addressOf(pod: string): Promise<string> {
  return eventually(async () => {
    const told = await cluster.kubectl(`get pod ${pod} -o jsonpath={.status.phase}:{.status.podIP}`);
    const [phase, address = ''] = told.split(':');
    if (phase !== 'Running' || address === '') throw new Error(`${pod}: ${told}`);
    return address;
  }, 300);
}

/** What a pod gets from an address. */
async function page(pod: string, at: string): Promise<string> {
  return cluster.kubectl(`exec ${pod} -- busybox wget -q -T 5 -O - http://${at}/`);
}

/** From pods of both hosts: the other's pod, the service, names. */
async function expectReachable(): Promise<void> {
  const [a, b] = [await addressOf('on-master'), await addressOf('on-worker')];
  const service = await cluster.kubectl('get service web -o jsonpath={.spec.clusterIP}');
  for (const pod of ['on-master', 'on-worker']) {
    await eventually(async () => {
      expect(await page(pod, `${a}:8080`), `${pod} to the master's pod`).toBe('on-master\n');
      expect(await page(pod, `${b}:8080`), `${pod} to the worker's pod`).toBe('on-worker\n');
    });
    // As often as not to a pod of its own host, and of the other.
    await eventually(async () => {
      const seen = new Set<string>();
      for (let request = 0; request < 12; request++) seen.add(await page(pod, `${service}:80`));
      expect([...seen].sort(), `${pod} to the service`).toEqual(['on-master\n', 'on-worker\n']);
    });
  }
}

describe('pods with addresses of their own', () => {
  it('have a network once a master and a worker came up from bare hosts, and then there is nothing to do', async () => {
    const { project } = cluster;
    expectEnd(await project.pai('run', 'kubernetes'), { failed: 0, skipped: 0 });
    expectEnd(await project.pai('run', 'kubernetes'), { ran: 0, failed: 0, skipped: 0 });
    const ranges = await cluster.kubectl('get nodes -o jsonpath={.items[*].spec.podCIDR}');
    expect(new Set(ranges.split(' ')).size).toBe(2);
  });

  it('reach each other across hosts, and services', async () => {
    await webServer('on-master', master);
    await webServer('on-worker', worker);
    await cluster.kubectl('create service clusterip web --tcp=80:8080');
    await cluster.kubectl('set selector service web app=web');
    await expectReachable();
  });

  it('are seen by others as who they are, and outside as their host', async () => {
    const address = await addressOf('on-worker');
    // The registry has no way back to an address of a pod.
    expect(await cluster.kubectl(`exec on-worker -- busybox wget -q -T 5 -O - http://${registry.plain}/v2/`)).toBe(
      '{}',
    );
    const rules = await onHost(worker, 'docker exec kubelet iptables -t nat -S PAI-MASQUERADE');
    expect(rules).toContain(`-A PAI-MASQUERADE -s ${network.podCidr} ! -d ${network.podCidr} -j MASQUERADE`);
    await page('on-worker', `${await addressOf('on-master')}:8080`);
    expect(await cluster.kubectl('logs on-master')).toContain(`${address}]`);
  });

  it.skipIf(coredns === undefined)('find services and the world by name', async () => {
    const service = await cluster.kubectl('get service web -o jsonpath={.spec.clusterIP}');
    for (const pod of ['on-master', 'on-worker']) {
      expect(await cluster.kubectl(`exec ${pod} -- cat /etc/resolv.conf`)).toContain(`nameserver ${dns}`);
      const name = 'web.default.svc.cluster.local';
      await eventually(async () => {
        expect(await cluster.kubectl(`exec ${pod} -- busybox nslookup -type=a ${name} ${dns}`), pod).toContain(service);
      });
    }
  });

  it('keep their network when the worker is restarted, and then there is nothing to do', async () => {
    await cluster.whileDown(worker, async () => undefined);
    // kubelet makes them anew: with another address.
    await eventually(async () => {
      expect(await cluster.kubectl(`get node ${hostAddress(worker)}`)).toContain(' Ready');
    }, 300);
    await cluster.kubectl('delete pod on-worker --ignore-not-found --wait=true --timeout=60s');
    await webServer('on-worker', worker);
    await expectReachable();
    await eventually(async () => {
      expectEnd(await cluster.project.pai('run', 'kubernetes'), { ran: 0, failed: 0, skipped: 0 });
    });
  });

  it('leave nothing behind when the cluster is taken down', async () => {
    expectEnd(await cluster.project.pai('clean', 'kubernetes'), { failed: 0, skipped: 0 });
    for (const host of cluster.hosts) {
      expect(
        await onHost(
          host,
          'ip -o link show cni0 2>/dev/null; ip route show proto 89; ls -A /etc/cni/net.d /var/lib/cni 2>/dev/null | grep -v :; iptables-save | grep -E "PAI-|CNI-"',
        ),
        host,
      ).toBe('');
    }
  });
});

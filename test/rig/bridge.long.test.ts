import { execFile } from 'node:child_process';
import { get } from 'node:https';
import path from 'node:path';
import { promisify } from 'node:util';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectEnd, root } from '../whole/project.js';
import { eventually, RigCluster, shape } from './cluster.js';
import { hostAddress, onHost, rig } from './rig.js';

const call = promisify(execFile);

/**
 * `network: bridge` on a master and a worker: pods with addresses of their own. Tests go in order. Needs `npm run rig:up`.
 * Without Go there is no image of CoreDNS, and what is about names is left out: `PAI_RIG_COREDNS=1` has the rig build one. Of the dashboard there is no image
 * at all: a stand-in, named so, takes its place, so that its objects are applied and roll out; its login is not tested.
 */
const hosts = shape(5, 1, 1);
const [master = ''] = hosts.masters;
const [worker = ''] = hosts.workers;
const described = JSON.parse(await rig('describe.sh')) as {
  readonly network: { readonly podCidr: string; readonly serviceCidr: string };
  readonly registry: { readonly plain: string; readonly push: string; readonly namespace: string };
  readonly images: { readonly prefix: string; readonly tags: Readonly<Record<string, string>> };
};
const { network, images, registry } = described;
const coredns = images.tags.coredns;
const dns = network.serviceCidr.replace(/\.0\/.*/, '.10');
const standIn = 'v2.0.0-stand-in';
let cluster: RigCluster;

beforeAll(async () => {
  const image = `${registry.push}/${registry.namespace}/dashboard:${standIn}`;
  const folder = path.join(root, 'test/rig/images/dashboard-stand-in');
  const build = [
    'build',
    '-q',
    '-t',
    image,
    '--build-arg',
    `BASE=${images.prefix}/debian:${images.tags.debian}`,
    folder,
  ];
  await call('docker', build, { env: { ...process.env, DOCKER_BUILDKIT: '0' } });
  await call('docker', ['push', '-q', image]);
  cluster = await RigCluster.create(hosts);
  await cluster.project.editMachine(master, { dashboard: 'true' });
  await cluster.project.edit('kubernetes-configuration.yaml', (text) => {
    const { kubernetes } = load(text) as { readonly kubernetes: object };
    const bridge = { network: 'bridge', 'pod-cidr': network.podCidr, 'dashboard-version': standIn };
    const names = coredns === undefined ? {} : { 'cluster-dns': dns, 'coredns-version': coredns };
    return JSON.stringify({ kubernetes: { ...kubernetes, ...bridge, ...names } });
  });
});
afterAll(() => cluster.remove());

/** A pod on a host. */
async function pod(name: string, host: string, image: string, command: string): Promise<void> {
  const spec = { nodeName: hostAddress(host), terminationGracePeriodSeconds: 0 };
  const overrides = `--overrides=${JSON.stringify({ apiVersion: 'v1', spec })}`;
  const words = ['run', name, `--image=${images.prefix}/${image}`, `--labels=app=${name.split('-')[0]}`];
  await cluster.kubectl([...words, '--restart=Never', overrides, '--command', '--', 'sh', '-c', command]);
}

/** On a host a web server, whose page is its name, and something to ask it with: busybox' own client dies of a name server. */
async function pods(where: string, host: string): Promise<void> {
  const serve = `mkdir -p /www && echo web-${where} > /www/index.html && exec busybox httpd -f -v -p 8080 -h /www`;
  await pod(`web-${where}`, host, `busybox:${images.tags.busybox}`, serve);
  await pod(`client-${where}`, host, `debian:${images.tags.debian}`, 'exec sleep infinity');
}

/** What a server answers whose certificate is its own. */
async function statusOf(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    get(url, { rejectUnauthorized: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode);
    }).on('error', reject);
  });
}

async function addressOf(pod: string): Promise<string> {
  return eventually(async () => {
    const told = await cluster.kubectl(`get pod ${pod} -o jsonpath={.status.phase}:{.status.podIP}`);
    const [phase, address = ''] = told.split(':');
    if (phase !== 'Running' || address === '') throw new Error(`${pod}: ${told}`);
    return address;
  }, 300);
}

/** What a pod gets from `HOST/PORT`: the last line of the answer. */
async function page(where: string, at: string): Promise<string> {
  const ask = `exec 3<>/dev/tcp/${at} && printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3 && tail -n 1 <&3`;
  return cluster.kubectl(['exec', `client-${where}`, '--', 'timeout', '5', 'bash', '-c', ask]);
}

/** From pods of both hosts: the other's pod, and the service. */
async function expectReachable(): Promise<void> {
  const [a, b] = [await addressOf('web-master'), await addressOf('web-worker')];
  const service = await cluster.kubectl('get service web -o jsonpath={.spec.clusterIP}');
  for (const where of ['master', 'worker']) {
    await addressOf(`client-${where}`);
    await eventually(async () => {
      expect(await page(where, `${a}/8080`), `${where} to the master's pod`).toBe('web-master\n');
      expect(await page(where, `${b}/8080`), `${where} to the worker's pod`).toBe('web-worker\n');
    });
    // As often as not a pod of its own host, else of the other.
    await eventually(async () => {
      const seen = new Set<string>();
      for (let request = 0; request < 12; request++) seen.add(await page(where, `${service}/80`));
      expect([...seen].sort(), `${where} to the service`).toEqual(['web-master\n', 'web-worker\n']);
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
    await pods('master', master);
    await pods('worker', worker);
    await cluster.kubectl('create service clusterip web --tcp=80:8080');
    await expectReachable();
  });

  it('are seen by each other as who they are, and outside as their host', async () => {
    const address = await addressOf('client-worker');
    expect(await cluster.kubectl('logs web-master')).toContain(`${address}]`);
    // The registry has no way back to a pod's address: an answer is one to the host.
    const [registryHost, port] = registry.plain.split(':');
    await page('worker', `${registryHost}/${port}`);
    const rules = await onHost(worker, 'docker exec kubelet iptables -t nat -S PAI-MASQUERADE');
    expect(rules).toContain(`-A PAI-MASQUERADE -s ${network.podCidr} ! -d ${network.podCidr} -j MASQUERADE`);
  });

  it.skipIf(coredns === undefined)('find services by name', async () => {
    for (const where of ['master', 'worker']) {
      expect(await cluster.kubectl(`exec client-${where} -- cat /etc/resolv.conf`)).toContain(`nameserver ${dns}`);
      for (const name of ['web', 'web.default.svc.cluster.local']) {
        await eventually(async () => expect(await page(where, `${name}/80`)).toMatch(/^web-/));
      }
    }
  });

  it('have a dashboard beside them, of which this is a stand-in: it comes up, and its own account may see nothing', async () => {
    const deployed = '-n kubernetes-dashboard deployment kubernetes-dashboard';
    expect(await cluster.kubectl(`get ${deployed} -o jsonpath={.status.readyReplicas}`)).toBe('1');
    expect(await statusOf(`https://${hostAddress(master)}:9090/`)).toBe(200);
    const account = 'system:serviceaccount:kubernetes-dashboard:kubernetes-dashboard';
    const may = (what: string) => cluster.kubectl(`auth can-i ${what} --as=${account}`).catch(({ stdout }) => stdout);
    expect(await may('list pods --all-namespaces')).toContain('no');
    expect(await may('list secrets -n kube-system')).toContain('no');
    expect(await may('list secrets -n kubernetes-dashboard')).toContain('no');
    expect(await may('get secret/kubernetes-dashboard-csrf -n kubernetes-dashboard')).toContain('yes');
  });

  it('keep their network when the worker is restarted, and then there is nothing to do', async () => {
    await cluster.whileDown(worker, async () => undefined);
    await cluster.kubectl('delete pod web-worker client-worker --wait=false --force --grace-period=0');
    await eventually(async () => {
      expect(await cluster.kubectl('get pods -o name')).not.toContain('worker');
      await pods('worker', worker);
    }, 300);
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

import { createReadStream, existsSync } from 'node:fs';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectEnd } from '../whole/project.js';
import { eventually, RigCluster, shape } from './cluster.js';
import { hostAddress, onHost, rig } from './rig.js';

const cache = process.env.PAI_RIG_CACHE ?? path.join(homedir(), '.cache/pai-rig');
/** The release that is told; the rig's scripts read it too. */
process.env.PAI_RIG_KUBERNETES ??= '1.37.2';
const kubernetes = process.env.PAI_RIG_KUBERNETES;
/** A containerd that Debian 12 does not have. */
const containerd = process.env.PAI_RIG_CONTAINERD ?? '2.4.2';

const packages = path.join(cache, `containerd-${containerd}`);
const lacks = [
  ...(existsSync(path.join(cache, `kubernetes-${kubernetes}/checksum`)) ? [] : [`build-release.sh ${kubernetes} ETCD`]),
  ...(existsSync(path.join(packages, 'InRelease')) ? [] : [`build-containerd.sh ${containerd}`]),
];
const skipped = lacks.length === 0 ? '' : ` (skipped: make what the cache lacks by test/rig/${lacks.join(' and ')})`;
if (skipped !== '') console.log(`a release built from source${skipped}`);

/** Values of a field of all nodes. */
async function ofNodes(cluster: RigCluster, field: string): Promise<readonly string[]> {
  const text = await cluster.kubectl(['get', 'nodes', `--output=jsonpath={.items[*].${field}}`]);
  return text.split(' ');
}

/** Everything but what changes by itself, or that containerd and the kernel keep once they have been used. */
async function stateOf(host: string): Promise<readonly string[]> {
  const others = [
    / \/run\/(containerd|xtables\.lock|runc)/,
    // What was done on the host, and how it ended, stays until pai leaves the host.
    / \/var\/lib\/pai\/(log|result)\//,
    /^(iptables|ip6tables)\S* (\*|COMMIT$|:(PREROUTING|INPUT|OUTPUT|FORWARD|POSTROUTING) )/,
    /^iptables .* 127\.0\.0\.11\/32 /,
  ];
  const lines = (await rig('snapshot-host.sh', host)).split('\n');
  return lines.filter((line) => !others.some((pattern) => pattern.test(line)));
}

const kubeletOf = (host: string): Promise<string> => onHost(host, 'pidof kubelet');

/**
 * A release of Kubernetes that `build-release.sh` made, with the etcd of its day, on hosts without Docker. Needs `npm run rig:up`, and what
 * build-release.sh and build-containerd.sh leave in the rig's cache.
 */
describe.skipIf(skipped !== '')(`Kubernetes ${kubernetes} on one master and one worker${skipped}`, () => {
  const hosts = shape(1, 1, 1);
  const [master = ''] = hosts.masters;
  const [worker = ''] = hosts.workers;
  let cluster: RigCluster;
  let folder: string;
  /** What hosts are once they have containerd, and nothing of Kubernetes. */
  const before = new Map<string, readonly string[]>();

  beforeAll(async () => {
    cluster = await RigCluster.create(hosts);
    folder = await mkdtemp(path.join(tmpdir(), 'pai-rig-release-'));
  });
  afterAll(async () => {
    await rm(folder, { recursive: true });
    await cluster.remove();
  });
  const pai = (...words: string[]) => cluster.project.pai(...words);

  it('comes up from bare hosts to a running service, and then there is nothing to do', async () => {
    expectEnd(await pai('run', 'hosts'), { ran: 2, failed: 0, skipped: 0 });
    for (const host of cluster.hosts) before.set(host, await stateOf(host));
    expectEnd(await pai('run', 'services'), { failed: 0, skipped: 0 });
    expect(await ofNodes(cluster, 'status.nodeInfo.kubeletVersion')).toEqual([`v${kubernetes}`, `v${kubernetes}`]);
    expect(JSON.parse(await cluster.kubectl('version --output=json')).serverVersion.gitVersion).toBe(`v${kubernetes}`);
    for (const runtime of await ofNodes(cluster, 'status.nodeInfo.containerRuntimeVersion')) {
      expect(runtime).toMatch(/^containerd:\/\/1\.6\./);
    }
    const page = await fetch(`http://${hostAddress(master)}/`);
    expect(page.status).toBe(200);
    expectEnd(await pai('run', 'services'), { ran: 0, failed: 0, skipped: 0 });
  });

  it('lets pods of a workload reach the API by its service address, and be read', async () => {
    const image = '172.30.0.2:5000/pai/busybox:1';
    const command = 'nc -w 5 172.30.240.1 443 < /dev/null && echo reached; sleep 3600';
    const overrides = JSON.stringify({ spec: { hostNetwork: true, terminationGracePeriodSeconds: 1 } });
    await cluster.kubectl([
      'run',
      'trial',
      `--image=${image}`,
      `--overrides=${overrides}`,
      '--restart=Never',
      '--command',
      '--',
      'sh',
      '-c',
      command,
    ]);
    await eventually(async () => expect(await cluster.kubectl('logs trial')).toBe('reached\n'));
    expect(await cluster.kubectl('exec trial -- busybox hostname')).toBe(`${worker}\n`);
    await cluster.kubectl('delete pod trial');
  });

  it('has members of etcd, certificates and settings that pai can judge', async () => {
    const status = await pai('etcd', 'status');
    expect(status.code, status.text).toBe(0);
    expect(status.end).toMatchObject({ serves: true, healthy: 1, problems: [] });
    const certificates = await pai('pki', 'status');
    expect(certificates.code, certificates.text).toBe(0);
    const security = await pai('doctor', '--security');
    expect(security.code, security.text).toBe(0);
  });

  it('is saved, and made anew of what was saved', async () => {
    const snapshot = path.join(folder, 'snapshot.db');
    await cluster.kubectl('create configmap kept --from-literal=word=before');
    expectEnd(await pai('etcd', 'backup', '-f', snapshot), { failed: 0 });
    expect((await stat(snapshot)).mode & 0o777).toBe(0o600);
    await cluster.kubectl('delete configmap kept');
    expectEnd(await pai('etcd', 'restore', '-f', snapshot, '--yes'), { failed: 0, skipped: 0 });
    expect(await cluster.kubectl('get configmap kept -o jsonpath={.data.word}')).toBe('before');
    await eventually(async () => expectEnd(await pai('run', 'services'), { ran: 0, failed: 0, skipped: 0 }), 300);
  });

  it('has its certificates renewed', async () => {
    expectEnd(await pai('pki', 'renew', '--yes'), { failed: 0, skipped: 0 });
    await eventually(async () => expectEnd(await pai('run', 'services'), { ran: 0, failed: 0, skipped: 0 }), 300);
  });

  it('has kubelet started again when it ends', async () => {
    const first = await kubeletOf(worker);
    expect(first).toMatch(/^\d+\n$/);
    await onHost(worker, 'ctr -n k8s.io tasks kill -s SIGKILL kubelet');
    await eventually(async () => {
      const next = await kubeletOf(worker);
      expect(next).toMatch(/^\d+\n$/);
      expect(next).not.toBe(first);
    });
    await eventually(async () => expectEnd(await pai('run', 'services'), { ran: 0, failed: 0, skipped: 0 }), 300);
  });

  it('leaves hosts as they were before it came', async () => {
    expectEnd(await pai('clean', 'kubernetes', '--delete-data', '--yes'), { failed: 0, skipped: 0 });
    for (const host of [master, worker]) {
      const was = new Set(before.get(host));
      const is = new Set(await stateOf(host));
      const differences = {
        more: [...is].filter((line) => !was.has(line)),
        missing: [...was].filter((line) => !is.has(line)),
      };
      expect(differences, host).toEqual({ more: [], missing: [] });
    }
  });
});

describe.skipIf(skipped !== '')(
  `Kubernetes ${kubernetes} with containerd ${containerd}, three masters and a proxy${skipped}`,
  () => {
    const hosts = shape(3, 3, 1, 1);
    let cluster: RigCluster;
    let mirror: Server;

    beforeAll(async () => {
      cluster = await RigCluster.create(hosts);
      mirror = await serve(packages);
      const { port } = mirror.address() as { readonly port: number };
      await cluster.project.edit('kubernetes-configuration.yaml', (text) => {
        const { kubernetes: settings } = JSON.parse(text);
        const source = { 'apt-line': `deb http://172.30.0.1:${port} ./`, key: path.join(packages, 'key.asc') };
        return JSON.stringify({ kubernetes: { ...settings, 'package-source': source } });
      });
    });
    afterAll(async () => {
      mirror.close();
      await cluster.remove();
    });
    const pai = (...words: string[]) => cluster.project.pai(...words);

    it('comes up with what package-source offers', async () => {
      expectEnd(await pai('run', 'services'), { failed: 0, skipped: 0 });
      for (const runtime of await ofNodes(cluster, 'status.nodeInfo.containerRuntimeVersion')) {
        expect(runtime).toBe(`containerd://${containerd}`);
      }
      expectEnd(await pai('run', 'services'), { ran: 0, failed: 0, skipped: 0 });
      const status = await pai('etcd', 'status');
      expect(status.end, status.text).toMatchObject({ serves: true, healthy: 3, mayFail: 1, problems: [] });
    });

    it('has a changed flag rolled, one master at a time, while the API answers', async () => {
      await cluster.project.edit('templates/kubernetes/kube-apiserver/kube-apiserver.yaml.template', (text) =>
        text.replace('- --audit-log-maxbackup=10\n', '- --audit-log-maxbackup=11\n'),
      );
      let isDone = false;
      const failed: string[] = [];
      const asking = (async () => {
        while (!isDone) await cluster.kubectl('get --raw /readyz').catch((error: Error) => failed.push(error.message));
      })();
      const result = await pai('run', 'workers');
      isDone = true;
      await asking;
      expectEnd(result, { failed: 0, skipped: 0 });
      const masters = cluster.masters.map((host) => `master:${host}`);
      expect(result.ran.filter((name) => name.startsWith('master:'))).toEqual(masters);
      expect(failed).toEqual([]);
      for (const host of cluster.masters) {
        expect(await onHost(host, 'tr "\\0" "\\n" < /proc/$(pidof kube-apiserver)/cmdline')).toContain(
          '--audit-log-maxbackup=11',
        );
      }
    });

    it('goes on after the host of a worker was started again', async () => {
      const [worker = ''] = cluster.workers;
      await cluster.whileDown(worker, async () => undefined);
      await eventually(async () => expectEnd(await pai('run', 'services'), { ran: 0, failed: 0, skipped: 0 }), 300);
    });

    it('passes every security check, and is taken down', async () => {
      const security = await pai('doctor', '--security');
      expect(security.code, security.text).toBe(0);
      expectEnd(await pai('clean', 'kubernetes', '--delete-data', '--yes'), { failed: 0, skipped: 0 });
      for (const host of cluster.hosts) {
        expect(await onHost(host, 'ctr -n k8s.io containers ls -q; pidof kubelet etcd pause; echo none'), host).toBe(
          'none\n',
        );
      }
    });
  },
);

/** The files of a folder over HTTP, where hosts of the rig reach this machine. */
async function serve(folder: string): Promise<Server> {
  const server = createServer((request, response) => {
    const file = path.join(folder, path.basename(request.url ?? ''));
    if (file === folder || !existsSync(file)) return response.writeHead(404).end();
    return createReadStream(file).pipe(response);
  });
  await new Promise<void>((resolve) => server.listen(0, '172.30.0.1', resolve));
  return server;
}

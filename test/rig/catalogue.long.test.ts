import { cp, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeFakeRelease } from '../unit/tasks/hadoop/fake-release.js';
import { CATALOGUE_SETTINGS, wholeCatalogue } from '../whole/catalogue.js';
import { expectEnd, root } from '../whole/project.js';
import { eventually, RigCluster, shape } from './cluster.js';
import { hostAddress, onHost } from './rig.js';

/**
 * The whole catalogue on real hosts: a master and a worker. ZooKeeper, Prometheus, the node exporter and nginx are real; in place of Hadoop, the
 * launcher, the REST server, the web portal, Grafana and NVIDIA's installer stand small servers at the same ports (test/stand-ins).
 */
let cluster: RigCluster;
let entry: string;
const IMAGES = 13;
const SERVICES = 10;

beforeAll(async () => {
  cluster = await RigCluster.create(shape(1, 1, 1));
  entry = `http://${hostAddress(cluster.masters[0] ?? '')}`;
  const { project } = cluster;
  await cp(path.join(root, 'test/stand-ins'), path.join(project.clone, 'sources'), { recursive: true });
  await project.edit('./service-list.yaml', wholeCatalogue);
  await writeFakeRelease(path.join(project.configuration, 'fake.tar.gz'));
  await setServices(CATALOGUE_SETTINGS);
  // A namespace of this run's own: its images are in no registry yet, so they have to be built.
  await project.edit('services-configuration.yaml', (text) =>
    text.replace(/("docker-namespace": *)"[^"]*"/, `$1"catalogue-${Date.now()}"`),
  );
});
afterAll(() => cluster?.remove());

/** Sets fields of sections of services-configuration.yaml, which is JSON here. */
async function setServices(sections: Readonly<Record<string, object>>): Promise<void> {
  const file = path.join(cluster.project.configuration, 'services-configuration.yaml');
  const services = load(await readFile(file, 'utf8')) as Readonly<Record<string, object>>;
  const changed = Object.entries(sections).map(([name, fields]) => [name, { ...services[name], ...fields }]);
  await writeFile(file, JSON.stringify({ ...services, ...Object.fromEntries(changed) }, null, 2));
}

/** Pods by the app that they are of: app -> uids, sorted. Those of Kubernetes itself have none here. */
async function pods(): Promise<ReadonlyMap<string, string>> {
  const found = new Map<string, string>();
  const list = JSON.parse(await cluster.kubectl('get pods --namespace=default --output=json'));
  for (const { metadata } of list.items) {
    found.set(metadata.labels.app, [found.get(metadata.labels.app) ?? '', metadata.uid].sort().join(' '));
  }
  return found;
}

/** Apps whose pods are others than before. */
async function rolledSince(before: ReadonlyMap<string, string>): Promise<readonly string[]> {
  const now = await pods();
  return [...now.keys()].filter((app) => now.get(app) !== before.get(app)).sort();
}

describe('the whole catalogue on one master and one worker', () => {
  it('is built and deployed by one command', async () => {
    const result = await cluster.project.pai('run', 'images', 'services');
    expect(result.code, result.text.slice(-6000)).toBe(0);
    expect(result.ran.filter((name) => name.startsWith('image:'))).toHaveLength(IMAGES);
    expect(result.ran.filter((name) => name.startsWith('service:'))).toHaveLength(SERVICES);
  });

  it('has then nothing to do', async () => {
    expectEnd(await cluster.project.pai('run', 'images', 'services'), { ran: 0, failed: 0, skipped: 0 });
  });

  it.each([
    ['/', 'webportal'],
    ['/rest-server/', 'rest-server'],
    ['/frameworklauncher/', 'frameworklauncher'],
    ['/grafana/', 'grafana'],
    ['/webhdfs/api/v1/', 'name-node'],
    ['/webhdfs/dashboard/', 'name-node'],
    ['/yarn/', 'resource-manager'],
    ['/jobhistory/', 'job-history'],
  ])('answers %s through pylon, from outside', async (at, who) => {
    await eventually(async () => {
      const answer = await fetch(`${entry}${at}`);
      expect(answer.status).toBe(200);
      expect(await answer.text()).toContain(`stand-in for ${who}`);
    });
  });

  it('has a real Prometheus there, which hears of both machines', async () => {
    expect(await (await fetch(`${entry}/prometheus/-/ready`)).text()).toMatch(/Prometheus.* is Ready/);
    await eventually(async () => {
      const { data } = (await (await fetch(`${entry}/prometheus/api/v1/query?query=up`)).json()) as {
        readonly data: {
          readonly result: readonly {
            readonly metric: { readonly hostname?: string };
            readonly value: readonly [number, string];
          }[];
        };
      };
      const up = data.result.filter(({ value }) => value[1] === '1').map(({ metric }) => metric.hostname);
      expect(up).toEqual(expect.arrayContaining([...cluster.hosts]));
    });
  });

  it('sends who wants Kubernetes to its own address, with what was asked for', async () => {
    const { status, headers } = await fetch(`${entry}/kubernetes/api/v1/nodes?limit=1`, { redirect: 'manual' });
    expect(status).toBe(302);
    expect(headers.get('location')).toBe(`https://${hostAddress(cluster.masters[0] ?? '')}:6443/api/v1/nodes?limit=1`);
  });

  it('has tested itself from inside', async () => {
    const log = await cluster.kubectl('logs --namespace=default job/end-to-end-test');
    expect(log).toMatch(/8 asked, 0 failed/);
  });

  it('runs nothing as root but what the documentation says', async () => {
    const list = JSON.parse(await cluster.kubectl('get pods --namespace=default --output=json'));
    for (const { metadata, status } of list.items) {
      if (status.phase !== 'Running') continue;
      const user = await cluster.kubectl(['exec', '--namespace=default', metadata.name, '--', 'id', '-u']);
      expect(user.trim(), metadata.name).toBe(metadata.labels.app === 'pylon' ? '33' : '10001');
    }
  });

  it('rolls exactly the services that a changed port is of', async () => {
    const before = await pods();
    await setServices({ webportal: { 'server-port': 9287 } });
    const result = await cluster.project.pai('run', 'services');
    expect(result.ran.toSorted(), result.text.slice(-4000)).toEqual([
      'service:end-to-end-test',
      'service:pylon',
      'service:webportal',
    ]);
    expect(await rolledSince(before)).toEqual(['end-to-end-test', 'pylon', 'webportal']);
    expect(await (await fetch(`${entry}/`)).text()).toContain('stand-in for webportal');
    expect(await (await fetch(`${entry}:9287/`)).text()).toContain('stand-in for webportal');
  });

  it('configures Hadoop anew in one command, and restarts only the part that it is about', async () => {
    const before = await pods();
    await writeFile(
      path.join(cluster.project.configuration, 'hadoop-overrides.yaml'),
      'hadoop-name-node:\n  hdfs-site.xml:\n    dfs.namenode.handler.count: 31\n',
    );
    const result = await cluster.project.pai('run', 'services');
    expect(result.code, result.text.slice(-4000)).toBe(0);
    expect(await rolledSince(before)).toEqual(['hadoop-name-node']);
    const file = 'deployment/hadoop-name-node -- cat /etc/hadoop/hdfs-site.xml';
    expect(await cluster.kubectl(`exec --namespace=default ${file}`)).toContain('<value>31</value>');
    expectEnd(await cluster.project.pai('run', 'services'), { ran: 0, failed: 0, skipped: 0 });
  });

  it('is taken down again with its data, by the cleaning job on every node, and leaves nothing of it', async () => {
    const data = '/datastorage';
    for (const host of cluster.hosts) expect(await onHost(host, `ls ${data}`), host).not.toBe('');
    const result = await cluster.project.pai('clean', 'services', '--delete-data', '--yes');
    expect(result.code, result.text.slice(-4000)).toBe(0);
    expect(result.text).toContain('cleaning is done on every node');
    for (const host of cluster.hosts) expect(await onHost(host, `ls -A ${data}`), host).toBe('');
    const left = await cluster.kubectl('get deployments,daemonsets,jobs,pods --namespace=default --output=name');
    expect(left.trim()).toBe('');
  });
});

import { rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { loadCluster } from '../../../src/cluster/load.js';
import {
  CLUSTER,
  EXAMPLE,
  EXAMPLE_LIST,
  edited,
  FIXTURE,
  failure,
  hostOf,
  KUBERNETES,
  LIST,
  load,
  loadEdited,
  plain,
  ROLES,
  removeEdited,
  SERVICES,
} from './configuration-fixture.js';

afterEach(removeEdited);

describe('a good configuration', () => {
  it('has what services say of scripts, data and cleaning', async () => {
    const scripts = 'startscript: start.sh\n    stopscript: bin/stop.sh\n    data: [pylon, logs/pylon]';
    const cleaning = 'cluster-configuration: {}\n  cleaning: {prerequisite: [cluster-configuration], clean-only: true}';
    const { serviceList } = await loadEdited(
      [LIST, 'label: [pylon]', scripts],
      [LIST, 'cluster-configuration: {}', cleaning],
    );
    expect(serviceList.find(({ name }) => name === 'pylon')).toMatchObject({
      startScript: 'start.sh',
      stopScript: 'bin/stop.sh',
      data: ['pylon', 'logs/pylon'],
      cleanOnly: false,
    });
    expect(serviceList.find(({ name }) => name === 'cleaning')).toMatchObject({ data: [], cleanOnly: true });
  });

  it('is the example that comes with pai', async () => {
    const cluster = await loadCluster({ configurationDirectory: EXAMPLE, serviceListFile: EXAMPLE_LIST });
    expect(cluster.hosts.map((host) => `${host.name} ${host.role}`)).toEqual(['master1 master', 'worker1 worker']);
    expect(cluster.images.map((image) => image.name)).toEqual([
      ...['base-image', 'cleaning-image', 'zookeeper', 'gpu-exporter', 'prometheus', 'pylon'],
    ]);
    expect(cluster.serviceList).toEqual([
      {
        name: 'cluster-configuration',
        prerequisites: [],
        images: [],
        configurations: [],
        labels: [],
        data: [],
        cleanOnly: false,
      },
      {
        name: 'pylon',
        prerequisites: ['cluster-configuration'],
        images: ['pylon'],
        configurations: [],
        labels: ['pylon'],
        data: [],
        cleanOnly: false,
      },
    ]);
  });

  it('gives hosts in the order of the file, by role', async () => {
    const cluster = await load(FIXTURE);
    expect(cluster.directory).toBe(FIXTURE);
    expect(cluster.hosts.map((host) => host.name)).toEqual(['m1', 'm2', 'm3', 'p1', 'w1', 'w2']);
    expect(cluster.masters.map((host) => host.etcdId)).toEqual(['etcdid1', 'etcdid2', 'etcdid3']);
    expect(cluster.proxies.map((host) => host.name)).toEqual(['p1']);
    expect(cluster.workers.map((host) => host.name)).toEqual(['w1', 'w2']);
  });

  it('merges the default login into every machine', async () => {
    const cluster = await load(FIXTURE);
    expect(await plain(hostOf(cluster, 'm1').login)).toEqual({
      name: 'm1',
      address: '10.1.0.1',
      port: 2200,
      user: 'pai',
      password: 'default-secret',
    });
    expect(await plain(hostOf(cluster, 'w2').login)).toEqual({
      name: 'w2',
      address: '10.1.0.12',
      port: 22,
      user: 'ops',
      password: 'own-secret',
      keyPath: join(FIXTURE, 'keys/w2'),
    });
  });

  it('takes a key in place of a password, below the home directory too', async () => {
    const key = 'ssh-keyfile-path: ~/.ssh/id';
    const cluster = await loadEdited([CLUSTER, 'password: default-secret', key]);
    expect(hostOf(cluster, 'm1').login.keyPath).toBe(join(homedir(), '.ssh/id'));
    expect(hostOf(cluster, 'm1').login).not.toHaveProperty('password');
  });

  it('labels nodes by what their machines are for', async () => {
    const cluster = await load(FIXTURE);
    expect(hostOf(cluster, 'm1').labels).toEqual({
      hdfsrole: 'master',
      yarnrole: 'master',
      zookeeper: 'true',
      jobhistory: 'true',
      launcher: 'true',
      restserver: 'true',
      webportal: 'true',
      prometheus: 'true',
      grafana: 'true',
      pylon: 'true',
      'node-exporter': 'true',
    });
    expect(hostOf(cluster, 'm2').labels).toEqual({});
    expect(hostOf(cluster, 'p1').labels).toEqual({ 'node-exporter': 'true' });
    expect(hostOf(cluster, 'w1').labels).toEqual({
      hdfsrole: 'worker',
      yarnrole: 'worker',
      'node-exporter': 'true',
      machinetype: 'gpu',
    });
  });

  it('lets the master win on a machine that is pai-master and pai-worker', async () => {
    const cluster = await loadEdited([CLUSTER, 'pai-master: "true"', 'pai-master: "true"\n    pai-worker: "true"']);
    expect(hostOf(cluster, 'm1').labels).toMatchObject({ hdfsrole: 'master', yarnrole: 'master' });
  });

  it('describes the hardware of a machine', async () => {
    const cluster = await load(FIXTURE);
    expect(hostOf(cluster, 'w1').sku).toEqual({
      name: 'GPU',
      memoryGb: 224,
      vcores: 24,
      gpu: { type: 'K80', count: 4 },
      os: 'ubuntu20.04',
      dataFolder: '/mnt',
    });
    expect(hostOf(cluster, 'm1').sku).not.toHaveProperty('gpu');
  });

  it('reads flags, versions and numbers however they are quoted', async () => {
    const cluster = await loadEdited(
      [CLUSTER, 'dashboard: "true"', 'dashboard: true'],
      [CLUSTER, 'zkid: "1"', 'zkid: 1'],
      [CLUSTER, 'sshport: 22\n', 'sshport: "22"\n'],
      [KUBERNETES, 'pause-version: "3.2"', 'pause-version: 3.10'],
    );
    expect(hostOf(cluster, 'm1').dashboard).toBe(true);
    expect(hostOf(cluster, 'm1').raw.dashboard).toBe('true');
    expect(hostOf(cluster, 'm1').zkId).toBe('1');
    expect(hostOf(cluster, 'w2').login.port).toBe(22);
    expect(cluster.kubernetes.versions.pause).toBe('3.10');
  });

  it('fills in what was left out', async () => {
    const cluster = await loadEdited([KUBERNETES, '  pause-version: "3.2"\n', '']);
    expect(cluster.kubernetes.versions).toMatchObject({ pause: '3.2', haproxy: 'v2.6' });
    expect(cluster.kubernetes.dockerRegistryInsecure).toBe(false);
    expect(cluster.services.dataPath).toBe('/datastorage');
    expect(cluster.services.raw).toMatchObject({
      frameworklauncher: { 'frameworklauncher-port': 9086 },
      webportal: { 'server-port': 9286 },
      grafana: { 'grafana-port': 3000 },
      prometheus: { 'prometheus-port': 9091, 'node-exporter-port': 9100 },
      pylon: { port: 80 },
    });
  });

  it('finds the registry, its CA relative to the folder', async () => {
    const folder = edited([SERVICES, '    docker-tag: v7', '    docker-tag: v7\n    docker-registry-ca: ca.pem']);
    writeFileSync(join(folder, 'ca.pem'), 'made by a test');
    expect(await plain((await load(folder)).services.registry)).toEqual({
      domain: 'registry.example.com:5000',
      namespace: 'team/pai',
      username: 'pusher',
      password: 'registry-secret',
      tag: 'v7',
      secretName: 'pai-secret',
      caPath: join(folder, 'ca.pem'),
      insecure: true,
    });
  });

  it('has where Hadoop comes from: the released one, its version in the address, or an archive relative to the folder', async () => {
    expect((await loadEdited()).services.hadoop).toMatchObject({ hadoopVersion: '2.9.0' });
    expect((await loadEdited()).services.hadoop).not.toHaveProperty('customHadoopBinaryPath');
    const sha512 = 'AB'.repeat(64);
    const own = `hadoop:\n  custom-hadoop-binary-path: my.tar.gz\n  hadoop-version: 3.3.6\n  hadoop-download-url: https://mirror.example/{version}/h-{version}.tgz\n  hadoop-sha512: ${sha512}\n`;
    const folder = edited([SERVICES, 'cluster:\n', `${own}\ncluster:\n`]);
    expect((await load(folder)).services.hadoop).toMatchObject({
      customHadoopBinaryPath: join(folder, 'my.tar.gz'),
      hadoopVersion: '3.3.6',
      hadoopDownloadUrl: 'https://mirror.example/3.3.6/h-3.3.6.tgz',
      hadoopSha512: sha512.toLowerCase(),
    });
  });

  it.each([
    [
      'hadoop-download-url',
      'ftp://mirror/x',
      'hadoop-download-url must be an address such as https://host/path, without a user or password, not "ftp://mirror/x"',
    ],
    [
      'hadoop-download-url',
      'https://me:secret@mirror/x',
      'hadoop-download-url must be an address such as https://host/path, without a user or password, not "https://***@mirror/x"',
    ],
    ['hadoop-sha512', 'abc', 'hadoop-sha512 must be a SHA-512 as 128 hex digits, not "abc"'],
    ['virtualClusters', '{team.a: {capacity: 1}}', /^"team\.a" must be the name of a queue: /],
    ['virtualClusters', '{root: {capacity: 1}}', /^"root" must be the name of a queue: /],
    ['hadoop-version', '../2.9', /^hadoop-version must be a name of letters/],
  ])('refuses %s: %s', async (field, value, told) => {
    const error = await failure(loadEdited([SERVICES, 'cluster:\n', `hadoop:\n  ${field}: ${value}\ncluster:\n`]));
    expect(error.exitCode).toBe(2);
    expect(error.details).toEqual([expect.stringMatching(/services-configuration\.yaml:\d+:\d+: /)]);
    expect(error.details[0]?.replace(/^.*?:\d+:\d+: /, '')).toEqual(
      typeof told === 'string' ? told : expect.stringMatching(told),
    );
  });

  it('takes public for Docker Hub', async () => {
    const cluster = await loadEdited(
      [SERVICES, 'registry.example.com:5000', 'public'],
      [SERVICES, '    docker-registry-insecure: true\n', ''],
    );
    expect(cluster.services.registry.domain).toBe('docker.io');
    expect(await cluster.variables.services()).toMatchObject({
      clusterinfo: { dockerregistryinfo: { prefix: 'team/pai/' } },
    });
  });

  it.each(['docker-verison', 'docker-version'])('takes %s, and templates see both spellings', async (spelling) => {
    const cluster = await loadEdited([SERVICES, '  clusterid: test', `  clusterid: test\n  ${spelling}: 17.06.2`]);
    expect(cluster.services.raw.cluster).toMatchObject({ 'docker-verison': '17.06.2', 'docker-version': '17.06.2' });
  });

  it('can not be changed afterwards', async () => {
    const cluster = await load(FIXTURE);
    const frozen = (value: unknown): boolean =>
      typeof value !== 'object' ||
      value === null ||
      (Object.isFrozen(value) && Object.values(value).every((inner) => frozen(inner)));
    expect(frozen(cluster)).toBe(true);
  });
});

describe('what templates see', () => {
  it('has the names of the original system', async () => {
    const { variables } = await load(FIXTURE);
    expect(variables.kubernetes).toMatchObject({
      clusterconfig: {
        'load-balance-ip': '10.1.0.4',
        'etcd-version': '3.4.23',
        etcd_cluster_ips_peer:
          'etcdid1=https://10.1.0.1:2380,etcdid2=https://10.1.0.2:2380,etcdid3=https://10.1.0.3:2380',
        etcd_cluster_ips_server: 'https://10.1.0.1:2379,https://10.1.0.2:2379,https://10.1.0.3:2379',
        'etcd-initial-cluster-state': 'new',
      },
      cluster: {
        mastermachinelist: { m1: { hostip: '10.1.0.1' }, m2: { etcdid: 'etcdid2' }, m3: {} },
        workermachinelist: { w1: {}, w2: {} },
        proxymachinelist: { p1: { 'k8s-role': 'proxy' } },
      },
    });
    expect(await variables.services()).toMatchObject({
      clusterinfo: {
        cluster: { clusterid: 'test' },
        restserver: { 'server-port': 9186, 'jwt-secret': 'jwt-hidden' },
        dockerregistryinfo: {
          prefix: 'registry.example.com:5000/team/pai/',
          'docker-tag': 'v7',
          'docker-username': 'pusher',
          'docker-password': 'registry-secret',
        },
      },
      machineinfo: { GPU: { mem: 224, gpu: { count: 4 }, cpu: { vcore: 24 } } },
      machinelist: { m1: { hdfsrole: 'master', 'pai-master': 'true', hostip: '10.1.0.1' }, w1: { machinetype: 'gpu' } },
    });
    expect(variables.images).toMatchObject({ clusterconfig: { clusterinfo: { cluster: { clusterid: 'test' } } } });
  });

  it('has the password of no machine, and images see no secret at all', async () => {
    const cluster = await load(FIXTURE);
    const seen = JSON.stringify([
      cluster.variables,
      await cluster.variables.services(),
      cluster.hosts.map((host) => host.raw),
      cluster.kubernetes.raw,
    ]);
    expect(seen).not.toContain('default-secret');
    expect(seen).not.toContain('own-secret');
    const images = JSON.stringify(cluster.variables.images);
    expect(images).not.toContain('registry-secret');
    expect(images).not.toContain('hidden');
  });
});

describe('missing files', () => {
  it('are all told, with the commands that copy them', async () => {
    const folder = edited();
    rmSync(join(folder, KUBERNETES));
    rmSync(join(folder, ROLES));
    const error = await failure(load(folder));
    expect(error.code).toBe('CONFIG_MISSING');
    expect(error.message).toBe(`${folder} has no ${KUBERNETES}, no ${ROLES}`);
    expect(error.next).toContain(`cp ${join(EXAMPLE, KUBERNETES)} ${join(folder, KUBERNETES)}`);
  });

  it('are told at once when the folder is not there', async () => {
    const folder = join(edited(), 'nowhere');
    const error = await failure(load(folder));
    expect(error.code).toBe('CONFIG_MISSING');
    expect(error.message).toBe(`${folder} has no configuration`);
    expect(error.next).toContain(`mkdir -p ${folder} && cp ${EXAMPLE}/*.yaml ${folder}`);
  });

  it('may be the service list', async () => {
    const folder = edited();
    rmSync(join(folder, LIST));
    const error = await failure(load(folder));
    expect(error.code).toBe('CONFIG_MISSING');
    expect(error.message).toBe(`there is no service list ${join(folder, LIST)}`);
    expect(error.next).toContain(`cp ${EXAMPLE_LIST} `);
  });

  it('are told apart from what can not be read', async () => {
    const folder = edited();
    const error = await failure(loadCluster({ configurationDirectory: folder, serviceListFile: folder }));
    expect(error.message).toBe(`${folder} can't be read (EISDIR)`);
  });
});

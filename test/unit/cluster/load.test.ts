import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { loadCluster } from '../../../src/cluster/load.js';
import type { Cluster } from '../../../src/cluster/model.js';
import { PaiError } from '../../../src/model/errors.js';

const EXAMPLE = fileURLToPath(new URL('../../../cluster-configuration', import.meta.url));
const EXAMPLE_LIST = fileURLToPath(new URL('../../../service-list.yaml', import.meta.url));
const FIXTURE = fileURLToPath(new URL('../../fixtures/configuration', import.meta.url));
const LIST = 'service-list.yaml';
const CLUSTER = 'cluster-configuration.yaml';
const KUBERNETES = 'kubernetes-configuration.yaml';
const ROLES = 'k8s-role-definition.yaml';
const SERVICES = 'services-configuration.yaml';

const made: string[] = [];
afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
});

type Edit = readonly [file: string, from: string, to: string];

/** The fixture's cluster (3 masters, a proxy, 2 workers) with some text replaced. */
function edited(...edits: readonly Edit[]): string {
  const folder = mkdtempSync(join(tmpdir(), 'pai-cluster-'));
  made.push(folder);
  cpSync(FIXTURE, folder, { recursive: true });
  for (const [file, from, to] of edits) {
    const text = readFileSync(join(folder, file), 'utf8');
    if (text.split(from).length !== 2) throw new Error(`"${from}" must be once in ${file}`);
    writeFileSync(
      join(folder, file),
      text.replace(from, () => to),
    );
  }
  return folder;
}

function load(folder: string): Promise<Cluster> {
  return loadCluster({ configurationDirectory: folder, serviceListFile: join(folder, LIST) });
}

function loadEdited(...edits: readonly Edit[]): Promise<Cluster> {
  return load(edited(...edits));
}

async function failure(work: Promise<unknown>): Promise<PaiError> {
  const error = await work.then(
    () => new Error('it was accepted'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof PaiError)) throw error;
  return error;
}

/** The problems of the edited fixture, without the folder in front. */
async function problems(...edits: readonly Edit[]): Promise<readonly string[]> {
  const folder = edited(...edits);
  const error = await failure(load(folder));
  expect(error.code).toBe('CONFIG_INVALID');
  expect(error.exitCode).toBe(2);
  return error.details.map((line) => line.replace(`${folder}/`, ''));
}

function hostOf(cluster: Cluster, name: string) {
  const host = cluster.hosts.find((candidate) => candidate.name === name);
  if (!host) throw new Error(`no host ${name}`);
  return host;
}

describe('a good configuration', () => {
  it('is the example that comes with pai', async () => {
    const cluster = await loadCluster({ configurationDirectory: EXAMPLE, serviceListFile: EXAMPLE_LIST });
    expect(cluster.hosts.map((host) => `${host.name} ${host.role}`)).toEqual(['master1 master', 'worker1 worker']);
    expect(cluster.images.map((image) => image.name)).toEqual(['pylon']);
    expect(cluster.serviceList).toEqual([
      { name: 'cluster-configuration', prerequisites: [], images: [], labels: [] },
      { name: 'pylon', prerequisites: ['cluster-configuration'], images: ['pylon'], labels: ['pylon'] },
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
    expect(hostOf(cluster, 'm1').login).toEqual({
      name: 'm1',
      address: '10.1.0.1',
      port: 2200,
      user: 'pai',
      password: 'default-secret',
    });
    expect(hostOf(cluster, 'w2').login).toEqual({
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
    expect((await load(folder)).services.registry).toEqual({
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

  it('takes public for Docker Hub', async () => {
    const cluster = await loadEdited([SERVICES, 'registry.example.com:5000', 'public']);
    expect(cluster.services.registry.domain).toBe('docker.io');
    expect(cluster.variables.services).toMatchObject({ clusterinfo: { dockerregistryinfo: { prefix: 'team/pai/' } } });
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
    expect(variables.services).toMatchObject({
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
    const seen = JSON.stringify([cluster.variables, cluster.hosts.map((host) => host.raw), cluster.kubernetes.raw]);
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

describe('a bad configuration', () => {
  it('is told with all problems of all files at once, in order', async () => {
    const edits: readonly Edit[] = [
      [CLUSTER, '  username: pai', '  usrname: pai'],
      [CLUSTER, 'hostip: 10.1.0.2', 'hostip: 10.1.0'],
      [CLUSTER, 'machine-type: GPU', 'machine-type: GPUS'],
      [KUBERNETES, 'service-cluster-ip-range: 10.96.0.0/16', 'service-cluster-ip-range: 10.96.0.0'],
      [ROLES, '- name: scheduler', '- name: shceduler'],
      [SERVICES, '  clusterid: test', '  clusterid: ""'],
      [LIST, 'image: [pylon]', 'image: [pilon]'],
    ];
    const folder = edited(...edits);
    const error = await failure(load(folder));
    expect(error.message).toBe('8 problems in the configuration');
    expect(error.details.map((line) => line.replace(`${folder}/`, ''))).toEqual([
      `${CLUSTER}:2:3: unknown key "usrname"; did you mean username?`,
      `${CLUSTER}:16:5: m1, m2, m3, p1, w1: no username here, nor in default-machine-properties`,
      `${CLUSTER}:26:13: hostip must be an IPv4 address, not "10.1.0"`,
      `${CLUSTER}:45:19: machine-type "GPUS" is not in machine-sku; did you mean GPU?`,
      `${ROLES}:22:15: component "shceduler" is not in component-list; did you mean scheduler?`,
      `${KUBERNETES}:4:29: service-cluster-ip-range must be an IPv4 range such as 10.96.0.0/12, its prefix from 12 to 29, not "10.96.0.0"`,
      `${LIST}:6:13: image "pilon" is not in image-list; did you mean pylon?`,
      `${SERVICES}:2:14: clusterid must be a name of letters, digits, dots, hyphens and underscores`,
    ]);
  });

  it('is told by the paths that were given', async () => {
    const folder = edited([KUBERNETES, 'storage-backend: etcd3', 'storage-backend: etcd2']);
    const options = { configurationDirectory: relative(process.cwd(), folder), serviceListFile: join(folder, LIST) };
    expect((await failure(loadCluster(options))).details).toEqual([
      `${relative(process.cwd(), folder)}/${KUBERNETES}:5:20: storage-backend must be etcd3, not "etcd2"; did you mean etcd3?`,
    ]);
  });

  const M2 = 'hostname: m2\n    hostip: 10.1.0.2';
  const cases: readonly [string, Edit, readonly string[]][] = [
    [
      'a syntax error',
      [SERVICES, 'clusterid: test', 'clusterid: a: b'],
      [`${SERVICES}:2:15: not valid YAML: bad indentation of a mapping entry`],
    ],
    [
      'a duplicate key',
      [CLUSTER, M2, `hostname: m2\n    ${M2}`],
      [`${CLUSTER}:26:5: duplicate key "hostname": it is already on line 25`],
    ],
    [
      'a key without a value',
      [CLUSTER, 'etcdid: etcdid2', 'etcdid:'],
      [`${CLUSTER}:29:5: etcdid has no value: give it one or remove the line`],
    ],
    [
      'an empty file',
      [LIST, readFileSync(join(FIXTURE, LIST), 'utf8'), '# nothing\n'],
      [`${LIST}:1:1: the file is empty`],
    ],
    [
      'two documents',
      [LIST, 'service-list:', '---\nservice-list:'],
      [`${LIST}:1:1: must be one YAML document, without \`---\``],
    ],
    [
      'a list that should be a mapping',
      [LIST, 'pylon: {}', '- pylon'],
      [`${LIST}:2:3: image-list must be a mapping (key: value)`],
    ],
    [
      'text that should be a list',
      [LIST, 'image: [pylon]', 'image: pylon'],
      [`${LIST}:6:12: image must be a list (- item), not "pylon"`],
    ],
    ['a missing field', [CLUSTER, M2, 'hostname: m2'], [`${CLUSTER}:25:5: hostip is missing`]],
    [
      'a misspelt field, once',
      [CLUSTER, 'hostname: m2', 'hostnmae: m2'],
      [`${CLUSTER}:25:5: unknown key "hostnmae"; did you mean hostname?`],
    ],
    [
      'an unknown field that is like no other',
      [KUBERNETES, 'storage-backend: etcd3', 'storage-backend: etcd3\n  zzz: 1'],
      [
        `${KUBERNETES}:6:3: unknown key "zzz"; known here: cluster-dns, load-balance-ip, service-cluster-ip-range, storage-backend, docker-registry, docker-registry-insecure, hyperkube-version, etcd-version, apiserver-version, kube-scheduler-version, kube-controller-manager-version, dashboard-version, haproxy-version, pause-version`,
      ],
    ],
    [
      'a number that is none',
      [CLUSTER, 'mem: 224', 'mem: much'],
      [`${CLUSTER}:8:10: mem must be a number, not "much"`],
    ],
    [
      'a port of zero',
      [CLUSTER, 'sshport: 22\n', 'sshport: 0\n'],
      [`${CLUSTER}:56:14: sshport must be at least 1, not "0"`],
    ],
    [
      'a port too high',
      [CLUSTER, 'sshport: 2200', 'sshport: 65536'],
      [`${CLUSTER}:4:12: sshport must be at most 65535, not "65536"`],
    ],
    [
      'a flag that is none',
      [CLUSTER, 'dashboard: "true"', 'dashboard: yes'],
      [`${CLUSTER}:22:16: dashboard must be true or false, not "yes"`],
    ],
    [
      'an unknown role',
      [CLUSTER, 'k8s-role: proxy', 'k8s-role: proxi'],
      [`${CLUSTER}:40:15: k8s-role must be master or worker or proxy, not "proxi"; did you mean proxy?`],
    ],
    [
      'a host name twice',
      [CLUSTER, 'hostname: w2', 'hostname: W1'],
      [`${CLUSTER}:49:15: hostname "W1" is that of the machine on line 43 already; it must be unique`],
    ],
    [
      'an address twice',
      [CLUSTER, 'hostip: 10.1.0.12', 'hostip: 10.1.0.11'],
      [`${CLUSTER}:50:13: hostip "10.1.0.11" is that of the machine on line 44 already; it must be unique`],
    ],
    [
      'an etcdid twice',
      [CLUSTER, 'etcdid: etcdid2', 'etcdid: etcdid1'],
      [`${CLUSTER}:29:13: etcdid "etcdid1" is that of the machine on line 20 already; it must be unique`],
    ],
    [
      'a master without etcdid',
      [CLUSTER, '    etcdid: etcdid2\n', ''],
      [`${CLUSTER}:25:5: machine "m2" is a master and has no etcdid: give it one that no other master has`],
    ],
    [
      'a worker with etcdid',
      [CLUSTER, 'hostname: w1', 'hostname: w1\n    etcdid: x'],
      [`${CLUSTER}:44:13: etcdid is for masters only, and machine "w1" is a worker`],
    ],
    [
      'no pai-master',
      [CLUSTER, 'pai-master: "true"', 'pai-master: "false"'],
      [`${CLUSTER}:15:1: no machine has pai-master: "true"; exactly one must`],
    ],
    [
      'two pai-masters',
      [CLUSTER, 'etcdid: etcdid2', 'etcdid: etcdid2\n    pai-master: true'],
      [`${CLUSTER}:30:17: exactly one machine may have pai-master: "true", and that on line 23 has it`],
    ],
    [
      'no login',
      [CLUSTER, '  password: default-secret\n', ''],
      [
        `${CLUSTER}:15:5: m1, m2, m3, p1, w1: no password and no ssh-keyfile-path here, nor in default-machine-properties`,
      ],
    ],
    [
      'a load balancer that is not the proxy',
      [KUBERNETES, 'load-balance-ip: 10.1.0.4', 'load-balance-ip: 10.1.0.1'],
      [`${KUBERNETES}:3:20: load-balance-ip 10.1.0.1 must be the address of the proxy "p1", 10.1.0.4`],
    ],
    [
      'a service range that does not start at its first address',
      [KUBERNETES, '10.96.0.0/16', '10.96.1.0/16'],
      [
        `${KUBERNETES}:4:29: service-cluster-ip-range 10.96.1.0/16 does not start at its first address; did you mean 10.96.0.0/16?`,
      ],
    ],
    [
      'a registry as URL',
      [SERVICES, 'registry.example.com:5000', 'https://registry.example.com'],
      [
        `${SERVICES}:5:29: docker-registry-domain must be \`public\` or the registry as host[:port], without https://, not "https://registry.example.com"`,
      ],
    ],
    [
      'a user of the registry without password',
      [SERVICES, '    docker-password: registry-secret\n', ''],
      [`${SERVICES}:6:5: docker-username needs docker-password`],
    ],
    [
      'a password of the registry without user',
      [SERVICES, '    docker-username: pusher\n', ''],
      [`${SERVICES}:6:5: docker-password needs docker-username`],
    ],
    [
      'a CA that is not there',
      [SERVICES, 'docker-registry-insecure: true', 'docker-registry-ca: no.pem'],
      [
        `${SERVICES}:10:25: docker-registry-ca "no.pem": there is no such file; the path is relative to the configuration folder`,
      ],
    ],
    [
      'both spellings of docker-version',
      [SERVICES, 'clusterid: test', 'clusterid: test\n  docker-verison: 1\n  docker-version: 1'],
      [`${SERVICES}:4:3: docker-version is the same as docker-verison: give only one of them`],
    ],
    [
      'an unknown prerequisite',
      [LIST, 'prerequisite: [cluster-configuration]', 'prerequisite: [cluster-config]'],
      [`${LIST}:8:20: service "cluster-config" is not in service-list; did you mean cluster-configuration?`],
    ],
    [
      'an unknown prerequisite of an image',
      [LIST, 'pylon: {}', 'pylon: {prerequisite: [base]}'],
      [`${LIST}:2:26: image "base" is not in image-list; it has pylon`],
    ],
    [
      'a label that no node gets',
      [LIST, 'label: [pylon]', 'label: [machinetype=gpu, pilon]'],
      [`${LIST}:7:30: label "pilon" is not in the labels of nodes; did you mean pylon?`],
    ],
    [
      'a service name that Kubernetes would refuse',
      [LIST, '  pylon:\n', '  Pylon:\n'],
      [`${LIST}:5:3: "Pylon" must be a name of lower-case letters, digits, hyphens and dots`],
    ],
  ];

  it.each(cases)('is told at its place: %s', async (_, edit, expected) => {
    expect(await problems(edit)).toEqual(expected);
  });

  it('may have no master', async () => {
    const edits = [1, 2, 3].map((n): Edit => [CLUSTER, `k8s-role: master\n    etcdid: etcdid${n}`, 'k8s-role: worker']);
    expect(await problems(...edits)).toEqual([`${CLUSTER}:15:1: no machine has k8s-role: master; at least one must`]);
  });

  it('may have two proxies', async () => {
    expect(
      await problems([
        CLUSTER,
        '10.1.0.12\n    machine-type: GENERIC\n    k8s-role: worker',
        '10.1.0.12\n    machine-type: GENERIC\n    k8s-role: proxy',
      ]),
    ).toEqual([`${CLUSTER}:52:15: only one machine may have k8s-role: proxy, and that on line 40 has it`]);
  });

  it('never shows a secret', async () => {
    const folder = edited(
      [SERVICES, 'docker-password: registry-secret', 'docker-password: {is: registry-secret}'],
      [CLUSTER, 'password: own-secret', 'password: [own-secret]'],
    );
    const error = await failure(load(folder));
    expect(error.details).toHaveLength(2);
    expect(JSON.stringify([error.message, error.details, error.next])).not.toContain('secret');
  });
});

describe('load-balance-ip without a proxy', () => {
  const withoutProxy: readonly Edit[] = [
    [CLUSTER, 'k8s-role: proxy', 'k8s-role: worker'],
    [CLUSTER, 'hostip: 10.1.0.4', 'hostip: 10.1.0.9'],
  ];
  const oneMaster = [2, 3].map((n): Edit => [CLUSTER, `k8s-role: master\n    etcdid: etcdid${n}`, 'k8s-role: worker']);
  const balance = (address: string): Edit => [KUBERNETES, '10.1.0.4', address];

  it('may be the address of a load balancer outside the cluster', async () => {
    const cluster = await loadEdited(...withoutProxy, balance('10.1.0.200'));
    expect(cluster.kubernetes.loadBalanceIp).toBe('10.1.0.200');
  });

  it('may be the only master', async () => {
    const cluster = await loadEdited(...withoutProxy, ...oneMaster, balance('10.1.0.1'));
    expect(cluster.masters).toHaveLength(1);
  });

  it('can not be one of several masters', async () => {
    expect(await problems(...withoutProxy, balance('10.1.0.1'))).toEqual([
      `${KUBERNETES}:3:20: load-balance-ip 10.1.0.1 is the address of "m1", one of 3 masters: when it fails, all do; give one machine k8s-role: proxy, or use the address of a load balancer`,
    ]);
  });

  it('can not be a worker', async () => {
    expect(await problems(...withoutProxy, balance('10.1.0.11'))).toEqual([
      `${KUBERNETES}:3:20: load-balance-ip 10.1.0.11 is the address of the worker "w1": it must be a master, a proxy or a load balancer`,
    ]);
  });
});

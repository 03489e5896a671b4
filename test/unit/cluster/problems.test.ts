import { readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { loadCluster } from '../../../src/cluster/load.js';
import {
  CLUSTER,
  type Edit,
  edited,
  FIXTURE,
  failure,
  KUBERNETES,
  LIST,
  load,
  loadEdited,
  problems,
  ROLES,
  removeEdited,
  SERVICES,
} from './configuration-fixture.js';

afterEach(removeEdited);

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
      `${CLUSTER}:16:5: m1, m2, m3 and 2 more: no username here, nor in default-machine-properties`,
      `${CLUSTER}:26:13: hostip must be an IPv4 or IPv6 address, not "10.1.0"`,
      `${CLUSTER}:45:19: machine-type "GPUS" is not in machine-sku; did you mean GPU?`,
      `${ROLES}:22:15: component "shceduler" is not in component-list; did you mean scheduler?`,
      `${KUBERNETES}:4:29: service-cluster-ip-range must be a range such as 10.96.0.0/12 or fd00:96::/112, its prefix from 12 to 29 (IPv6: from 108 to 125), not "10.96.0.0"`,
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
        `${KUBERNETES}:6:3: unknown key "zzz"; known here: cluster-dns, load-balance-ip, service-cluster-ip-range, storage-backend, docker-registry, docker-registry-insecure, container-runtime, package-source, hyperkube-version, etcd-version, apiserver-version, kube-scheduler-version, kube-controller-manager-version, dashboard-version, haproxy-version, pause-version, network, pod-cidr, pod-cidr-mask, network-manifests, coredns-version, upstream-registry, upstream-registry-insecure`,
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
        `${CLUSTER}:15:5: m1, m2, m3 and 2 more: no password and no ssh-keyfile-path here, nor in default-machine-properties`,
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
      [`${SERVICES}:3:3: docker-verison is the same as docker-version: give only docker-version`],
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
      'a script outside of its folder',
      [LIST, 'label: [pylon]', 'startscript: ../start.sh'],
      [
        `${LIST}:7:18: startscript must be a relative path of letters, digits, dots, hyphens and underscores, without .., not "../start.sh"`,
      ],
    ],
    [
      'data outside of data-path',
      [LIST, 'label: [pylon]', 'data: [/var/lib/pylon]'],
      [
        `${LIST}:7:12: data[0] must be a relative path of letters, digits, dots, hyphens and underscores, without .., not "/var/lib/pylon"`,
      ],
    ],
    [
      'what deletes data and is needed, or comes before nothing',
      [LIST, 'cluster-configuration: {}', 'cluster-configuration: {clean-only: true}'],
      [
        `${LIST}:4:27: cluster-configuration is clean-only and has no prerequisite: name the service before whose removal it deletes data`,
        `${LIST}:8:20: cluster-configuration is clean-only, so nothing can need it`,
      ],
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

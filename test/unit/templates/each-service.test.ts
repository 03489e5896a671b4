import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { KubeObject } from 'pai';
import { describe, expect, it } from 'vitest';
import { listAt, textAt, textsAt, valueAt } from '../../../src/model/json-path.js';
import { CLUSTER, failure, SERVICES } from '../cluster/configuration-fixture.js';
import { catalogueOfTests, podOf, RenderedServices } from './services-fixture.js';

const services = await catalogueOfTests();

describe('what services are told', () => {
  const MASTER = 'http://10.1.0.1';

  it('the rest-server: where the launcher, HDFS, YARN and etcd are, and its secrets by reference', async () => {
    expect(await services.environment('rest-server', 'Deployment', 'rest-server')).toEqual({
      SERVER_PORT: '9186',
      LAUNCHER_WEBSERVICE_URI: `${MASTER}:9086`,
      HDFS_URI: 'hdfs://10.1.0.1:9000',
      WEBHDFS_URI: `${MASTER}:50070`,
      YARN_URI: `${MASTER}:8088`,
      ETCD_URI: 'https://10.1.0.1:2379,https://10.1.0.2:2379,https://10.1.0.3:2379',
    });
    const secret = await services.object('rest-server', 'Secret', 'rest-server');
    expect(secret.stringData).toEqual({
      JWT_SECRET: 'jwt-hidden',
      DEFAULT_PAI_ADMIN_USERNAME: 'admin',
      DEFAULT_PAI_ADMIN_PASSWORD: 'admin-hidden',
    });
  });

  it('the web portal: where all pages are', async () => {
    expect(await services.environment('webportal', 'Deployment', 'webportal')).toEqual({
      SERVER_PORT: '9286',
      REST_SERVER_URI: `${MASTER}:9186`,
      PROMETHEUS_URI: `${MASTER}:9091`,
      YARN_WEB_PORTAL_URI: `${MASTER}:8088`,
      GRAFANA_URI: `${MASTER}:3000`,
      K8S_DASHBOARD_URI: 'https://10.1.0.1:9090',
      K8S_API_SERVER_URI: 'https://10.1.0.4:6443',
      EXPORTER_PORT: '9100',
    });
  });

  it('pylon: the same', async () => {
    expect(await services.environment('pylon', 'DaemonSet', 'pylon')).toEqual({
      REST_SERVER_URI: `${MASTER}:9186`,
      K8S_API_SERVER_URI: 'https://10.1.0.4:6443',
      WEBHDFS_URI: `${MASTER}:50070`,
      PROMETHEUS_URI: `${MASTER}:9091`,
      K8S_DASHBOARD_URI: 'https://10.1.0.1:9090',
      YARN_WEB_PORTAL_URI: `${MASTER}:8088`,
      GRAFANA_URI: `${MASTER}:3000`,
      PAI_WEB_PORTAL_URI: `${MASTER}:9286`,
    });
  });

  it('prometheus: every machine with an exporter, and no other', async () => {
    const { data } = await services.object('prometheus', 'ConfigMap', 'prometheus');
    const machines = JSON.parse(textAt(data, 'machines.json') ?? '');
    expect(machines).toEqual(
      [
        ['10.1.0.1', 'm1', 'GENERIC'],
        ['10.1.0.4', 'p1', 'GENERIC'],
        ['10.1.0.11', 'w1', 'GPU'],
        ['10.1.0.12', 'w2', 'GENERIC'],
      ].map(([address, hostname, sku]) => ({ targets: [`${address}:9100`], labels: { hostname, sku } })),
    );
  });

  it('grafana: dashboards that are JSON', async () => {
    const { data } = await services.object('grafana', 'ConfigMap', 'grafana-dashboards');
    for (const text of Object.values(textsAt(data))) expect(JSON.parse(text).uid).toMatch(/^pai-/);
  });
});

describe('pylon', () => {
  it('has an entry for each service of the list, and the page of the portal at the top', async () => {
    const { data } = await services.object('pylon', 'ConfigMap', 'pylon');
    const conf = textAt(data, 'nginx.conf') ?? '';
    const entries = [...conf.matchAll(/location (?:= )?(\S+) \{/g)].map(([, path]) => path);
    expect(entries).toEqual([
      '/healthz',
      '/rest-server/',
      '/frameworklauncher/',
      '/prometheus',
      '/prometheus/',
      '/grafana',
      '/grafana/',
      '/webhdfs/api/',
      '/webhdfs/dashboard',
      '/webhdfs/dashboard/',
      '/yarn',
      '/yarn/',
      '/jobhistory',
      '/jobhistory/',
      '/kubernetes/',
      '/kubernetes-dashboard',
      '/',
      '/pylon',
    ]);
    expect(conf).toContain('proxy_pass http://10.1.0.1:9286;');
  });

  it.skipIf(spawnSync('nginx', ['-v']).error !== undefined)(
    'is configured as nginx takes it (skipped without nginx)',
    async () => {
      const { data } = await services.object('pylon', 'ConfigMap', 'pylon');
      const folder = mkdtempSync(path.join(tmpdir(), 'pai-nginx-'));
      const conf = path.join(folder, 'nginx.conf');
      writeFileSync(conf, (textAt(data, 'nginx.conf') ?? '').replace('/run/pylon/', `${folder}/`));
      const checked = spawnSync('nginx', ['-t', '-q', '-p', folder, '-c', conf], { encoding: 'utf8' });
      rmSync(folder, { recursive: true });
      // With the place, as mistakes in the file are told: not that its folders are missing on this machine.
      expect(checked.stderr).not.toMatch(/nginx\.conf:\d+/);
    },
  );

  it('has none for services that are not in the list, and then says itself whose it is', async () => {
    const alone = await RenderedServices.of(
      'image-list:\n  pylon: {}\nservice-list:\n  pylon:\n    image: [pylon]\n    label: [pylon]\n',
    );
    const { data } = await alone.object('pylon', 'ConfigMap', 'pylon');
    expect(textAt(data, 'nginx.conf')).not.toContain('proxy_pass');
    expect(textAt(data, 'nginx.conf')).toContain('location / { return 200 "pylon of test\\n"; }');
    alone.remove();
  });
});

describe('hadoop-service', () => {
  it('is its parts, in the order in which they need each other', async () => {
    const workloads = await services.workloads('hadoop-service');
    expect(workloads.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual([
      'Deployment zookeeper',
      'Deployment hadoop-name-node',
      'DaemonSet hadoop-data-node',
      'Deployment hadoop-resource-manager',
      'DaemonSet hadoop-node-manager-generic',
      'DaemonSet hadoop-node-manager-gpu',
      'Deployment hadoop-job-history',
      'Job hadoop-one-time-job',
    ]);
    const numbers = workloads.map(
      (one) => /\/(\d)-/.exec(textsAt(one.metadata, 'annotations')['pai/template'] ?? '')?.[1],
    );
    expect(numbers).toEqual(['1', '2', '3', '4', '5', '5', '6', '7']);
  });

  it.each([
    ['hadoop-name-node', ['ConfigMap hadoop-configuration-name-node', 'Deployment hadoop-name-node']],
    ['hadoop-data-node', ['ConfigMap hadoop-configuration-data-node', 'DaemonSet hadoop-data-node']],
    [
      'hadoop-resource-manager',
      ['ConfigMap hadoop-configuration-resource-manager', 'Deployment hadoop-resource-manager'],
    ],
    ['hadoop-node-manager/GPU', ['ConfigMap hadoop-node-manager-gpu', 'DaemonSet hadoop-node-manager-gpu']],
    ['hadoop-jobhistory', ['ConfigMap hadoop-configuration-job-history', 'Deployment hadoop-job-history']],
    ['hadoop-client', ['ConfigMap hadoop-configuration-client', 'Job hadoop-one-time-job']],
  ])('is changed by another configuration of %s in that part alone', async (role, parts) => {
    const before = await services.objects('hadoop-service');
    services.hadoop(role, 'another configuration');
    const after = await services.objects('hadoop-service');
    services.hadoop(role, `fake configuration of ${role}`);
    const changed = after.filter((object, index) => JSON.stringify(object) !== JSON.stringify(before[index]));
    expect(changed.map(({ kind, metadata }) => `${kind} ${metadata.name}`)).toEqual(parts);
    expect(await services.objects('hadoop-service')).toEqual(before);
  });

  it('gives node managers what is written for their kind of machine', async () => {
    for (const sku of ['GENERIC', 'GPU']) {
      const name = `hadoop-node-manager-${sku.toLowerCase()}`;
      const { data } = await services.object('hadoop-service', 'ConfigMap', name);
      expect(data).toEqual({ 'core-site.xml': `fake configuration of hadoop-node-manager/${sku}` });
      const pod = podOf(await services.object('hadoop-service', 'DaemonSet', name));
      expect(pod.nodeSelector).toEqual({ yarnrole: 'worker', 'machine-sku': sku });
    }
    expect(await services.nodeLabels('hadoop-service')).toMatchObject({
      '10.1.0.11': { yarnrole: 'worker', 'machine-sku': 'GPU' },
      '10.1.0.12': { yarnrole: 'worker', 'machine-sku': 'GENERIC' },
    });
  });
});

describe('cleaning', () => {
  it('may delete what belongs to others, below data-path of every machine, and nothing else', async () => {
    const alone = await RenderedServices.of(
      'image-list:\n  cleaning-image: {}\nservice-list:\n  cleaning:\n    image: [cleaning-image]\n',
    );
    const [workload, ...others] = await alone.workloads('cleaning');
    expect(others).toEqual([]);
    const pod = podOf(workload as KubeObject);
    expect(pod.nodeSelector).toBeUndefined();
    expect(pod.tolerations).toEqual([{ operator: 'Exists' }]);
    const paths = listAt(pod, 'volumes').map((volume) => textAt(volume, 'hostPath', 'path'));
    expect(paths.filter((one) => one !== undefined)).toEqual(['/datastorage']);
    const [container] = listAt(pod, 'containers');
    expect(valueAt(container, 'args')).toEqual(['/data']);
    expect(valueAt(container, 'readinessProbe', 'exec', 'command')).toEqual(['test', '-f', '/jobstatus/jobok']);
    expect(valueAt(container, 'securityContext')).toEqual({
      runAsUser: 0,
      runAsGroup: 0,
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'], add: ['DAC_OVERRIDE', 'FOWNER'] },
    });
    alone.remove();
  });
});

describe('a configuration', () => {
  it('without GPUs has no drivers and no GPU exporter', async () => {
    const plain = await RenderedServices.ofCatalogue([
      CLUSTER,
      'gpu: { type: K80, count: 4 }',
      'gpu: { type: none, count: 0 }',
    ]);
    expect(await plain.objects('drivers')).toEqual([]);
    expect((await plain.workloads('prometheus')).map(({ metadata }) => metadata.name).sort()).toEqual([
      'node-exporter',
      'prometheus',
    ]);
    plain.remove();
  });

  it('with nothing but GPUs has no exporter that would run nowhere', async () => {
    const master = '    machine-type: GENERIC\n    k8s-role: master\n    etcdid: etcdid1\n';
    const worker = '  - hostname: w2\n    hostip: 10.1.0.12\n    machine-type: GENERIC\n';
    const all = await RenderedServices.ofCatalogue(
      [CLUSTER, master, master.replace('GENERIC', 'GPU')],
      [CLUSTER, worker, worker.replace('GENERIC', 'GPU')],
      [CLUSTER, '    node-exporter: "true"\n', ''],
    );
    expect((await all.workloads('prometheus')).map(({ metadata }) => metadata.name).sort()).toEqual([
      'gpu-exporter',
      'prometheus',
    ]);
    all.remove();
  });

  it('without a secret for tokens is told so, with the place', async () => {
    const lacking = await RenderedServices.ofCatalogue([SERVICES, '  jwt-secret: jwt-hidden\n', '']);
    const error = await failure(lacking.objects('rest-server'));
    expect(error.code).toBe('TEMPLATE');
    expect(error.message).toBe("clusterinfo.restserver['jwt-secret'] is undefined");
    expect(error.where).toMatch(/^templates\/services\/rest-server\/rest-server\.yaml\.template:\d+:\d+$/);
    lacking.remove();
  });

  it('with a registry that asks for no login names no pull secret', async () => {
    const open = await RenderedServices.ofCatalogue(
      [SERVICES, '    docker-username: pusher\n', ''],
      [SERVICES, '    docker-password: registry-secret\n', ''],
    );
    for (const name of open.names) {
      for (const workload of await open.workloads(name)) expect(podOf(workload).imagePullSecrets).toBeUndefined();
    }
    expect((await open.objects('cluster-configuration')).map(({ kind }) => kind)).toEqual(['ConfigMap', 'ConfigMap']);
    open.remove();
  });
});

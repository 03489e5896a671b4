import type { Cluster, Host } from '../../../src/cluster/model.js';
import type { Action } from '../../../src/model/target.js';

/** Fake: an action that can be declared but never run. */
export function fakeAction(): Action {
  const never = () => Promise.reject(new Error('a fake action was run'));
  return { pools: [], observe: never, desired: never, clean: never };
}

/** A host with what declarations look at. */
export function fakeHost(name: string): Host {
  return {
    name,
    nodeName: '192.0.2.1',
    address: '192.0.2.1',
    role: 'worker',
    sku: { name: 'small', memoryGb: 4, vcores: 2, os: 'debian' },
    login: { name, address: '192.0.2.1', port: 22, user: 'pai' },
    dashboard: false,
    paiMaster: false,
    paiWorker: true,
    nodeExporter: false,
    labels: {},
    raw: {},
  };
}

/** Fake: nothing is anywhere. */
const ADDRESSES: Cluster['addresses'] = {
  etcdPeers: '',
  etcdServers: '',
  apiServer: 'https://192.0.2.9:6443',
  zookeeper: '',
  hdfs: '',
  webHdfs: '',
  yarn: '',
  jobHistory: '',
  timeline: '',
  launcher: '',
  restServer: '',
  webportal: '',
  grafana: '',
  prometheus: '',
  pylon: '',
};

/** Fake: a cluster with these hosts, all workers, and nothing else. */
export function fakeCluster(hosts: readonly Host[] = []): Cluster {
  return {
    directory: '/nowhere',
    operatorDirectory: '/nowhere/operator',
    hosts,
    masters: [],
    workers: hosts,
    proxies: [],
    kubernetes: {
      clusterDns: '10.0.0.10',
      loadBalanceIp: '192.0.2.9',
      serviceClusterIpRange: '10.0.0.0/16',
      apiServiceIp: '10.0.0.1',
      storageBackend: 'etcd3',
      network: { kind: 'host-only' },
      ownDns: false,
      dockerRegistry: 'registry.example/k8s',
      dockerRegistryInsecure: false,
      containerRuntime: 'docker',
      packageSource: { only: false },
      versions: {
        hyperkube: 'v1.20.2',
        etcd: '3.4.13',
        apiserver: 'v1.20.2',
        scheduler: 'v1.20.2',
        controllerManager: 'v1.20.2',
        dashboard: 'v2.0.0',
        haproxy: '2.2',
        pause: '3.2',
        coredns: 'v1.10.1',
      },
      raw: {},
    },
    services: {
      clusterId: 'test',
      dataPath: '/var/lib/data',
      registry: { domain: 'registry.example', namespace: 'pai', tag: 'latest', secretName: 'pull', insecure: false },
      imageBuild: {},
      hadoop: { hadoopVersion: '2.9.0', hadoopDownloadUrl: 'https://mirror.example/h.tar.gz', virtualClusters: [] },
      frameworklauncher: { frameworklauncherPort: 9086 },
      restserver: { serverPort: 9186 },
      webportal: { serverPort: 9286 },
      grafana: { grafanaPort: 3000 },
      prometheus: { prometheusPort: 9091, nodeExporterPort: 9100 },
      pylon: { port: 80 },
      raw: {},
    },
    addresses: ADDRESSES,
    images: [],
    serviceList: [],
    variables: { kubernetes: {}, services: async () => ({}), images: {} },
    revealSecrets: async () => undefined,
  };
}

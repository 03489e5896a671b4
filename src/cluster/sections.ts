import type { KubernetesFile, PackageSourceEntry, RegistryEntry, ServicesFile } from './files.js';
import { configuredPath } from './hosts.js';
import { formatIp, isWithin, parseIp, parseRange } from './ip.js';
import type {
  HadoopConfiguration,
  KubernetesConfiguration,
  PackageSource,
  PodNetwork,
  RegistryConfiguration,
  RestServerConfiguration,
  ServicesConfiguration,
} from './model.js';
import { defaultRuntime, minorRelease, OLDEST_MINOR } from './release.js';
import { servicesRaw } from './variables.js';
import { virtualClusters } from './virtual-clusters.js';

/** kubernetes-configuration.yaml as the model has it; relative paths in it are relative to `directory`. */
export function buildKubernetes({ kubernetes }: KubernetesFile, directory: string): KubernetesConfiguration {
  const upstream = kubernetes['upstream-registry'];
  return {
    clusterDns: kubernetes['cluster-dns'],
    loadBalanceIp: kubernetes['load-balance-ip'],
    serviceClusterIpRange: kubernetes['service-cluster-ip-range'],
    apiServiceIp: firstService(kubernetes['service-cluster-ip-range']),
    storageBackend: kubernetes['storage-backend'],
    network: buildNetwork(kubernetes, directory),
    ownDns: isService(kubernetes['cluster-dns'], kubernetes['service-cluster-ip-range']),
    dockerRegistry: kubernetes['docker-registry'],
    dockerRegistryInsecure: kubernetes['docker-registry-insecure'] === 'true',
    // Only releases that are known come here.
    containerRuntime:
      kubernetes['container-runtime'] ?? defaultRuntime(minorRelease(kubernetes['hyperkube-version']) ?? OLDEST_MINOR),
    packageSource: buildPackageSource(kubernetes['package-source'], directory),
    ...(upstream !== undefined && {
      upstreamRegistry: { prefix: upstream, insecure: kubernetes['upstream-registry-insecure'] === 'true' },
    }),
    versions: {
      hyperkube: kubernetes['hyperkube-version'],
      etcd: kubernetes['etcd-version'],
      apiserver: kubernetes['apiserver-version'],
      scheduler: kubernetes['kube-scheduler-version'],
      controllerManager: kubernetes['kube-controller-manager-version'],
      dashboard: kubernetes['dashboard-version'],
      haproxy: kubernetes['haproxy-version'],
      pause: kubernetes['pause-version'],
      coredns: kubernetes['coredns-version'],
    },
    raw: { ...kubernetes },
  };
}

function buildPackageSource(source: PackageSourceEntry | undefined, directory: string): PackageSource {
  if (source === undefined) return { only: false };
  const { 'apt-line': aptLine, key, only, packages } = source;
  return {
    ...(aptLine !== undefined && { aptLine }),
    ...(key !== undefined && { keyPath: configuredPath(key, directory) }),
    only: only === 'true',
    ...(packages !== undefined && { packages }),
  };
}

function buildNetwork(kubernetes: KubernetesFile['kubernetes'], directory: string): PodNetwork {
  const { network: kind, 'pod-cidr': podCidr, 'pod-cidr-mask': mask, 'network-manifests': path } = kubernetes;
  // The cross checks have told of a kind that lacks what it needs.
  if (kind === 'bridge' && podCidr !== undefined) return { kind, podCidr, mask };
  if (kind === 'manifests' && path !== undefined) {
    return { kind, path: configuredPath(path, directory), ...(podCidr !== undefined && { podCidr }), mask };
  }
  return { kind: 'host-only' };
}

function isService(address: string, range: string): boolean {
  const [ip, services] = [parseIp(address), parseRange(range)];
  return ip !== undefined && services !== undefined && isWithin(ip, services);
}

function firstService(range: string): string {
  const parsed = parseRange(range);
  // Only what the schema takes comes here.
  return parsed ? formatIp({ bits: parsed.bits, value: parsed.first + 1n }) : '';
}

/** services-configuration.yaml as the model has it; relative paths in it are relative to `directory`. */
export function buildServices(file: ServicesFile, directory: string): ServicesConfiguration {
  const driver = file.cluster['nvidia-drivers-version'];
  const docker = file.cluster['docker-version'];
  const { 'base-image': baseImage, 'apt-line': aptLine } = file.cluster['image-build'];
  return {
    clusterId: file.cluster.clusterid,
    ...(driver === undefined ? {} : { nvidiaDriversVersion: driver }),
    ...(docker === undefined ? {} : { dockerVersion: docker }),
    dataPath: file.cluster['data-path'],
    registry: buildRegistry(file.cluster['docker-registry-info'], directory),
    imageBuild: {
      ...(baseImage !== undefined && { baseImage }),
      ...(aptLine !== undefined && { aptLine }),
    },
    hadoop: buildHadoop(file.hadoop, directory),
    frameworklauncher: { frameworklauncherPort: file.frameworklauncher['frameworklauncher-port'] },
    restserver: buildRestServer(file.restserver),
    webportal: { serverPort: file.webportal['server-port'] },
    grafana: { grafanaPort: file.grafana['grafana-port'] },
    prometheus: {
      prometheusPort: file.prometheus['prometheus-port'],
      nodeExporterPort: file.prometheus['node-exporter-port'],
    },
    pylon: { port: file.pylon.port },
    raw: servicesRaw(file),
  };
}

function buildRegistry(entry: RegistryEntry, directory: string): RegistryConfiguration {
  const domain = entry['docker-registry-domain'];
  const username = entry['docker-username'];
  const password = entry['docker-password'];
  const ca = entry['docker-registry-ca'];
  return {
    domain: domain === 'public' ? 'docker.io' : domain,
    namespace: entry['docker-namespace'],
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    tag: entry['docker-tag'],
    secretName: entry['secret-name'],
    ...(ca === undefined ? {} : { caPath: configuredPath(ca, directory) }),
    insecure: entry['docker-registry-insecure'] === 'true',
  };
}

function buildHadoop(hadoop: ServicesFile['hadoop'], directory: string): HadoopConfiguration {
  const path = hadoop['custom-hadoop-binary-path'];
  const version = hadoop['hadoop-version'];
  const sha512 = hadoop['hadoop-sha512'];
  return {
    ...(path === 'None' ? {} : { customHadoopBinaryPath: configuredPath(path, directory) }),
    hadoopVersion: version,
    hadoopDownloadUrl: hadoop['hadoop-download-url'].replaceAll('{version}', version),
    ...(sha512 === undefined ? {} : { hadoopSha512: sha512.toLowerCase() }),
    virtualClusters: virtualClusters(hadoop.virtualClusters),
  };
}

function buildRestServer(restserver: ServicesFile['restserver']): RestServerConfiguration {
  const secret = restserver['jwt-secret'];
  const username = restserver['default-pai-admin-username'];
  const password = restserver['default-pai-admin-password'];
  return {
    serverPort: restserver['server-port'],
    ...(secret === undefined ? {} : { jwtSecret: secret }),
    ...(username === undefined ? {} : { defaultPaiAdminUsername: username }),
    ...(password === undefined ? {} : { defaultPaiAdminPassword: password }),
  };
}

import type { JsonObject } from '../model/json.js';
import type { ClusterFile, KubernetesFile, RoleFile, ServicesFile } from './files.js';
import type { Addresses, Cluster, Host, Role } from './model.js';
import { virtualClusters } from './virtual-clusters.js';

/** Fields whose values must not end up in an image. */
const SECRET_FIELDS: ReadonlySet<string> = new Set(['docker-password', 'jwt-secret', 'default-pai-admin-password']);

/** What templates see, by the names that the templates of the original system use. No machine password is in it. */
export function buildVariables(
  files: { cluster: ClusterFile; kubernetes: KubernetesFile; roles: RoleFile; services: ServicesFile },
  hosts: readonly Host[],
  addresses: Addresses,
): Cluster['variables'] {
  const clusterinfo = buildClusterInfo(files.services);
  return {
    kubernetes: {
      clusterconfig: {
        ...files.kubernetes.kubernetes,
        etcd_cluster_ips_peer: addresses.etcdPeers,
        etcd_cluster_ips_server: addresses.etcdServers,
        'etcd-initial-cluster-state': 'new',
      },
      cluster: {
        mastermachinelist: byName(hosts, 'master'),
        workermachinelist: byName(hosts, 'worker'),
        proxymachinelist: byName(hosts, 'proxy'),
        'component-list': files.roles['component-list'],
        'k8s-role': { ...files.roles['k8s-role'] },
      },
    },
    services: {
      clusterinfo,
      machineinfo: machineInfo(files.cluster),
      machinelist: byName(hosts),
      addresses: { ...addresses },
    },
    images: { clusterconfig: { clusterinfo: withoutSecrets(clusterinfo) } },
  };
}

/** The sections of services-configuration.yaml, with both spellings of docker-version, and `dockerregistryinfo`. */
function buildClusterInfo(file: ServicesFile): JsonObject {
  const registry = file.cluster['docker-registry-info'];
  const domain = registry['docker-registry-domain'];
  const prefix = `${domain === 'public' ? '' : `${domain}/`}${registry['docker-namespace']}/`;
  return { ...servicesRaw(file), dockerregistryinfo: { ...registry, prefix } };
}

/** services-configuration.yaml as templates may see it. */
export function servicesRaw(file: ServicesFile): JsonObject {
  const { 'docker-version': version, ...cluster } = file.cluster;
  return {
    cluster: {
      ...cluster,
      'docker-registry-info': { ...cluster['docker-registry-info'] },
      ...(version === undefined ? {} : { 'docker-verison': version, 'docker-version': version }),
    },
    hadoop: { ...file.hadoop, virtualClusters: queues(file) },
    frameworklauncher: { ...file.frameworklauncher },
    restserver: { ...file.restserver },
    webportal: { ...file.webportal },
    grafana: { ...file.grafana },
    prometheus: { ...file.prometheus },
    pylon: { ...file.pylon },
  };
}

/** The virtual clusters with the shares that they get. */
function queues(file: ServicesFile): JsonObject {
  return Object.fromEntries(
    virtualClusters(file.hadoop.virtualClusters).map(({ name, ...queue }) => [name, { ...queue }]),
  );
}

function machineInfo(file: ClusterFile): JsonObject {
  return Object.fromEntries(
    Object.entries(file['machine-sku']).map(([name, { cpu, gpu, ...sku }]) => [
      name,
      { ...sku, cpu: { ...cpu }, ...(gpu === undefined ? {} : { gpu: { ...gpu } }) },
    ]),
  );
}

function byName(hosts: readonly Host[], role?: Role): JsonObject {
  return Object.fromEntries(
    hosts.filter((host) => role === undefined || host.role === role).map((host) => [host.name, host.raw]),
  );
}

function withoutSecrets(value: JsonObject): JsonObject {
  return Object.fromEntries(
    Object.entries(value)
      .filter(([name]) => !SECRET_FIELDS.has(name))
      .map(([name, inner]) => [name, isObject(inner) ? withoutSecrets(inner) : inner]),
  );
}

function isObject(value: JsonObject[string] | undefined): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

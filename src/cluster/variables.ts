import type { Json, JsonObject } from '../model/json.js';
import { Secret, secretError } from '../model/secret.js';
import type { ClusterFile, KubernetesFile, RoleFile, ServicesFile } from './files.js';
import { deepFreeze } from './freeze.js';
import type { Addresses, Cluster, Host, Role } from './model.js';
import { virtualClusters } from './virtual-clusters.js';

/** Data in which some texts are secrets. */
type Sealed = Json | Secret | readonly Sealed[] | { readonly [key: string]: Sealed | undefined };
type SealedObject = { readonly [key: string]: Sealed | undefined };

/** What templates see, by the names that the templates of the original system use. No machine password is in it. */
export function buildVariables(
  files: { cluster: ClusterFile; kubernetes: KubernetesFile; roles: RoleFile; services: ServicesFile },
  hosts: readonly Host[],
  addresses: Addresses,
): Cluster['variables'] {
  const clusterinfo = buildClusterInfo(files.services);
  let revealing: Promise<JsonObject> | undefined;
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
    services: async () => {
      revealing ??= revealed(clusterinfo).then(deepFreeze);
      const machines = { machineinfo: machineInfo(files.cluster), machinelist: byName(hosts) };
      return { clusterinfo: await revealing, ...machines, addresses: { ...addresses } };
    },
    images: { clusterconfig: { clusterinfo: withoutSecrets(clusterinfo) } },
  };
}

/** The sections of services-configuration.yaml, with both spellings of docker-version, and `dockerregistryinfo`. */
function buildClusterInfo(file: ServicesFile): SealedObject {
  const registry = file.cluster['docker-registry-info'];
  const domain = registry['docker-registry-domain'];
  const prefix = `${domain === 'public' ? '' : `${domain}/`}${registry['docker-namespace']}/`;
  return { ...sections(file), dockerregistryinfo: { ...registry, prefix } };
}

/** services-configuration.yaml without its secrets. */
export function servicesRaw(file: ServicesFile): JsonObject {
  return withoutSecrets(sections(file));
}

/** services-configuration.yaml as templates may see it. */
function sections(file: ServicesFile): SealedObject {
  // How images are built is nothing that a service could depend on.
  const { 'docker-version': version, 'image-build': _, ...cluster } = file.cluster;
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

/** What may end up in an image, or anywhere else where secrets have no place. */
function withoutSecrets(value: SealedObject): JsonObject {
  const kept: Record<string, Json> = {};
  for (const [name, inner] of Object.entries(value)) {
    if (inner === undefined || inner instanceof Secret) continue;
    kept[name] = isMapping(inner) ? withoutSecrets(inner) : (inner as Json);
  }
  return kept;
}

/** With the texts of secrets. Throws SECRET. */
async function revealed(value: SealedObject): Promise<JsonObject> {
  const known = Object.entries(value).filter(([, inner]) => inner !== undefined);
  const entries = known.map(async ([name, inner]): Promise<[string, Json]> => {
    if (inner instanceof Secret) return [name, await inner.reveal()];
    return [name, isMapping(inner) ? await revealed(inner) : (inner as Json)];
  });
  const outcomes = await Promise.allSettled(entries);
  const failures = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason as unknown] : []));
  if (failures.length > 0) throw secretError(failures);
  return Object.fromEntries(outcomes.flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : [])));
}

/** No secret in these files is in a list. */
function isMapping(value: Sealed | undefined): value is SealedObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Secret);
}

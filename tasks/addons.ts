import { type Action, type Cluster, type Host, objectsAction, readManifests } from 'pai';
import { componentImages } from './component-images.js';
import { rolledByAuthorities } from './pods.js';

/** Where `addresses.dashboard` says that it is. */
const DASHBOARD_PORT = 9090;

/** Roles for the cluster's own certificates. */
export function accessRules(): Action {
  return objectsAction({ manifests: { folder: 'kubernetes/rbac', variables: () => ({}) } });
}

/** kube-proxy on every node. */
export function kubeProxy(cluster: Cluster): Action {
  const manifests = {
    folder: 'kubernetes/kube-proxy',
    variables: () => ({
      ...cluster.variables.kubernetes,
      image: componentImages(cluster).hyperkube,
      pod_cidr: podCidr(cluster),
    }),
  };
  return objectsAction({
    objects: async (context) => rolledByAuthorities(await readManifests(manifests, context), context),
  });
}

/** Addresses of pods, or an empty text where they have none of their own. */
export function podCidr({ kubernetes: { network } }: Cluster): string {
  return network.kind === 'host-only' ? '' : (network.podCidr ?? '');
}

/** What runs on Kubernetes for the cluster itself. */
export interface Addon {
  /** `dns` of `addon:dns`. */
  readonly name: string;
  readonly description: string;
  readonly action: Action;
}

/** Those that a configuration chooses. */
export function clusterAddons(cluster: Cluster): readonly Addon[] {
  const { network, ownDns } = cluster.kubernetes;
  const addons: Addon[] = [];
  // Else cluster-dns is a name server outside.
  if (network.kind !== 'host-only' && ownDns) {
    addons.push({
      name: 'dns',
      description: 'name server of the cluster, at cluster-dns',
      action: nameServer(cluster),
    });
  }
  const host = cluster.hosts.find((one) => one.dashboard);
  if (host !== undefined) {
    const description = `Kubernetes dashboard, on ${host.name}`;
    addons.push({ name: 'dashboard', description, action: dashboard(cluster, host) });
  }
  return addons;
}

function nameServer(cluster: Cluster): Action {
  return objectsAction({
    manifests: {
      folder: 'kubernetes/coredns',
      variables: () => ({
        ...cluster.variables.kubernetes,
        image: componentImages(cluster).coredns,
      }),
    },
  });
}

function dashboard(cluster: Cluster, host: Host): Action {
  return objectsAction({
    manifests: {
      folder: 'kubernetes/dashboard',
      variables: () => ({ image: componentImages(cluster).dashboard, node: host.nodeName, port: DASHBOARD_PORT }),
    },
  });
}

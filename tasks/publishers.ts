import type { Cluster } from 'pai';
import { clusterAddons } from './addons.js';
import type { ComponentImages } from './component-images.js';

/** A component image, and where its publisher has it. */
export interface Published {
  readonly component: keyof ComponentImages;
  readonly name: string;
  readonly kind: 'component' | 'add-on';
  readonly use: string;
  readonly source?: { readonly image: string; readonly insecure: boolean };
  readonly unpublished?: string;
}

/** Where publishers keep the images of a component, but for its tag. Source: their installation documents. */
const PUBLISHED: Readonly<Record<keyof ComponentImages, string>> = {
  // Up to v1.18: see below.
  hyperkube: 'registry.k8s.io/hyperkube',
  pause: 'registry.k8s.io/pause',
  etcd: 'registry.k8s.io/etcd',
  apiserver: 'registry.k8s.io/kube-apiserver',
  controllerManager: 'registry.k8s.io/kube-controller-manager',
  scheduler: 'registry.k8s.io/kube-scheduler',
  haproxy: 'docker.io/library/haproxy',
  coredns: 'registry.k8s.io/coredns/coredns',
  dashboard: 'docker.io/kubernetesui/dashboard',
};

/** The components that this cluster runs. */
export function publishers(cluster: Cluster): readonly Published[] {
  const { versions } = cluster.kubernetes;
  const addons = clusterAddons(cluster).map(({ name }) => name);
  const all: readonly (readonly [keyof ComponentImages, string, string, string, Published['kind'], boolean])[] = [
    ['hyperkube', 'hyperkube', versions.hyperkube, 'kubelet and kube-proxy of every host', 'component', true],
    ['pause', 'pause', versions.pause, 'the first container of each pod', 'component', true],
    ['etcd', 'etcd', versions.etcd, 'on masters', 'component', true],
    ['apiserver', 'kube-apiserver', versions.apiserver, 'on masters', 'component', true],
    ['controllerManager', 'kube-controller-manager', versions.controllerManager, 'on masters', 'component', true],
    ['scheduler', 'kube-scheduler', versions.scheduler, 'on masters', 'component', true],
    ['haproxy', 'haproxy', versions.haproxy, 'on the proxy', 'component', cluster.proxies.length > 0],
    ['coredns', 'coredns', versions.coredns, 'addon:dns', 'add-on', addons.includes('dns')],
    ['dashboard', 'dashboard', versions.dashboard, 'addon:dashboard', 'add-on', addons.includes('dashboard')],
  ];
  return all.flatMap(([component, name, version, use, kind, needed]) =>
    needed ? [{ component, name, kind, use, ...sourceOf(cluster, component, name, version) }] : [],
  );
}

function sourceOf(
  { kubernetes }: Cluster,
  component: keyof ComponentImages,
  name: string,
  version: string,
): Pick<Published, 'source' | 'unpublished'> {
  const { upstreamRegistry } = kubernetes;
  if (upstreamRegistry !== undefined) {
    const { prefix, insecure } = upstreamRegistry;
    return { source: { image: `${prefix}/${name}:${version}`, insecure } };
  }
  if (component === 'hyperkube' && !publishedHyperkube(version)) {
    return {
      unpublished: 'no longer published after v1.18; build it, or set upstream-registry to a registry that has it',
    };
  }
  return { source: { image: `${PUBLISHED[component]}:${version}`, insecure: false } };
}

function publishedHyperkube(version: string): boolean {
  const [, major, minor] = /^v?(\d+)\.(\d+)\./.exec(version) ?? [];
  return Number(major) === 1 && Number(minor) <= 18;
}

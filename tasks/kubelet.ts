import type { ActionContext, Cluster, ContainerRuntime, Host, PayloadFile, PodNetwork } from 'pai';
import { sharedFile } from './certificates.js';
import { componentImages } from './component-images.js';
import type { Settings } from './host-script.js';
import { type Release, releasesOf } from './releases.js';

const CONTAINERD_SOCKET = 'unix:///run/containerd/containerd.sock';

/** What `kubelet.sh`, the runtime's functions and the probes of a node are told. */
export function kubeletSettings(cluster: Cluster, host: Host): Settings {
  const { containerRuntime, network } = cluster.kubernetes;
  const { hyperkube, pause } = componentImages(cluster);
  return {
    RUNTIME: containerRuntime,
    HYPERKUBE: hyperkube,
    KUBELET_FLAGS: kubeletFlags(releasesOf(cluster).kubelet, containerRuntime, pause, network.kind).join(' '),
    NODE: host.nodeName,
    NETWORK: network.kind,
  };
}

/** Flags that depend on the release, the runtime and the network of pods; `pause` is the image that keeps a pod's namespaces. */
export function kubeletFlags(
  release: Release,
  runtime: ContainerRuntime,
  pause: string,
  network: PodNetwork['kind'],
): readonly string[] {
  const flags: string[] = [];
  // containerd has its own settings for that.
  if (runtime === 'docker' && network !== 'host-only') {
    flags.push(
      '--network-plugin=cni',
      '--cni-conf-dir=/etc/cni/net.d',
      '--cni-bin-dir=/opt/cni/bin',
      '--cni-cache-dir=/var/lib/cni/cache',
    );
  }
  if (runtime === 'containerd') {
    if (release.containerRuntimeFlag) flags.push('--container-runtime=remote');
    if (!release.runtimeEndpointInConfiguration) flags.push(`--container-runtime-endpoint=${CONTAINERD_SOCKET}`);
  }
  if (release.podInfraImageFlag) flags.push(`--pod-infra-container-image=${pause}`);
  return flags;
}

/** kubelet's configuration, its way to the API, and the CA that it trusts. */
export async function kubeletFiles(cluster: Cluster, context: ActionContext): Promise<readonly PayloadFile[]> {
  const { templates } = context.drivers;
  const release = releasesOf(cluster).kubelet;
  const variables = {
    ...cluster.variables.kubernetes,
    server: cluster.addresses.apiServer,
    release: { ...release },
    runtime_endpoint: cluster.kubernetes.containerRuntime === 'containerd' ? CONTAINERD_SOCKET : '',
  };
  return [
    {
      path: 'root/etc/kubernetes/kubelet.yaml',
      mode: 0o600,
      content: await templates.render('kubernetes/kubelet/kubelet.yaml.template', variables),
    },
    {
      path: 'root/etc/kubernetes/kubelet.conf',
      mode: 0o600,
      content: await templates.render('kubernetes/kubelet/kubelet.conf.template', variables),
    },
    { path: 'root/etc/kubernetes/pki/ca.crt', mode: 0o600, content: await sharedFile(context, 'ca.crt') },
  ];
}

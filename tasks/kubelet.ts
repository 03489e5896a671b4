import type { ActionContext, Cluster, ContainerRuntime, Host, PayloadFile } from 'pai';
import { sharedFile } from './certificates.js';
import { componentImages } from './component-images.js';
import type { Settings } from './host-script.js';
import { type Release, releasesOf } from './releases.js';

const CONTAINERD_SOCKET = 'unix:///run/containerd/containerd.sock';

/** What `kubelet.sh`, the runtime's functions and the probes of a node are told. */
export function kubeletSettings(cluster: Cluster, host: Host): Settings {
  const { containerRuntime } = cluster.kubernetes;
  const { hyperkube, pause } = componentImages(cluster);
  return {
    RUNTIME: containerRuntime,
    HYPERKUBE: hyperkube,
    KUBELET_FLAGS: kubeletFlags(releasesOf(cluster).kubelet, containerRuntime, pause).join(' '),
    NODE: host.nodeName,
  };
}

/** Flags that depend on the release and the runtime; `pause` is the image that keeps a pod's namespaces. */
export function kubeletFlags(release: Release, runtime: ContainerRuntime, pause: string): readonly string[] {
  const flags: string[] = [];
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

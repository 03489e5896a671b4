import type { ActionContext, Cluster, Host, PayloadFile } from 'pai';
import { sharedFile } from './certificates.js';
import { componentImages } from './component-images.js';
import type { Settings } from './host-script.js';

/** What `kubelet.sh` and the probes of a node are told. */
export function kubeletSettings(cluster: Cluster, host: Host): Settings {
  const { hyperkube, pause } = componentImages(cluster);
  return { HYPERKUBE: hyperkube, PAUSE: pause, NODE: host.nodeName, NETWORK: cluster.kubernetes.network.kind };
}

/** kubelet's configuration, its way to the API, and the CA that it trusts. */
export async function kubeletFiles(cluster: Cluster, context: ActionContext): Promise<readonly PayloadFile[]> {
  const { templates } = context.drivers;
  const variables = { ...cluster.variables.kubernetes, server: cluster.addresses.apiServer };
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

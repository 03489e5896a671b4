import { createHash } from 'node:crypto';
import { type Action, type Cluster, type Host, hostAction, uriHost } from 'pai';
import { issuedLate, kubeletCertificates, proxyCertificates } from './certificates.js';
import { componentImages } from './component-images.js';
import { dataOf, dataSettings } from './data.js';
import { drained } from './drained.js';
import { hostScript } from './host-script.js';
import { kubeletFiles, kubeletSettings } from './kubelet.js';
import { checkVersions } from './versions.js';

/**
 * kubelet on the proxy and the haproxy that it runs in front of the masters, whose list its configuration follows. It counts
 * when haproxy runs: the masters come up behind it.
 */
export function loadBalancer(cluster: Cluster, host: Host): Action {
  const settings = kubeletSettings(cluster, host);
  const action = hostAction({
    host: host.login,
    probe: (context) => hostScript(context, settings, ['proxy-probe.sh']),
    async work(context) {
      const { templates } = context.drivers;
      const configuration = await templates.render('kubernetes/haproxy/haproxy.cfg.template', {
        masters: cluster.masters.map(({ name, address }) => ({ name, address: uriHost(address) })),
      });
      const manifest = await templates.render('kubernetes/haproxy/haproxy.yaml.template', {
        image: componentImages(cluster).haproxy,
        // Read at the start only, so that another list of masters has to be another pod.
        inputs: createHash('sha256').update(configuration).digest('hex'),
      });
      return {
        files: [
          ...(await kubeletFiles(cluster, context)),
          { path: 'root/etc/kubernetes/haproxy/haproxy.cfg', mode: 0o600, content: configuration },
          { path: 'root/etc/kubernetes/manifests/haproxy.yaml', mode: 0o600, content: manifest },
        ],
        late: await issuedLate({ ...kubeletCertificates(host), ...proxyCertificates() }, context),
        script: await hostScript(context, settings, ['kubelet.sh', 'proxy.sh']),
        probe: await hostScript(context, settings, ['proxy-probe.sh']),
      };
    },
    keeps: dataOf(cluster, 'other'),
    clean: async (context) => ({
      script: await hostScript(context, { ...settings, ...dataSettings(cluster, context) }, [
        'reset.sh',
        'proxy-clean.sh',
      ]),
    }),
  });
  return {
    ...drained(action, host),
    check: (context, allow) => checkVersions(host, { kubelet: cluster.kubernetes.versions.hyperkube }, context, allow),
  };
}

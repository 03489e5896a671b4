import { type Action, type Cluster, type Host, hostAction, uriHost } from 'pai';
import { etcdCertificates, issuedLate, kubeletCertificates, sharedFile } from './certificates.js';
import { componentImages } from './component-images.js';
import { dataOf, dataSettings } from './data.js';
import { hostScript } from './host-script.js';
import { kubeletFiles, kubeletSettings } from './kubelet.js';

/** kubelet on a master and the member of etcd that it runs. Healthy means that it commits, so a quorum is there. */
export function etcdMember(cluster: Cluster, host: Host): Action {
  const settings = kubeletSettings(cluster, host);
  const probe = ['etcd-health.sh', 'etcd-probe.sh'];
  return hostAction({
    host: host.login,
    probe: (context) => hostScript(context, settings, probe),
    async work(context) {
      const manifest = await context.drivers.templates.render('kubernetes/etcd/etcd.yaml.template', {
        ...cluster.variables.kubernetes,
        hostcofig: host.raw,
        image: componentImages(cluster).etcd,
        uri_host: uriHost(host.address),
        token: cluster.services.clusterId,
        inputs: context.outputs.get('pki') ?? '',
      });
      return {
        files: [
          ...(await kubeletFiles(cluster, context)),
          {
            path: 'root/etc/kubernetes/pki/etcd-ca.crt',
            mode: 0o600,
            content: await sharedFile(context, 'etcd-ca.crt'),
          },
          { path: 'root/etc/kubernetes/manifests/etcd.yaml', mode: 0o600, content: manifest },
        ],
        late: issuedLate({ ...kubeletCertificates(host), ...etcdCertificates(host) }, context),
        script: await hostScript(context, settings, ['kubelet.sh', 'etcd-health.sh', 'etcd.sh']),
        probe: await hostScript(context, settings, probe),
      };
    },
    keeps: dataOf(cluster, 'master'),
    clean: async (context) => ({
      script: await hostScript(context, { ...settings, ...dataSettings(cluster, context) }, [
        'reset.sh',
        'etcd-clean.sh',
      ]),
    }),
  });
}

import { type Action, type ActionContext, type Cluster, type Host, hostAction, type PayloadFile, uriHost } from 'pai';
import { certificatesState, etcdCertificates, issuedLate, kubeletCertificates, sharedFile } from './certificates.js';
import { componentImages } from './component-images.js';
import { dataOf, dataSettings } from './data.js';
import { drained } from './drained.js';
import { hostScript, type Settings } from './host-script.js';
import { kubeletFiles, kubeletSettings } from './kubelet.js';
import { checkSkew, checkVersions } from './versions.js';

/** A host has it whose member of etcd once served: who comes later has to join. */
const SERVED = '/var/lib/pai/etcd-served';

/**
 * kubelet on a master and the member of etcd that it runs. Healthy means that it commits, so a quorum is there. Who the members are is no part of
 * the fingerprint: etcd reads it only where it has no data, so a new master leaves the others alone. What runs there besides the control plane
 * leaves before kubelet is changed, as on a worker.
 */
export function etcdMember(cluster: Cluster, host: Host): Action {
  const settings = etcdSettings(cluster, host);
  const probe = ['etcd-health.sh', 'etcd-probe.sh'];
  const action = hostAction({
    host: host.login,
    probe: (context) => hostScript(context, settings, probe),
    async work(context) {
      const manifest = await context.drivers.templates.render('kubernetes/etcd/etcd.yaml.template', {
        ...cluster.variables.kubernetes,
        hostcofig: host.raw,
        image: componentImages(cluster).etcd,
        uri_host: uriHost(host.address),
        token: cluster.services.clusterId,
        inputs: await certificatesState(context),
      });
      const certificates = await issuedLate({ ...kubeletCertificates(host), ...etcdCertificates(host) }, context);
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
        late: {
          spec: certificates.spec,
          files: async (applying) => [
            ...(await certificates.files(applying)),
            ...(await membership(cluster, host, applying)),
          ],
        },
        script: await hostScript(context, settings, ['kubelet.sh', 'etcd-health.sh', 'etcd-join.sh', 'etcd.sh']),
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
  const { etcd, hyperkube } = cluster.kubernetes.versions;
  return {
    ...drained(action, host),
    check: async (context, allow) => {
      await checkVersions(host, { etcd, kubelet: hyperkube }, context, allow);
      await checkSkew(host, hyperkube, context);
    },
  };
}

/** What the scripts about a member are told. */
export function etcdSettings(cluster: Cluster, host: Host): Settings {
  return {
    ...kubeletSettings(cluster, host),
    HOST_NAME: host.name,
    ETCD_IMAGE: componentImages(cluster).etcd,
    ETCD_NAME: host.etcdId ?? host.name,
    PEER_URL: peerUrl(host),
  };
}

/** Where the other members find the one of a host; what it is known by in the list of members. */
export function peerUrl(host: Host): string {
  return `https://${uriHost(host.address)}:2380`;
}

/** Where clients find it. */
export function clientUrl(host: Host): string {
  return `https://${uriHost(host.address)}:2379`;
}

/** What `etcd-join.sh` reads: `members` of the first bring-up, and `partners` through which a later member joins. */
export async function membership(
  cluster: Cluster,
  host: Host,
  { drivers }: Pick<ActionContext, 'drivers'>,
): Promise<readonly PayloadFile[]> {
  const others = cluster.masters.filter(({ name }) => name !== host.name);
  const partners = await Promise.all(
    others.map(async (other) => {
      try {
        const files = await drivers.hosts.read(other.login, [SERVED]);
        return files.has(SERVED) ? `served ${clientUrl(other)}\n` : '';
      } catch {
        // Nobody can tell; this host may reach its member all the same.
        return `unknown ${clientUrl(other)}\n`;
      }
    }),
  );
  return [
    { path: 'members', mode: 0o600, content: `${cluster.addresses.etcdPeers}\n` },
    { path: 'partners', mode: 0o600, content: partners.join('') },
  ];
}

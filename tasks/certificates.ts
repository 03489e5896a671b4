import { createHash, X509Certificate } from 'node:crypto';
import { type ActionContext, type CertificateSpec, type Cluster, type Host, type LateFiles, PaiError } from 'pai';

const YEAR = 365;

type Names = Partial<Pick<CertificateSpec, 'organizations' | 'dnsNames' | 'ipAddresses'>>;

function client(ca: CertificateSpec['ca'], commonName: string, names: Names = {}): CertificateSpec {
  return { ca, commonName, organizations: [], dnsNames: [], ipAddresses: [], usages: ['client'], days: YEAR, ...names };
}

function server(ca: CertificateSpec['ca'], commonName: string, names: Names): CertificateSpec {
  return { ...client(ca, commonName, names), usages: ['server'] };
}

/** Certificates of a host, by the name of their files in /etc/kubernetes/pki. */
export type Certificates = Readonly<Record<string, CertificateSpec>>;

/** What kubelet shows to the API server, and what it shows to the API server's calls. */
export function kubeletCertificates(host: Host): Certificates {
  return {
    'kubelet-client': client('cluster', `system:node:${host.nodeName}`, { organizations: ['system:nodes'] }),
    'kubelet-server': server('cluster', `system:node:${host.nodeName}`, {
      dnsNames: [host.name],
      ipAddresses: [host.address],
    }),
  };
}

/** A member of etcd; members are each other's clients too, so theirs serve both ways. */
export function etcdCertificates(host: Host): Certificates {
  const names = { dnsNames: [host.name, 'localhost'], ipAddresses: [host.address, '127.0.0.1'] };
  const both: CertificateSpec = { ...server('etcd', host.name, names), usages: ['server', 'client'] };
  return { 'etcd-server': both, 'etcd-peer': both, 'etcd-client': client('etcd', `etcd-client-${host.name}`) };
}

/** The control plane on one master. The API server's names: every master, the load balancer, the service address. */
export function controlPlaneCertificates(cluster: Cluster, host: Host): Certificates {
  const { loadBalanceIp, apiServiceIp } = cluster.kubernetes;
  const addresses = [...cluster.masters.map((master) => master.address), loadBalanceIp, apiServiceIp];
  const service = [
    'kubernetes',
    'kubernetes.default',
    'kubernetes.default.svc',
    'kubernetes.default.svc.cluster.local',
  ];
  return {
    'kube-apiserver': server('cluster', 'kube-apiserver', {
      dnsNames: [...service, 'localhost', ...cluster.masters.map((master) => master.name)],
      ipAddresses: [...new Set([...addresses, '127.0.0.1'])],
    }),
    'kube-apiserver-kubelet-client': client('cluster', 'kube-apiserver-kubelet-client'),
    'kube-apiserver-etcd-client': client('etcd', `kube-apiserver-${host.name}`),
    'front-proxy-client': client('front-proxy', 'front-proxy-client'),
    'kube-controller-manager': client('cluster', 'system:kube-controller-manager'),
    'kube-scheduler': client('cluster', 'system:kube-scheduler'),
  };
}

/** What haproxy asks the masters' /readyz with: everybody who is known may, so it is nobody in particular. */
export function proxyCertificates(): Certificates {
  return { 'haproxy-check': client('cluster', 'pai-haproxy') };
}

/** The operator's own. Not system:masters: that can't be taken away again without a new CA. */
export function administratorCertificate(): CertificateSpec {
  return client('cluster', 'pai-administrator', { organizations: ['pai:administrators'] });
}

/**
 * Certificates as files that are made only when a host is given them: `certs/NAME.crt`, `.key`, `.expires` (seconds since 1970), and `.spec`, which
 * tells the host whether the one that it has still is the one wanted: not after a renewal. `certs/generation` keeps a dev box with an old copy of the
 * authorities from giving out what was replaced.
 */
export async function issuedLate(certificates: Certificates, context: ActionContext): Promise<LateFiles> {
  const authorities = context.outputs.get('pki') ?? '';
  const { renewed, generation } = await context.drivers.pki.renewal();
  const since = renewed === 0 ? {} : { renewed };
  return {
    spec: {
      ...since,
      authorities,
      certificates: Object.fromEntries(Object.entries(certificates).map(([name, spec]) => [name, { ...spec }])),
    },
    async files({ drivers }) {
      const issued = await Promise.all(
        Object.entries(certificates).map(async ([name, spec]) => {
          const { certificate, key } = await drivers.pki.issue(spec);
          const digest = createHash('sha256')
            .update(JSON.stringify([authorities, spec, ...Object.values(since)]))
            .digest('hex');
          return [
            { path: `certs/${name}.crt`, mode: 0o600, content: certificate },
            { path: `certs/${name}.key`, mode: 0o600, content: key, secret: true },
            { path: `certs/${name}.spec`, mode: 0o600, content: `${digest}\n` },
            { path: `certs/${name}.expires`, mode: 0o600, content: `${expiry(certificate)}\n` },
          ];
        }),
      );
      return [{ path: 'certs/generation', mode: 0o600, content: `${generation}\n` }, ...issued.flat()];
    },
  };
}

/** Seconds since 1970. */
function expiry(certificate: string): number {
  return Math.floor(new Date(new X509Certificate(certificate).validTo).getTime() / 1000);
}

/** The text with which a pod, or a manifest, changes when what is read of certificates at the start only does: nothing secret. */
export async function certificatesState(context: ActionContext): Promise<string> {
  const { renewed } = await context.drivers.pki.renewal();
  const authorities = context.outputs.get('pki') ?? '';
  return renewed === 0 ? authorities : `${authorities} ${renewed}`;
}

/** The authority that signs, alone: while authorities are exchanged `ca.crt` begins with it and goes on with the other. */
export async function signingAuthority(context: ActionContext): Promise<string> {
  const trusted = await sharedFile(context, 'ca.crt');
  const end = '-----END CERTIFICATE-----\n';
  const at = trusted.indexOf(end);
  return at < 0 ? trusted : trusted.slice(0, at + end.length);
}

/** Everything that masters share. It is there once `pki` ran, which whoever asks needs. */
export async function sharedMaterial(context: ActionContext): Promise<ReadonlyMap<string, string>> {
  const material = await context.drivers.pki.material();
  if (material === undefined) {
    throw new PaiError('PKI', 'the certificate authorities do not exist yet', { next: 'Run pai run pki.' });
  }
  return material;
}

/** One file of it. */
export async function sharedFile(context: ActionContext, name: string): Promise<string> {
  const content = (await sharedMaterial(context)).get(name);
  if (content === undefined) {
    throw new PaiError('PKI', `${name} is missing from the cluster's keys`, { next: 'Put it back from a backup.' });
  }
  return content;
}

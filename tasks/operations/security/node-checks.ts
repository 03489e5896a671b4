import type { Json } from 'pai';
import {
  all,
  type Check,
  type Finding,
  isMaster,
  needFlags,
  ofHosts,
  ofProcesses,
  ofTries,
  RUN_AGAIN,
  wantFlag,
} from './check.js';
import type { Facts, FileFact, HostState } from './facts.js';

/** A value in kubelet's configuration; undefined where there is none. */
function at(configuration: Json, ...path: readonly string[]): Json | undefined {
  let value: Json | undefined = configuration;
  for (const key of path) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
    value = (value as Readonly<Record<string, Json>>)[key];
  }
  return value;
}

/** A port of etcd's members: its flags, and that nobody gets an answer there without a certificate. */
function ofEtcdPort(
  id: string,
  cis: readonly string[],
  what: string,
  { prefix, port, who }: { readonly prefix: '' | 'peer-'; readonly port: number; readonly who: string },
): Check {
  const flags = all(
    needFlags(`${prefix}cert-file`, `${prefix}key-file`, `${prefix}trusted-ca-file`),
    wantFlag(`${prefix}client-cert-auth`, 'true'),
    notAutomatic(`${prefix}auto-tls`),
  );
  return {
    id,
    cis,
    what,
    cure: RUN_AGAIN,
    findings: (facts) => [
      ...ofProcesses(facts, 'etcd', flags),
      ...refusals(facts, port, `etcd answers ${who} without a certificate`),
    ],
  };
}

/** What the configuration has to say, by path: as kubelet itself answers on /configz. */
function ofKubelet(
  id: string,
  cis: readonly string[],
  what: string,
  wanted: Readonly<Record<string, (value: Json | undefined) => boolean>>,
): Check {
  return {
    id,
    cis,
    what,
    cure: RUN_AGAIN,
    findings: (facts) =>
      facts.hosts.flatMap(({ host, outside }) =>
        ofTries(host.name, outside.kubelet, (configuration) => {
          const wrong = Object.entries(wanted).flatMap(([path, holds]) => {
            const value = at(configuration, ...path.split('.'));
            return holds(value) ? [] : [`${path} is ${value === undefined ? 'not set' : JSON.stringify(value)}`];
          });
          return wrong.length === 0 ? undefined : `kubelet: ${wrong.join(', ')}`;
        }),
      ),
  };
}

/** Files that may be read by others than root, or belong to another. */
function badFiles(
  facts: Facts,
  chosen: (file: FileFact, state: HostState) => boolean,
  largest: number,
): readonly Finding[] {
  return ofHosts(facts, ({ files }, state) => {
    const ours = files.filter((file) => chosen(file, state));
    if (ours.length === 0) return ['none of these files is there'];
    return ours.flatMap(({ path, mode, owner }) => {
      const wide = (mode & ~largest & 0o777) !== 0;
      const foreign = owner !== 'root:root';
      return wide || foreign ? [`${path} is ${mode.toString(8)} ${owner}`] : [];
    });
  });
}

const TLS_PORTS: Readonly<Record<number, string>> = {
  6443: 'the API server',
  10250: 'kubelet',
  2379: 'etcd',
  2380: "etcd's members",
};

/** What the baseline wants of kubelets, etcd and files on hosts. */
export const NODE_CHECKS: readonly Check[] = [
  ofKubelet(
    'kubelet-authentication',
    ['4.2.1', '4.2.3'],
    'kubelet lets nobody in without credentials, and asks for certificates',
    {
      'authentication.anonymous.enabled': (value) => value === false,
      'authentication.webhook.enabled': (value) => value === true,
      'authentication.x509.clientCAFile': (value) => typeof value === 'string' && value !== '',
    },
  ),
  ofKubelet('kubelet-authorization', ['4.2.2'], 'kubelet asks the API server who may do what', {
    'authorization.mode': (value) => value === 'Webhook',
  }),
  {
    id: 'kubelet-anonymous',
    cis: ['4.2.1'],
    what: 'a request to kubelet without credentials is refused',
    cure: RUN_AGAIN,
    findings: (facts) =>
      facts.hosts.flatMap(({ host, outside }) =>
        ofTries(host.name, outside.anonymous.get(10250), (status) =>
          status === 401 ? undefined : `it gets ${status}, not 401`,
        ),
      ),
  },
  {
    id: 'kubelet-read-only-port',
    cis: ['4.2.4'],
    what: "kubelet's read-only port is closed",
    cure: RUN_AGAIN,
    findings: (facts) =>
      facts.hosts.flatMap(({ host, outside }) =>
        ofTries(host.name, outside.plain.get(10255), (state) =>
          state === 'closed' ? undefined : 'port 10255 is open',
        ),
      ),
  },
  ofKubelet('kubelet-rotation', ['4.2.10', '4.2.11'], 'kubelet renews its own client certificate', {
    rotateCertificates: (value) => value === true,
    'featureGates.RotateKubeletServerCertificate': (value) => value !== false,
  }),
  ofKubelet('kubelet-tls', ['4.2.12'], 'kubelet speaks TLS 1.2 or later', {
    tlsMinVersion: (value) => value === 'VersionTLS12' || value === 'VersionTLS13',
  }),
  {
    id: 'tls',
    cis: ['1.2.29', '4.2.12'],
    what: 'API server, kubelet and etcd refuse TLS 1.1',
    cure: RUN_AGAIN,
    findings: (facts) =>
      facts.hosts.flatMap((state) =>
        Object.entries(TLS_PORTS).flatMap(([port, name]) => {
          if (!isMaster(state) && port !== '10250') return [];
          return ofTries(state.host.name, state.outside.oldTls.get(Number(port)), (result) =>
            result === 'refused' ? undefined : `${name} speaks TLS 1.1`,
          );
        }),
      ),
  },
  ofEtcdPort('etcd-client-certificate', ['2.1', '2.2', '2.3'], 'etcd serves nobody without a certificate', {
    prefix: '',
    port: 2379,
    who: 'a client',
  }),
  ofEtcdPort('etcd-peer-certificate', ['2.4', '2.5', '2.6'], 'members of etcd prove to each other who they are', {
    prefix: 'peer-',
    port: 2380,
    who: 'a member',
  }),
  {
    id: 'files-keys',
    cis: ['1.1.19', '1.1.20', '1.1.21', '4.1.7', '4.1.8'],
    what: 'keys and certificates are 0600, of root',
    cure: 'chmod 600 and chown root:root what is named, then pai pki renew: others may have read it',
    findings: (facts) => badFiles(facts, ({ path, folder }) => !folder && /\/pki\//.test(path), 0o600),
  },
  {
    id: 'files-manifests',
    cis: ['1.1.1', '1.1.2', '1.1.3', '1.1.4', '1.1.5', '1.1.6', '1.1.7', '1.1.8'],
    what: 'manifests of static pods are 0600, of root',
    cure: RUN_AGAIN,
    findings: (facts) =>
      badFiles(
        { ...facts, hosts: facts.hosts.filter(({ host }) => host.role !== 'worker') },
        ({ path, folder }) => !folder && /\/etc\/kubernetes\/manifests\//.test(path),
        0o600,
      ),
  },
  {
    id: 'files-kubeconfigs',
    cis: ['1.1.13', '1.1.14', '1.1.15', '1.1.16', '1.1.17', '1.1.18', '4.1.5', '4.1.6', '4.1.9', '4.1.10'],
    what: 'kubeconfigs and configurations of components are 0600, of root',
    cure: RUN_AGAIN,
    findings: (facts) =>
      badFiles(facts, ({ path, folder }) => !folder && /\/etc\/kubernetes\/[^/]+$/.test(path), 0o600),
  },
  {
    id: 'files-etcd-data',
    cis: ['1.1.11', '1.1.12'],
    what: "etcd's data is 0700, of root",
    cure: RUN_AGAIN,
    findings: (facts) =>
      badFiles(
        { ...facts, hosts: facts.hosts.filter(isMaster) },
        ({ path, folder }) => folder && /\/var\/lib\/etcd(\/[^/]+)?$/.test(path),
        0o700,
      ),
  },
];

/** etcd must not make certificates of its own. */
function notAutomatic(name: string): (words: readonly string[]) => readonly string[] {
  return (words) => (words.some((word) => word === `--${name}` || word === `--${name}=true`) ? [`has --${name}`] : []);
}

function refusals(facts: Facts, port: number, seen: string): readonly Finding[] {
  return facts.hosts
    .filter(isMaster)
    .flatMap(({ host, outside }) =>
      ofTries(host.name, outside.withoutCertificate.get(port), (result) => (result === 'refused' ? undefined : seen)),
    );
}

import {
  all,
  atLeast,
  type Check,
  forbidFlag,
  isMaster,
  needFlags,
  ofHosts,
  ofProcesses,
  ofTries,
  RUN_AGAIN,
  wantFlag,
  wantItems,
} from './check.js';
import type { Facts } from './facts.js';

const API = 'kube-apiserver';
const MANAGER = 'kube-controller-manager';
const SCHEDULER = 'kube-scheduler';

function ofApi(
  id: string,
  cis: readonly string[],
  what: string,
  judge: (words: readonly string[]) => readonly string[],
): Check {
  return { id, cis, what, cure: RUN_AGAIN, findings: (facts) => ofProcesses(facts, API, judge) };
}

/** Where a component that masters talk to alone is open to others. */
function onlyLocal(facts: Facts, component: string, port: number) {
  return ofHosts(
    facts,
    ({ listening }) => {
      const open = listening.get(port) ?? [];
      if (open.length === 0) return [`${component} does not listen on port ${port}`];
      return open
        .filter((address) => address !== '127.0.0.1' && address !== '::1')
        .map((address) => `${component} listens on ${address}:${port}`);
    },
    isMaster,
  );
}

/** What the baseline wants of API server, controller manager and scheduler. */
export const CONTROL_PLANE_CHECKS: readonly Check[] = [
  ofApi(
    'api-authorization',
    ['1.2.6', '1.2.7', '1.2.8'],
    'the API server authorizes by Node and RBAC alone',
    wantItems('authorization-mode', ['Node', 'RBAC'], ['AlwaysAllow', 'ABAC']),
  ),
  ofApi(
    'api-node-restriction',
    ['1.2.14'],
    'kubelets may change only what is theirs (NodeRestriction)',
    wantItems('enable-admission-plugins', ['NodeRestriction']),
  ),
  {
    id: 'api-anonymous',
    cis: ['1.2.1'],
    what: 'the API server answers nobody without credentials',
    cure: RUN_AGAIN,
    findings: (facts) => [
      ...ofProcesses(facts, API, wantFlag('anonymous-auth', 'false')),
      ...facts.hosts
        .filter(isMaster)
        .flatMap(({ host, outside }) =>
          ofTries(host.name, outside.anonymous.get(6443), (status) =>
            status === 401 ? undefined : `a request without credentials gets ${status}, not 401`,
          ),
        ),
    ],
  },
  {
    id: 'api-ready',
    cis: [],
    what: 'health checks work without anonymous access',
    cure: 'See what pai plan says of the masters',
    findings: (facts) =>
      facts.hosts
        .filter(isMaster)
        .flatMap(({ host, outside }) =>
          ofTries(host.name, outside.ready, (status) => (status === 200 ? undefined : `/readyz answers ${status}`)),
        ),
  },
  {
    id: 'api-insecure-port',
    cis: [],
    what: 'no API server, scheduler or controller manager speaks plain HTTP',
    cure: RUN_AGAIN,
    findings: (facts) =>
      facts.hosts
        .filter(isMaster)
        .flatMap(({ host, outside }) =>
          [8080, 10251, 10252].flatMap((port) =>
            ofTries(host.name, outside.plain.get(port), (state) =>
              state === 'closed' ? undefined : `port ${port} is open`,
            ),
          ),
        ),
  },
  ofApi(
    'api-static-tokens',
    ['1.2.2'],
    'no static token or password file',
    forbidFlag('token-auth-file', 'basic-auth-file'),
  ),
  ofApi(
    'api-kubelet-certificate',
    ['1.2.4', '1.2.5'],
    'the API server shows kubelets a certificate, and checks theirs',
    needFlags('kubelet-client-certificate', 'kubelet-client-key', 'kubelet-certificate-authority'),
  ),
  ofApi('api-audit', ['1.2.16', '1.2.17', '1.2.18', '1.2.19'], 'an audit log: 30 days, 10 backups, 100 MB', (words) =>
    all(
      needFlags('audit-log-path', 'audit-policy-file'),
      atLeast('audit-log-maxage', 30),
      atLeast('audit-log-maxbackup', 10),
      atLeast('audit-log-maxsize', 100),
    )(words),
  ),
  {
    id: 'profiling',
    cis: ['1.2.15', '1.3.2', '1.4.1'],
    what: 'profiling is off',
    cure: RUN_AGAIN,
    findings: (facts) => [
      ...[API, MANAGER, SCHEDULER].flatMap((component) =>
        ofProcesses(facts, component, wantFlag('profiling', 'false')),
      ),
      // Off unless told.
      ...ofProcesses(facts, 'kube-proxy', (words) =>
        words.includes('--profiling=true') || words.includes('--profiling') ? ['has --profiling'] : [],
      ),
    ],
  },
  {
    id: 'scheduler-local',
    cis: ['1.4.2'],
    what: 'the scheduler is open to its own host only',
    cure: RUN_AGAIN,
    findings: (facts) => onlyLocal(facts, SCHEDULER, 10259),
  },
  {
    id: 'controller-manager-local',
    cis: ['1.3.7'],
    what: 'the controller manager is open to its own host only',
    cure: RUN_AGAIN,
    findings: (facts) => onlyLocal(facts, MANAGER, 10257),
  },
  {
    id: 'controller-credentials',
    cis: ['1.3.3'],
    what: 'each controller has a credential of its own',
    cure: RUN_AGAIN,
    findings: (facts) => ofProcesses(facts, MANAGER, wantFlag('use-service-account-credentials', 'true')),
  },
  {
    id: 'secrets-encrypted',
    cis: ['1.2.27', '1.2.28'],
    what: 'secrets lie encrypted in etcd',
    cure: `${RUN_AGAIN}; then write the secrets again: kubectl get secrets -A -o json | kubectl replace -f -`,
    findings: (facts) => [
      ...ofProcesses(facts, API, needFlags('encryption-provider-config')),
      ...facts.hosts.filter(isMaster).flatMap(({ host, inside }) => {
        if ('unknown' in inside) return [];
        const { secrets } = inside.was;
        if (secrets === undefined) return [{ where: host.name, seen: 'etcd was not read', unknown: true as const }];
        const plain = secrets.all - secrets.encrypted;
        return plain === 0
          ? []
          : [{ where: host.name, seen: `${plain} of ${secrets.all} secrets in etcd are not encrypted` }];
      }),
    ],
  },
  {
    id: 'api-names',
    cis: [],
    what: 'the API server has the names of all masters, the load balancer and the service',
    cure: 'Run pai pki renew',
    findings: (facts) =>
      facts.hosts.filter(isMaster).flatMap(({ host, outside }) =>
        ofTries(host.name, outside.apiNames, (names) => {
          const missing = facts.apiNames.filter((name) => !names.includes(name));
          return missing.length === 0 ? undefined : `its certificate lacks ${missing.join(', ')}`;
        }),
      ),
  },
  {
    id: 'own-authorities',
    cis: ['2.7'],
    what: 'cluster, etcd and front proxy have an authority each',
    cure: 'Run pai pki rotate-ca',
    findings: (facts) => [
      ...ofTries('cluster', facts.separateAuthorities, (separate) =>
        separate ? undefined : 'two authorities share a key',
      ),
      ...facts.hosts
        .filter(isMaster)
        .flatMap(({ host, outside }) => [
          ...ofTries(host.name, outside.signers.get(6443), (name) =>
            name === 'cluster CA' ? undefined : `the API server's certificate is signed by ${name}`,
          ),
          ...ofTries(host.name, outside.signers.get(2379), (name) =>
            name === 'etcd CA' ? undefined : `etcd's certificate is signed by ${name}`,
          ),
          ...ofTries(host.name, outside.signers.get(2380), (name) =>
            name === 'etcd CA' ? undefined : `the certificate of etcd's members is signed by ${name}`,
          ),
        ]),
      ...ofProcesses(facts, API, (words) => {
        const files = ['client-ca-file', 'etcd-cafile', 'requestheader-client-ca-file'];
        const values = files.flatMap(
          (name) => words.find((word) => word.startsWith(`--${name}=`))?.split('=')[1] ?? [],
        );
        return new Set(values).size === files.length
          ? []
          : [`trusts ${values.join(', ') || 'no authority'}: not three`];
      }),
    ],
  },
  {
    id: 'operator-group',
    cis: [],
    what: 'the daily administrator is not in system:masters',
    cure: 'Run pai run kubectl --force',
    findings: (facts) =>
      ofTries('cluster', facts.operatorGroups, (groups) =>
        groups.includes('system:masters') ? "the operator's certificate is in system:masters" : undefined,
      ),
  },
  {
    id: 'bootstrap',
    cis: [],
    what: 'no lasting bootstrap credentials',
    cure: 'kubectl -n kube-system delete secrets --field-selector type=bootstrap.kubernetes.io/token',
    findings: (facts) =>
      ofTries('cluster', facts.bootstrapTokens, (tokens) =>
        tokens === 0 ? undefined : `${tokens} bootstrap tokens are there`,
      ),
  },
];

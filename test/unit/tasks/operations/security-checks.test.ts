import { describe, expect, it } from 'vitest';
import { reportOf, SECURITY_CHECKS } from '../../../../tasks/operations/doctor.js';
import type { Facts } from '../../../../tasks/operations/security/facts.js';
import { facts, kubeletConfiguration, masterOutside, recorded, workerOutside } from './security-facts.js';

/** The recorded answer of a host with something replaced that has to be in it. */
function changed(name: 'master' | 'worker', from: string | RegExp, to: string): string {
  const text = recorded(name);
  const other = text.replace(from, to);
  if (other === text) throw new Error(`the record has no ${from}`);
  return other;
}

function master(from: string | RegExp, to: string): Facts {
  return facts({ master: changed('master', from, to) });
}

function kubelet(change: object): Facts {
  return facts({ workerOutside: { kubelet: { was: { ...kubeletConfiguration, ...change } } } });
}

function port<Value>(ports: ReadonlyMap<number, Value>, number: number, value: Value): ReadonlyMap<number, Value> {
  return new Map([...ports, [number, value]]);
}

/** Ways in which a cluster falls short: what is wrong, the one check that has to see it, and what it says. */
const BAD: readonly (readonly [what: string, check: string, state: Facts, seen: RegExp])[] = [
  [
    'ABAC besides',
    'api-authorization',
    master('=Node,RBAC', '=Node,RBAC,ABAC'),
    /h23: kube-apiserver has --authorization-mode=Node,RBAC,ABAC/,
  ],
  ['no Node authorizer', 'api-authorization', master('=Node,RBAC', '=RBAC'), /=RBAC/],
  [
    'no authorization mode',
    'api-authorization',
    master(/--authorization-mode=.*\n/, ''),
    /has no --authorization-mode/,
  ],
  [
    'no NodeRestriction',
    'api-node-restriction',
    master(/--enable-admission-plugins=.*\n/, ''),
    /has no --enable-admission-plugins/,
  ],
  ['anonymous access by flag', 'api-anonymous', master('--anonymous-auth=false', '--anonymous-auth=true'), /=true/],
  [
    'anonymous access for real',
    'api-anonymous',
    facts({ masterOutside: { anonymous: port(masterOutside.anonymous, 6443, { was: 200 }) } }),
    /gets 200, not 401/,
  ],
  [
    'an API server that is not ready',
    'api-ready',
    facts({ masterOutside: { ready: { was: 500 } } }),
    /readyz answers 500/,
  ],
  [
    'an insecure port',
    'api-insecure-port',
    facts({ masterOutside: { plain: port(masterOutside.plain, 8080, { was: 'open' }) } }),
    /port 8080 is open/,
  ],
  [
    "the scheduler's old port",
    'api-insecure-port',
    facts({ masterOutside: { plain: port(masterOutside.plain, 10251, { was: 'open' }) } }),
    /10251/,
  ],
  [
    'a token file',
    'api-static-tokens',
    master('--anonymous-auth=false', '--anonymous-auth=false\n--token-auth-file=/tokens'),
    /token-auth-file/,
  ],
  [
    'kubelets that are not checked',
    'api-kubelet-certificate',
    master(/--kubelet-certificate-authority=.*\n/, ''),
    /kubelet-certificate-authority/,
  ],
  ['a short audit log', 'api-audit', master('--audit-log-maxage=30', '--audit-log-maxage=7'), /maxage=7/],
  ['no audit log', 'api-audit', master(/--audit-log-path=.*\n/, ''), /audit-log-path/],
  ['few backups', 'api-audit', master('--audit-log-maxbackup=10', '--audit-log-maxbackup=1'), /maxbackup=1/],
  [
    'a size that is no number',
    'api-audit',
    master('--audit-log-maxsize=100', '--audit-log-maxsize=many'),
    /maxsize=many/,
  ],
  [
    'profiling of the scheduler',
    'profiling',
    master(/(kube-scheduler\n[\s\S]*?)--profiling=false/, '$1--profiling=true'),
    /kube-scheduler has --profiling=true/,
  ],
  [
    'profiling of kube-proxy',
    'profiling',
    facts({ worker: changed('worker', '--proxy-mode=iptables', '--proxy-mode=iptables\n--profiling') }),
    /h24: kube-proxy has --profiling/,
  ],
  ['a scheduler for everybody', 'scheduler-local', master(/0100007F:2813/, '00000000:2813'), /0\.0\.0\.0:10259/],
  [
    'a scheduler for everybody by IPv6',
    'scheduler-local',
    master(/0100007F:2813/, '00000000000000000000000000000000:2813'),
    /:::10259/,
  ],
  [
    'a controller manager on its address',
    'controller-manager-local',
    master(/0100007F:2811/, '21001EAC:2811'),
    /172\.30\.0\.33:10257/,
  ],
  [
    'one credential for all controllers',
    'controller-credentials',
    master('--use-service-account-credentials=true\n', ''),
    /use-service-account-credentials/,
  ],
  ['secrets in the clear', 'secrets-encrypted', master(/== secrets\n33\n33/, '== secrets\n33\n31'), /2 of 33 secrets/],
  [
    'no encryption configured',
    'secrets-encrypted',
    master(/--encryption-provider-config=.*\n/, ''),
    /encryption-provider-config/,
  ],
  [
    'an etcd that was not read',
    'secrets-encrypted',
    master(/== secrets\n33\n33/, '== secrets'),
    /could not be checked: etcd was not read/,
  ],
  [
    'a name that is missing',
    'api-names',
    facts({ cluster: { apiNames: ['kubernetes', '172.30.0.99'] } }),
    /lacks 172\.30\.0\.99/,
  ],
  [
    'authorities with one key',
    'own-authorities',
    facts({ cluster: { separateAuthorities: { was: false } } }),
    /share a key/,
  ],
  [
    'etcd signed by the cluster',
    'own-authorities',
    facts({ masterOutside: { signers: port(masterOutside.signers, 2379, { was: 'cluster CA' }) } }),
    /signed by cluster CA/,
  ],
  [
    'one authority for clients and etcd',
    'own-authorities',
    master('--etcd-cafile=/etc/kubernetes/pki/etcd-ca.crt', '--etcd-cafile=/etc/kubernetes/pki/ca.crt'),
    /not three/,
  ],
  [
    'an operator who is master of all',
    'operator-group',
    facts({ cluster: { operatorGroups: { was: ['system:masters'] } } }),
    /system:masters/,
  ],
  ['a bootstrap token', 'bootstrap', facts({ cluster: { bootstrapTokens: { was: 1 } } }), /1 bootstrap tokens/],
  [
    'an open kubelet',
    'kubelet-authentication',
    kubelet({ authentication: { ...kubeletConfiguration.authentication, anonymous: { enabled: true } } }),
    /h24: kubelet: authentication.anonymous.enabled is true/,
  ],
  [
    'a kubelet without an authority',
    'kubelet-authentication',
    kubelet({ authentication: { ...kubeletConfiguration.authentication, x509: {} } }),
    /clientCAFile is not set/,
  ],
  [
    'a kubelet that allows all',
    'kubelet-authorization',
    kubelet({ authorization: { mode: 'AlwaysAllow' } }),
    /AlwaysAllow/,
  ],
  [
    'a kubelet that answers anybody',
    'kubelet-anonymous',
    facts({ workerOutside: { anonymous: port(workerOutside.anonymous, 10250, { was: 200 }) } }),
    /h24: it gets 200/,
  ],
  [
    'a read-only port',
    'kubelet-read-only-port',
    facts({ workerOutside: { plain: port(workerOutside.plain, 10255, { was: 'open' }) } }),
    /10255 is open/,
  ],
  ['no rotation', 'kubelet-rotation', kubelet({ rotateCertificates: false }), /rotateCertificates is false/],
  [
    'rotation of its server switched off',
    'kubelet-rotation',
    kubelet({ featureGates: { RotateKubeletServerCertificate: false } }),
    /RotateKubeletServerCertificate/,
  ],
  ['old TLS by configuration', 'kubelet-tls', kubelet({ tlsMinVersion: 'VersionTLS10' }), /VersionTLS10/],
  [
    'old TLS for real',
    'tls',
    facts({ masterOutside: { oldTls: port(masterOutside.oldTls, 2379, { was: 'accepted' }) } }),
    /etcd speaks TLS 1\.1/,
  ],
  [
    'an etcd for everybody',
    'etcd-client-certificate',
    facts({ masterOutside: { withoutCertificate: port(masterOutside.withoutCertificate, 2379, { was: 'accepted' }) } }),
    /answers a client without/,
  ],
  [
    'an etcd that asks for no certificate',
    'etcd-client-certificate',
    master('\n--client-cert-auth=true', '\n--client-cert-auth=false'),
    /client-cert-auth=false/,
  ],
  [
    'an etcd with certificates of its own making',
    'etcd-client-certificate',
    master('\n--client-cert-auth=true', '\n--client-cert-auth=true\n--auto-tls'),
    /auto-tls/,
  ],
  [
    'peers without certificates',
    'etcd-peer-certificate',
    master('--peer-client-cert-auth=true', '--peer-client-cert-auth=false'),
    /peer-client-cert-auth=false/,
  ],
  [
    'a key that all may read',
    'files-keys',
    master(
      '600 root:root regular file /etc/kubernetes/pki/ca.key',
      '644 root:root regular file /etc/kubernetes/pki/ca.key',
    ),
    /h23: \/etc\/kubernetes\/pki\/ca\.key is 644 root:root/,
  ],
  [
    "another's key",
    'files-keys',
    master(
      '600 root:root regular file /etc/kubernetes/pki/ca.key',
      '600 pai:pai regular file /etc/kubernetes/pki/ca.key',
    ),
    /600 pai:pai/,
  ],
  [
    'a manifest that all may read',
    'files-manifests',
    master(
      '600 root:root regular file /etc/kubernetes/manifests/etcd.yaml',
      '640 root:root regular file /etc/kubernetes/manifests/etcd.yaml',
    ),
    /etcd\.yaml is 640/,
  ],
  [
    'a kubeconfig that all may read',
    'files-kubeconfigs',
    facts({
      worker: changed(
        'worker',
        '600 root:root regular file /etc/kubernetes/kubelet.conf',
        '604 root:root regular file /etc/kubernetes/kubelet.conf',
      ),
    }),
    /h24: .*kubelet\.conf is 604/,
  ],
  [
    "etcd's data for all",
    'files-etcd-data',
    master('700 root:root directory /var/lib/etcd', '755 root:root directory /var/lib/etcd'),
    /\/var\/lib\/etcd is 755/,
  ],
];

describe('the security baseline', () => {
  it('holds on the recorded cluster, every point of it', () => {
    const report = reportOf(facts());
    expect(report.text).not.toMatch(/FAILED|unknown/);
    expect(report).toMatchObject({ exitCode: 0, json: { failed: 0 } });
  });

  for (const [what, id, state, seen] of BAD) {
    it(`sees ${what}, by ${id} alone`, () => {
      const report = reportOf(state);
      expect(report.exitCode).toBe(1);
      const failed = SECURITY_CHECKS.filter((check) => check.findings(state).length > 0).map((check) => check.id);
      expect(failed).toEqual([id]);
      expect(report.text).toMatch(seen);
      expect(report.text).toContain('next: ');
    });
  }

  it('has no check that was never seen failing, and none twice', () => {
    const ids = SECURITY_CHECKS.map(({ id }) => id);
    expect(new Set(BAD.map(([, id]) => id))).toEqual(new Set(ids));
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('counts what could not be checked as not well: a host that is silent, an answer that was cut off', () => {
    for (const text of ['', recorded('worker').replace('== end', '')]) {
      const report = reportOf(facts({ worker: text }));
      expect(report.exitCode).toBe(1);
      expect(report.text).toMatch(/h24: could not be checked: its answer was cut off/);
      expect(report.text).not.toMatch(/FAILED/);
    }
    const silent = { unknown: 'connect ETIMEDOUT' } as const;
    const report = reportOf(facts({ workerOutside: { kubelet: silent } }));
    expect(report.exitCode).toBe(1);
    expect(report.json).toMatchObject({ failed: 4 });
  });

  it('does not take a component that does not run for one that is as it should be', () => {
    const report = reportOf(master(/== process\netcd\n/, '== process\nnot-etcd\n'));
    expect(report.text).toMatch(/could not be checked: etcd does not run/);
    expect(report.exitCode).toBe(1);
  });

  it('tells machines what was found, where, and what to do', () => {
    const state = facts({ cluster: { bootstrapTokens: { was: 2 } } });
    const json = JSON.parse(JSON.stringify(reportOf(state).json)) as { checks: { id: string }[] };
    expect(json.checks.find(({ id }) => id === 'bootstrap')).toMatchObject({
      state: 'failed',
      findings: [{ where: 'cluster', seen: '2 bootstrap tokens are there' }],
      next: expect.stringContaining('kubectl'),
    });
  });
});

import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Facts, HostState, OutsideFacts } from '../../../../tasks/operations/security/facts.js';
import { readFacts } from '../../../../tasks/operations/security/facts.js';

const folder = path.join(import.meta.dirname, '../../../fixtures/security');

/** What templates/host/security-facts.sh printed on a master and on a worker of the rig (Kubernetes 1.20.2, etcd 3.4.23). */
export function recorded(name: 'master' | 'worker'): string {
  return readFileSync(path.join(folder, `${name}.txt`), 'utf8');
}

/** kubelet's own answer to /configz, as far as checks read it. */
export const kubeletConfiguration = {
  rotateCertificates: true,
  tlsMinVersion: 'VersionTLS12',
  authentication: {
    anonymous: { enabled: false },
    webhook: { enabled: true },
    x509: { clientCAFile: '/etc/kubernetes/pki/ca.crt' },
  },
  authorization: { mode: 'Webhook' },
};

const nodePorts: Pick<OutsideFacts, 'anonymous' | 'plain' | 'oldTls' | 'kubelet'> = {
  anonymous: new Map([[10250, { was: 401 }]]),
  plain: new Map([[10255, { was: 'closed' }]]),
  oldTls: new Map([[10250, { was: 'refused' }]]),
  kubelet: { was: kubeletConfiguration },
};

const NOT_ASKED = { unknown: 'was not looked at' } as const;

/** What is seen from outside of a master where all is well. */
export const masterOutside: OutsideFacts = {
  ...nodePorts,
  anonymous: new Map([
    [6443, { was: 401 }],
    [10250, { was: 401 }],
  ]),
  plain: new Map([8080, 10251, 10252, 10255].map((port) => [port, { was: 'closed' }])),
  oldTls: new Map([6443, 10250, 2379, 2380].map((port) => [port, { was: 'refused' }])),
  withoutCertificate: new Map([2379, 2380].map((port) => [port, { was: 'refused' }])),
  signers: new Map([
    [6443, { was: 'cluster CA' }],
    [2379, { was: 'etcd CA' }],
    [2380, { was: 'etcd CA' }],
  ]),
  apiNames: { was: ['kubernetes', 'kubernetes.default.svc', '172.30.0.33', '172.30.240.1'] },
  ready: { was: 200 },
};

export const workerOutside: OutsideFacts = {
  ...nodePorts,
  withoutCertificate: new Map(),
  signers: new Map(),
  apiNames: NOT_ASKED,
  ready: NOT_ASKED,
};

function host(name: string, role: 'master' | 'worker', outside: OutsideFacts, text: string): HostState {
  const address = role === 'master' ? '172.30.0.33' : '172.30.0.34';
  return { host: { name, role, address, nodeName: address }, inside: readFacts(text), outside };
}

/** A cluster of one master and one worker where all is well, unless told otherwise. */
export function facts(
  changes: {
    readonly master?: string;
    readonly worker?: string;
    readonly masterOutside?: Partial<OutsideFacts>;
    readonly workerOutside?: Partial<OutsideFacts>;
    readonly cluster?: Partial<Omit<Facts, 'hosts'>>;
  } = {},
): Facts {
  return {
    hosts: [
      host('h23', 'master', { ...masterOutside, ...changes.masterOutside }, changes.master ?? recorded('master')),
      host('h24', 'worker', { ...workerOutside, ...changes.workerOutside }, changes.worker ?? recorded('worker')),
    ],
    apiNames: ['kubernetes', 'kubernetes.default.svc', '172.30.0.33', '172.30.240.1'],
    operatorGroups: { was: ['pai:administrators'] },
    bootstrapTokens: { was: 0 },
    separateAuthorities: { was: true },
    ...changes.cluster,
  };
}

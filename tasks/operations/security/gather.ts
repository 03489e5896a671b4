import type { X509Certificate } from 'node:crypto';
import { X509Certificate as Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { type Cluster, type Host, type Json, type OperationContext, PaiError, uriHost } from 'pai';
import { administratorCertificate, controlPlaneCertificates } from '../../certificates.js';
import { askHosts, questionOf } from '../ask-hosts.js';
import { type Authority, authoritiesOf, certificatesOf } from '../certificate-table.js';
import { type Facts, type OutsideFacts, readFacts, type Tried } from './facts.js';
import {
  type Client,
  getJson,
  oldTls,
  portState,
  shownCertificate,
  statusOf,
  statusWithoutCredentials,
  withoutCertificate,
} from './outside.js';

/** Looks at everything, all hosts at the same time: one question to each over SSH, and requests and connections as anybody could make them. */
export async function gatherFacts(cluster: Cluster, context: OperationContext): Promise<Facts> {
  const { pki } = context.drivers;
  const material = await pki.material();
  const [master] = cluster.masters;
  if (material === undefined || master === undefined) {
    throw new PaiError('PKI', 'there are no certificate authorities yet', { next: 'Run pai run kubernetes' });
  }
  const authorities = authoritiesOf(material);
  const { certificate, key } = await pki.issue({ ...administratorCertificate(), days: 1 });
  const client: Client = { server: cluster.addresses.apiServer, ca: material.get('ca.crt') ?? '', certificate, key };
  const script = await questionOf(context, 'security-facts.sh');
  const [answers, outside, tokens, operator] = await Promise.all([
    askHosts(context, cluster.hosts, script),
    Promise.all(cluster.hosts.map((host) => lookAt(host, client, authorities))),
    getJson(client, '/api/v1/namespaces/kube-system/secrets?fieldSelector=type%3Dbootstrap.kubernetes.io%2Ftoken'),
    readFile(path.join(cluster.operatorDirectory, 'config'), 'utf8').catch(() => ''),
  ]);
  const { dnsNames = [], ipAddresses = [] } = controlPlaneCertificates(cluster, master)['kube-apiserver'] ?? {};
  return {
    hosts: answers.map((answer, index) => ({
      host: answer.host,
      inside: 'problem' in answer ? { unknown: answer.problem } : readFacts(answer.text),
      outside: outside[index] ?? NOTHING_SEEN,
    })),
    apiNames: [...dnsNames, ...ipAddresses],
    operatorGroups: groupsOf(operator),
    bootstrapTokens: countOf(tokens),
    separateAuthorities: separate(authorities),
  };
}

const NOT_SEEN = { unknown: 'was not looked at' } as const;
const NOTHING_SEEN: OutsideFacts = {
  anonymous: new Map(),
  plain: new Map(),
  oldTls: new Map(),
  withoutCertificate: new Map(),
  signers: new Map(),
  apiNames: NOT_SEEN,
  ready: NOT_SEEN,
  kubelet: NOT_SEEN,
};

async function lookAt(host: Host, client: Client, authorities: readonly Authority[]): Promise<OutsideFacts> {
  const { address } = host;
  const isMaster = host.role === 'master';
  const serving = isMaster ? [6443, 10250, 2379, 2380] : [10250];
  const own = { ...client, server: `https://${uriHost(address)}:6443` };
  const [anonymous, plain, old, without, shown, kubelet, ready] = await Promise.all([
    each(isMaster ? [6443, 10250] : [10250], (port) =>
      statusWithoutCredentials(address, port, port === 6443 ? '/api' : '/pods'),
    ),
    each(isMaster ? [8080, 10251, 10252, 10255] : [10255], (port) => portState(address, port)),
    each(serving, (port) => oldTls(address, port)),
    each(isMaster ? [2379, 2380] : [], (port) => withoutCertificate(address, port)),
    each(isMaster ? [6443, 2379, 2380] : [], (port) => shownCertificate(address, port)),
    getJson(client, `/api/v1/nodes/${host.nodeName}/proxy/configz`),
    isMaster ? statusOf(own, '/readyz') : NOT_SEEN,
  ]);
  return {
    anonymous,
    plain,
    oldTls: old,
    withoutCertificate: without,
    signers: new Map([...shown].map(([port, tried]) => [port, known(tried, (one) => signerOf(one, authorities))])),
    apiNames: known(shown.get(6443) ?? NOT_SEEN, namesOf),
    ready,
    kubelet: known(kubelet, (answer) => (answer as { readonly kubeletconfig?: Json }).kubeletconfig ?? {}),
  };
}

async function each<Result>(
  ports: readonly number[],
  look: (port: number) => Promise<Result>,
): Promise<ReadonlyMap<number, Result>> {
  return new Map(await Promise.all(ports.map(async (port) => [port, await look(port)] as const)));
}

function known<From, To>(tried: Tried<From>, read: (was: From) => To): Tried<To> {
  return 'unknown' in tried ? tried : { was: read(tried.was) };
}

function signerOf(certificate: X509Certificate, authorities: readonly Authority[]): string {
  const signer = authorities.find((one) => certificate.verify(one.certificate.publicKey));
  // While authorities are exchanged there are two of each kind.
  return signer?.name.replace(/ \(.*/, '') ?? 'an authority that is not of this cluster';
}

function namesOf(certificate: X509Certificate): readonly string[] {
  return (certificate.subjectAltName ?? '').split(', ').map((name) => name.replace(/^(DNS|IP Address):/, ''));
}

function groupsOf(kubeconfig: string): Tried<readonly string[]> {
  const [, encoded = ''] = /client-certificate-data: (\S+)/.exec(kubeconfig) ?? [];
  const [pem] = certificatesOf(Buffer.from(encoded, 'base64').toString());
  if (pem === undefined) return { unknown: "the operator's kubeconfig is not there: pai run kubectl" };
  const { subject } = new Certificate(pem);
  return { was: subject.split('\n').flatMap((part) => (part.startsWith('O=') ? [part.slice(2)] : [])) };
}

function countOf(secrets: Tried<Json>): Tried<number> {
  if ('unknown' in secrets) return secrets;
  const { items } = secrets.was as { readonly items?: Json };
  return Array.isArray(items) ? { was: items.length } : { unknown: 'the API server answers no list' };
}

function separate(authorities: readonly Authority[]): Tried<boolean> {
  const keys = authorities.map(({ certificate }) =>
    certificate.publicKey.export({ type: 'spki', format: 'der' }).toString('hex'),
  );
  return { was: new Set(keys).size === keys.length };
}

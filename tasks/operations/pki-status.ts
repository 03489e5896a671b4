import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Cluster, Host, OperationContext, OperationReport } from 'pai';
import { controlPlaneCertificates, etcdCertificates, kubeletCertificates, proxyCertificates } from '../certificates.js';
import { askHosts, questionOf } from './ask-hosts.js';
import {
  type Authority,
  authoritiesOf,
  certificatesOf,
  type Found,
  type Row,
  rowOf,
  rowsOfHost,
  rowToJson,
  tableOf,
  WARNING_DAYS,
} from './certificate-table.js';

const HERE = 'this machine';

/** `pai pki status`: every certificate of the cluster, how long it lasts and who signed it. Hosts are asked all at once; keys are not read. */
export async function pkiStatus(cluster: Cluster, context: OperationContext): Promise<OperationReport> {
  const now = new Date();
  const { rows, phase } = await certificateRows(cluster, context, now);
  const bad = rows.filter(({ problem }) => problem !== undefined);
  const roles = new Map(cluster.hosts.map(({ name, role }) => [name, role]));
  const exitCode = bad.length === 0 ? 0 : 1;
  return {
    text: `${tableOf(rows, roles)}\n${summary(rows, bad)}${phase === undefined ? '' : `\n${PHASES[phase]}`}\n`,
    json: { certificates: rows.map(rowToJson), problems: bad.length, ...(phase && { phase }) },
    exitCode,
  };
}

/** A row for each certificate, on the dev box and on the hosts. */
export async function certificateRows(
  cluster: Cluster,
  context: Pick<OperationContext, 'drivers'>,
  now: Date,
): Promise<{ readonly rows: readonly Row[]; readonly phase?: keyof typeof PHASES }> {
  const { pki } = context.drivers;
  const material = await pki.material();
  if (material === undefined) {
    return {
      rows: [{ host: HERE, file: '', purpose: '', problem: 'there are no certificate authorities: pai run pki' }],
    };
  }
  const authorities = authoritiesOf(material);
  const script = await questionOf(context, 'pki-status.sh');
  const [answers, own] = await Promise.all([
    askHosts(context, cluster.hosts, script),
    ownRows(cluster, material, authorities, now),
  ]);
  const ofHosts = answers.flatMap((answer) => rowsOfHost(answer, expected(cluster, answer.host), authorities, now));
  const { phase } = await pki.renewal();
  return { rows: [...own, ...ofHosts], ...(phase !== undefined && phase !== 'drop-old' && { phase }) };
}

const PHASES = {
  'trust-both': 'The authorities are being exchanged: old and new ones are trusted. pai pki rotate-ca goes on.',
  're-issue': 'The authorities are being exchanged: the new ones sign. pai pki rotate-ca goes on.',
} as const;

/** Names of the certificates that a host should have. */
function expected(cluster: Cluster, host: Host): readonly string[] {
  const own = Object.keys(kubeletCertificates(host));
  switch (host.role) {
    case 'master':
      return [...own, ...Object.keys({ ...etcdCertificates(host), ...controlPlaneCertificates(cluster, host) })];
    case 'proxy':
      return [...own, ...Object.keys(proxyCertificates())];
    case 'worker':
      return own;
  }
}

async function ownRows(
  cluster: Cluster,
  material: ReadonlyMap<string, string>,
  authorities: readonly Authority[],
  now: Date,
): Promise<readonly Row[]> {
  const files = ['ca.crt', 'etcd-ca.crt', 'front-proxy-ca.crt'];
  const found: Found[] = files.flatMap((name) =>
    certificatesOf(material.get(name) ?? '').map((pem) => ({ host: HERE, file: `pki/${name}`, pem })),
  );
  const kubeconfig = path.join(cluster.operatorDirectory, 'config');
  const text = await readFile(kubeconfig, 'utf8').catch(() => '');
  const [, encoded = ''] = /client-certificate-data: (\S+)/.exec(text) ?? [];
  const own = certificatesOf(Buffer.from(encoded, 'base64').toString());
  found.push(...own.map((pem) => ({ host: HERE, file: kubeconfig, pem })));
  const rows = found.map((one) => rowOf(one, authorities, now));
  if (own.length > 0) return rows;
  return [
    ...rows,
    { host: HERE, file: kubeconfig, purpose: "the operator's kubeconfig", problem: 'is not there: pai run kubectl' },
  ];
}

function summary(rows: readonly Row[], bad: readonly Row[]): string {
  const known = rows.flatMap(({ days }) => days ?? []);
  const silent = bad.filter(({ file }) => file === '').length;
  const soon = bad.filter(({ problem = '' }) => /expire/.test(problem)).length;
  const rest = bad.length - silent - soon;
  const parts = [
    `${known.length} certificates${known.length === 0 ? '' : `, the first ends in ${Math.min(...known)} days`}`,
    ...(soon > 0 ? [`${soon} expired or with less than ${WARNING_DAYS} days left: pai pki renew`] : []),
    ...(rest > 0 ? [`${rest} not as they should be: pai pki renew`] : []),
    ...(silent > 0 ? [`${silent} hosts did not answer`] : []),
  ];
  return parts.join('\n');
}

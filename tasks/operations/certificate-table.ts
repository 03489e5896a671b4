import { X509Certificate } from 'node:crypto';
import type { Host, JsonObject } from 'pai';
import type { Answer } from './ask-hosts.js';

/** Days before the end of a certificate from which on it is told. */
export const WARNING_DAYS = 60;

const DAY_MS = 24 * 60 * 60 * 1000;
const KUBELET_ROTATED = '/var/lib/kubelet/pki/kubelet-client-current.pem';

/** A certificate as it was found. */
export interface Found {
  /** Host name; `this machine` for those of the dev box. */
  readonly host: string;
  /** Absolute path there, or what it lies in. */
  readonly file: string;
  /** PEM. */
  readonly pem: string;
}

/** What is told of a certificate. */
export interface Row {
  readonly host: string;
  readonly file: string;
  /** What it is for, in a few words. */
  readonly purpose: string;
  readonly subject?: string;
  /** Name of the authority whose key signed it. */
  readonly signedBy?: string;
  /** When it ends. */
  readonly expires?: Date;
  /** Whole days until then; below 0 once it has. */
  readonly days?: number;
  /** What is wrong with it, or will be soon. */
  readonly problem?: string;
}

/** A certificate that others may be signed by, and what it is called. */
export interface Authority {
  readonly name: string;
  readonly certificate: X509Certificate;
}

/** Takes the answer of templates/host/pki-status.sh apart. */
export function readAnswer(host: string, text: string): readonly Found[] {
  const found: Found[] = [];
  for (const section of text.split(/^== /m).slice(1)) {
    const end = section.indexOf('\n');
    const file = section.slice(0, end);
    for (const pem of certificatesOf(section.slice(end + 1))) found.push({ host, file, pem });
  }
  return found;
}

/** The PEM certificates in a text. */
export function certificatesOf(text: string): readonly string[] {
  return [...text.matchAll(/-----BEGIN CERTIFICATE-----[^-]*-----END CERTIFICATE-----/g)].map(([pem]) => pem);
}

/** What authorities of the cluster's material are called: the first of a file signs, what follows it is trusted besides. */
export function authoritiesOf(material: ReadonlyMap<string, string>): readonly Authority[] {
  return [...AUTHORITY_FILES].flatMap(([file, name]) =>
    certificatesOf(material.get(file) ?? '').map((pem, index) => ({
      name: index === 0 ? name : `${name} (the other one)`,
      certificate: new X509Certificate(pem),
    })),
  );
}

const AUTHORITY_FILES: ReadonlyMap<string, string> = new Map([
  ['ca.crt', 'cluster CA'],
  ['etcd-ca.crt', 'etcd CA'],
  ['front-proxy-ca.crt', 'front-proxy CA'],
]);

/** What is told of a certificate that was found. */
export function rowOf(found: Found, authorities: readonly Authority[], now: Date): Row {
  const { host, file } = found;
  const purpose = purposeOf(file);
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(found.pem);
  } catch {
    return { host, file, purpose, problem: 'is not a certificate' };
  }
  const signer = authorities.find(
    (authority) =>
      certificate.checkIssued(authority.certificate) && certificate.verify(authority.certificate.publicKey),
  );
  const expires = new Date(certificate.validTo);
  const days = Math.floor((expires.getTime() - now.getTime()) / DAY_MS);
  const problem = signer === undefined ? "none of the cluster's authorities signed it" : expiryProblem(days);
  return {
    host,
    file,
    purpose,
    subject: certificate.subject.split('\n').join(', '),
    ...(signer && { signedBy: signer.name }),
    expires,
    days,
    ...(problem !== undefined && { problem }),
  };
}

function expiryProblem(days: number): string | undefined {
  if (days < 0) return 'has expired';
  return days < WARNING_DAYS ? 'expires soon' : undefined;
}

const PURPOSES: ReadonlyMap<string, string> = new Map([
  ['kubelet-client', 'kubelet to the API server'],
  ['kubelet-client-current', 'kubelet to the API server, renewed by itself'],
  ['kubelet-server', "kubelet's own port"],
  ['etcd-server', 'etcd to its clients'],
  ['etcd-peer', 'etcd to its other members'],
  ['etcd-client', 'etcdctl on this host'],
  ['kube-apiserver', 'API server to its clients'],
  ['kube-apiserver-kubelet-client', 'API server to kubelets'],
  ['kube-apiserver-etcd-client', 'API server to etcd'],
  ['front-proxy-client', 'API server to aggregated APIs'],
  ['kube-controller-manager', 'controller manager to the API server'],
  ['kube-scheduler', 'scheduler to the API server'],
  ['haproxy-check', 'health checks of haproxy'],
  ['haproxy', 'health checks of haproxy, as it reads it'],
  ['ca', 'trusted for the cluster'],
  ['ca-signing', 'signs for the controller manager'],
  ['etcd-ca', 'trusted for etcd'],
  ['front-proxy-ca', 'trusted for the front proxy'],
  ['config', "the operator's kubeconfig"],
]);

function nameOf(file: string): string {
  return file.slice(file.lastIndexOf('/') + 1).replace(/\.(crt|pem)$/, '');
}

function purposeOf(file: string): string {
  return PURPOSES.get(nameOf(file)) ?? 'not one of pai';
}

/** Rows of a host: what it has, and what is missing of what it should have. */
export function rowsOfHost(
  answer: Answer<Pick<Host, 'name'>>,
  expected: readonly string[],
  authorities: readonly Authority[],
  now: Date,
): readonly Row[] {
  const host = answer.host.name;
  if ('problem' in answer) return [{ host, file: '', purpose: '', problem: answer.problem }];
  const rows = readAnswer(host, answer.text).map((found) => rowOf(found, authorities, now));
  const names = new Set(rows.map(({ file }) => nameOf(file)));
  const missing = expected.filter((name) => !names.has(name));
  const rotated = names.has(nameOf(KUBELET_ROTATED));
  return [
    // kubelet goes by what it made of this one by rotation, so that it ends is no trouble.
    ...rows.map((row) => (rotated && nameOf(row.file) === 'kubelet-client' ? replaced(row) : row)),
    ...missing.map((name) => {
      const file = `/etc/kubernetes/pki/${name}.crt`;
      return { host, file, purpose: purposeOf(file), problem: 'is missing' };
    }),
  ];
}

function replaced({ problem, ...row }: Row): Row {
  const rest = { ...row, purpose: `${row.purpose}, until kubelet renewed it` };
  return problem === undefined || row.days === undefined || row.signedBy === undefined
    ? { ...rest, ...(problem && { problem }) }
    : rest;
}

/** A table for people: a block for each host, what is wrong at the end of its line. */
export function tableOf(rows: readonly Row[], roles: ReadonlyMap<string, Host['role']>): string {
  const width = (pick: (row: Row) => string): number => Math.max(0, ...rows.map((row) => pick(row).length));
  const [files, purposes] = [width(({ file }) => nameOf(file)), width(({ purpose }) => purpose)];
  const lines: string[] = [];
  let block = '';
  for (const row of rows) {
    if (row.host !== block) {
      const role = roles.get(row.host);
      lines.push(`${row.host}${role === undefined ? '' : ` (${role})`}`);
      block = row.host;
    }
    if (row.file === '') {
      lines.push(`  ${row.problem}`);
      continue;
    }
    const days = row.days === undefined ? '' : `${row.days} d`;
    const left = `  ${days.padStart(7)}  ${nameOf(row.file).padEnd(files)}  ${row.purpose.padEnd(purposes)}`;
    const marked = row.problem === undefined ? '' : `  <- ${row.problem}`;
    lines.push(`${left}  ${row.signedBy ?? '-'}${marked}`.trimEnd());
  }
  return `${lines.join('\n')}\n`;
}

/** The same for machines. */
export function rowToJson({ expires, ...row }: Row): JsonObject {
  return { ...row, ...(expires && { expires: expires.toISOString() }) };
}

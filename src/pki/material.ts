import { createHash, createPrivateKey, createPublicKey, type KeyObject, X509Certificate } from 'node:crypto';
import type { CertificateSpec, IssuedCertificate } from '../model/drivers.js';
import { PaiError } from '../model/errors.js';
import type { JsonObject } from '../model/json.js';

/** What masters share: file name relative to the pki directory -> content. */
export type Material = ReadonlyMap<string, string>;

export type AuthorityName = CertificateSpec['ca'];

/** The certificate authorities: their files, and the common name that they are made with. */
export const AUTHORITIES = {
  cluster: { certificate: 'ca.crt', key: 'ca.key', commonName: 'kubernetes-ca' },
  etcd: { certificate: 'etcd-ca.crt', key: 'etcd-ca.key', commonName: 'etcd-ca' },
  'front-proxy': { certificate: 'front-proxy-ca.crt', key: 'front-proxy-ca.key', commonName: 'front-proxy-ca' },
} as const satisfies Readonly<Record<AuthorityName, object>>;

export const AUTHORITY_NAMES = ['cluster', 'etcd', 'front-proxy'] as const;

/** Years that a certificate authority is made for. */
export const AUTHORITY_YEARS = 10;

/** Files besides the certificate authorities. */
export const FILE = {
  serviceAccountKey: 'sa.key',
  serviceAccountPublicKey: 'sa.pub',
  /** 32 random bytes, base64: what the apiserver encrypts secrets with. */
  secretsEncryptionKey: 'secrets-encryption.key',
  /** 32 random bytes, hex: keys the digests of secrets in fingerprints. */
  fingerprintKey: 'fingerprint.key',
  /** Which cluster all this belongs to. */
  clusterId: 'cluster-id',
} as const;

/** Every file of a complete set. */
export const MATERIAL_FILES: readonly string[] = [
  ...AUTHORITY_NAMES.flatMap((name) => [AUTHORITIES[name].certificate, AUTHORITIES[name].key]),
  ...Object.values(FILE),
];

/** The stamp of target `pki`: kept with the material, but a set is complete without it. */
export const STAMP_FILE = 'stamp.json';

/** What was done since they were made, once something was: see renewal.ts. */
export const RENEWAL_FILE = 'renewal.json';

/** Files that a complete set may be without. */
export const OPTIONAL_FILES: readonly string[] = [STAMP_FILE, RENEWAL_FILE];

/** Files with one value, where a line end at the end means nothing. */
const ONE_LINE_FILES: ReadonlySet<string> = new Set([FILE.secretsEncryptionKey, FILE.fingerprintKey, FILE.clusterId]);

/** What the fingerprint of `pki` covers: how authorities are made, not their bytes. */
export function specification(clusterId: string): JsonObject {
  return {
    clusterId,
    authorities: AUTHORITY_NAMES.map((name) => AUTHORITIES[name].commonName),
    algorithm: 'EC P-256, ECDSA with SHA-256',
    years: AUTHORITY_YEARS,
  };
}

/** Content of a file as it is compared and used. */
export function normalise(file: string, content: string): string {
  return ONE_LINE_FILES.has(file) ? content.trim() : content;
}

/** Files that a complete set has and `files` has not. */
export function missingFiles(files: Material): string[] {
  return MATERIAL_FILES.filter((file) => !files.has(file));
}

/** The certificate authority that signs, PEM; its certificate file begins with it and may go on with others that are trusted. */
export function authority(material: Material, name: AuthorityName): IssuedCertificate {
  const files = AUTHORITIES[name];
  return { certificate: get(material, files.certificate), key: get(material, files.key) };
}

/** The key for secrets in fingerprints, 32 bytes. */
export function fingerprintKey(material: Material): Uint8Array {
  return Buffer.from(get(material, FILE.fingerprintKey), 'hex');
}

/** The PEM certificates of a text, in order, each with a line end. */
export function certificatesIn(pem: string): string[] {
  return [...pem.matchAll(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g)].map(([text]) => `${text}\n`);
}

/**
 * Hex SHA-256 over the public halves: each file's name and the DER in it, so that line ends do not matter. Names and DER are
 * delimited by their lengths.
 */
export function publicDigest(material: Material): string {
  const hash = createHash('sha256');
  const files = AUTHORITY_NAMES.map((name): string => AUTHORITIES[name].certificate);
  for (const file of [...files, FILE.serviceAccountPublicKey]) {
    const der = pemBodies(get(material, file));
    hash.update(`${file.length} ${file} ${der.byteLength} `).update(der);
  }
  return hash.digest('hex');
}

/**
 * Checks that a complete set is one: keys belong to their certificates, and all of it to this cluster. Throws PKI with
 * everything that is wrong; `where` is told as the place.
 */
export function checkMaterial(material: Material, clusterId: string, where: string): void {
  const other = get(material, FILE.clusterId);
  if (other !== clusterId.trim()) {
    throw new PaiError('PKI', `the certificate authorities belong to cluster "${other}", not to "${clusterId}"`, {
      where,
      next: `Set clusterid back to "${other}", or give cluster "${clusterId}" a configuration folder and hosts of its own`,
    });
  }
  const problems = [
    ...AUTHORITY_NAMES.flatMap((name) => authorityProblems(material, name)),
    ...serviceAccountProblems(material),
    ...randomKeyProblems(material),
  ];
  if (problems.length === 0) return;
  throw new PaiError('PKI', `damaged certificate authorities or keys: ${problems.length} problems`, {
    where,
    details: problems,
    next: 'Put the files back from a backup or from /var/lib/pai/pki/ on a master',
  });
}

function authorityProblems(material: Material, name: AuthorityName): string[] {
  const files = AUTHORITIES[name];
  const certificates = certificatesIn(get(material, files.certificate)).map((pem) =>
    parse(() => new X509Certificate(pem)),
  );
  const [certificate] = certificates;
  const key = parse(() => createPrivateKey(get(material, files.key)));
  const problems: string[] = [];
  if (certificate === undefined || certificates.includes(undefined)) {
    problems.push(`${files.certificate} is not a PEM certificate`);
  } else if (certificates.some((one) => one?.ca !== true)) {
    problems.push(`${files.certificate} is not a certificate authority`);
  }
  if (key === undefined) problems.push(`${files.key} is not a PEM private key`);
  else if (key.asymmetricKeyType !== 'ec') problems.push(`${files.key} is not an EC key`);
  else if (certificate !== undefined && !certificate.checkPrivateKey(key)) {
    problems.push(`${files.key} is not the key of ${files.certificate}`);
  }
  return problems;
}

function serviceAccountProblems(material: Material): string[] {
  const { serviceAccountKey, serviceAccountPublicKey } = FILE;
  const key = parse(() => createPrivateKey(get(material, serviceAccountKey)));
  const publicKey = parse(() => createPublicKey(get(material, serviceAccountPublicKey)));
  if (key === undefined) return [`${serviceAccountKey} is not a PEM private key`];
  if (publicKey === undefined) return [`${serviceAccountPublicKey} is not a PEM public key`];
  const same = publicDer(createPublicKey(key)).equals(publicDer(publicKey));
  return same ? [] : [`${serviceAccountPublicKey} is not the public half of ${serviceAccountKey}`];
}

function randomKeyProblems(material: Material): string[] {
  const problems: string[] = [];
  if (Buffer.from(get(material, FILE.secretsEncryptionKey), 'base64').byteLength !== 32) {
    problems.push(`${FILE.secretsEncryptionKey} is not 32 bytes in base64`);
  }
  if (!/^[0-9a-f]{64}$/.test(get(material, FILE.fingerprintKey))) {
    problems.push(`${FILE.fingerprintKey} is not 32 bytes in hex`);
  }
  return problems;
}

function publicDer(key: KeyObject): Buffer {
  return key.export({ type: 'spki', format: 'der' });
}

/** The DER of all blocks of a PEM text, one after another: it delimits itself. */
function pemBodies(pem: string): Buffer {
  const bodies = pem.split(/-----[^-]+-----/).filter((text) => text.trim() !== '');
  return Buffer.concat(bodies.map((body) => Buffer.from(body, 'base64')));
}

function parse<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function get(material: Material, file: string): string {
  const content = material.get(file);
  if (content === undefined) throw new PaiError('INTERNAL', `pki material without ${file}`);
  return content;
}

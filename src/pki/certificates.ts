import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  randomBytes,
  sign,
  X509Certificate,
} from 'node:crypto';
import { isIP, isIPv6 } from 'node:net';
import { AsnConvert, OctetString } from '@peculiar/asn1-schema';
import {
  AlgorithmIdentifier,
  AttributeTypeAndValue,
  AttributeValue,
  AuthorityKeyIdentifier,
  BasicConstraints,
  Certificate,
  ExtendedKeyUsage,
  Extension,
  Extensions,
  GeneralName,
  id_ce_authorityKeyIdentifier,
  id_ce_basicConstraints,
  id_ce_extKeyUsage,
  id_ce_keyUsage,
  id_ce_subjectAltName,
  id_ce_subjectKeyIdentifier,
  id_kp_clientAuth,
  id_kp_serverAuth,
  KeyIdentifier,
  KeyUsage,
  KeyUsageFlags,
  Name,
  RelativeDistinguishedName,
  SubjectAlternativeName,
  SubjectKeyIdentifier,
  SubjectPublicKeyInfo,
  TBSCertificate,
  Validity,
  Version,
} from '@peculiar/asn1-x509';
import type { CertificateSpec, IssuedCertificate } from '../model/drivers.js';
import { PaiError } from '../model/errors.js';

// X.509 v3 as RFC 5280 and Go's crypto/x509 want it: names only as subject alternative names, key identifiers in every
// certificate, an explicit extended key usage in every leaf. Loaded at the first certificate only: it brings an ASN.1 library.

const ECDSA_WITH_SHA256 = '1.2.840.10045.4.3.2';
const COMMON_NAME = '2.5.4.3';
const ORGANIZATION = '2.5.4.10';
const MAX_NAME_LENGTH = 64; // ub-common-name and ub-organization-name of RFC 5280

/** Hosts' clocks may be behind the dev box's. */
const SKEW_MS = 5 * 60 * 1000;
const DAY_MS = 24 * 60 * 60 * 1000;

/** Makes a self-signed certificate authority for leaves only, and its key (EC P-256, SEC 1 PEM). */
export function createAuthority(commonName: string, years: number, now: Date): IssuedCertificate {
  const key = newKey();
  const notAfter = new Date(now);
  notAfter.setUTCFullYear(notAfter.getUTCFullYear() + years);
  const subject = distinguishedName(commonName, []);
  const publicKey = publicKeyInfo(createPublicKey(key));
  const certificate = signed({
    subject,
    publicKey,
    validity: new Validity({ notBefore: new Date(now.getTime() - SKEW_MS), notAfter }),
    extensions: [
      extension(id_ce_basicConstraints, new BasicConstraints({ cA: true, pathLenConstraint: 0 }), true),
      extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign), true),
    ],
    issuer: { subject, key, keyIdentifier: keyIdentifier(publicKey) },
  });
  return { certificate, key: keyPem(key) };
}

/** An authority that is ready to sign: what every certificate of it needs, read once. */
export interface Issuer {
  readonly subject: Name;
  readonly key: KeyObject;
  readonly keyIdentifier: Buffer;
  readonly validTo: Date;
}

/** Reads an authority. */
export function openIssuer(ca: IssuedCertificate): Issuer {
  const certificate = new X509Certificate(ca.certificate);
  const key = createPrivateKey(ca.key);
  return {
    subject: AsnConvert.parse(certificate.raw, Certificate).tbsCertificate.subject,
    key,
    keyIdentifier: keyIdentifier(publicKeyInfo(createPublicKey(key))),
    validTo: new Date(certificate.validTo),
  };
}

/**
 * Issues a certificate with a new key (EC P-256, SEC 1 PEM). It never outlives its authority. Throws PKI when the spec asks
 * for what can't be, or the authority has expired.
 */
export function issueCertificate(spec: CertificateSpec, ca: IssuedCertificate | Issuer, now: Date): IssuedCertificate {
  checkSpec(spec);
  const issuer = 'certificate' in ca ? openIssuer(ca) : ca;
  const end = issuer.validTo;
  if (end.getTime() <= now.getTime()) {
    throw new PaiError('PKI', `the ${spec.ca} certificate authority expired on ${end.toISOString().slice(0, 10)}`, {
      next: 'Replace the certificate authorities: every certificate of the cluster hangs on them',
    });
  }
  const key = newKey();
  const notAfter = new Date(Math.min(now.getTime() + spec.days * DAY_MS, end.getTime()));
  const certificate = signed({
    subject: distinguishedName(spec.commonName, spec.organizations),
    publicKey: publicKeyInfo(createPublicKey(key)),
    validity: new Validity({ notBefore: new Date(now.getTime() - SKEW_MS), notAfter }),
    extensions: [
      extension(id_ce_basicConstraints, new BasicConstraints({ cA: false }), true),
      extension(id_ce_keyUsage, new KeyUsage(KeyUsageFlags.digitalSignature), true),
      extension(id_ce_extKeyUsage, new ExtendedKeyUsage(spec.usages.map(keyPurpose))),
      ...alternativeNames(spec),
    ],
    issuer,
  });
  return { certificate, key: keyPem(key) };
}

interface Unsigned {
  readonly subject: Name;
  readonly issuer: Omit<Issuer, 'validTo'>;
  readonly publicKey: SubjectPublicKeyInfo;
  readonly validity: Validity;
  readonly extensions: readonly Extension[];
}

function signed(parts: Unsigned): string {
  const algorithm = new AlgorithmIdentifier({ algorithm: ECDSA_WITH_SHA256 });
  const authorityKey = new AuthorityKeyIdentifier({
    keyIdentifier: new KeyIdentifier(parts.issuer.keyIdentifier),
  });
  const tbsCertificate = new TBSCertificate({
    version: Version.v3,
    serialNumber: serialNumber(),
    signature: algorithm,
    issuer: parts.issuer.subject,
    validity: parts.validity,
    subject: parts.subject,
    subjectPublicKeyInfo: parts.publicKey,
    extensions: new Extensions([
      ...parts.extensions,
      extension(id_ce_subjectKeyIdentifier, new SubjectKeyIdentifier(keyIdentifier(parts.publicKey))),
      extension(id_ce_authorityKeyIdentifier, authorityKey),
    ]),
  });
  const signature = sign('sha256', Buffer.from(AsnConvert.serialize(tbsCertificate)), parts.issuer.key);
  const certificate = new Certificate({
    tbsCertificate,
    signatureAlgorithm: algorithm,
    signatureValue: arrayBuffer(signature),
  });
  const lines =
    Buffer.from(AsnConvert.serialize(certificate))
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');
}

function extension(extnID: string, value: object, critical = false): Extension {
  return new Extension({ extnID, critical, extnValue: new OctetString(AsnConvert.serialize(value)) });
}

function alternativeNames(spec: CertificateSpec): Extension[] {
  const names = [
    ...[...new Set(spec.dnsNames)].map((dNSName) => new GeneralName({ dNSName })),
    ...[...new Set(spec.ipAddresses.map(plainAddress))].map((iPAddress) => new GeneralName({ iPAddress })),
  ];
  return names.length === 0 ? [] : [extension(id_ce_subjectAltName, new SubjectAlternativeName(names))];
}

/** IPv6 in hexadecimal groups only: the encoder does not know the form that ends like an IPv4 address. */
function plainAddress(address: string): string {
  return isIPv6(address) ? new URL(`http://[${address}]`).hostname.slice(1, -1) : address;
}

function distinguishedName(commonName: string, organizations: readonly string[]): Name {
  const attribute = (type: string, utf8String: string): RelativeDistinguishedName =>
    new RelativeDistinguishedName([new AttributeTypeAndValue({ type, value: new AttributeValue({ utf8String }) })]);
  return new Name([...organizations.map((name) => attribute(ORGANIZATION, name)), attribute(COMMON_NAME, commonName)]);
}

function keyPurpose(usage: CertificateSpec['usages'][number]): string {
  return usage === 'client' ? id_kp_clientAuth : id_kp_serverAuth;
}

/** 126 random bits: positive, never zero, always 16 bytes long. */
function serialNumber(): ArrayBuffer {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x7f) | 0x40;
  return arrayBuffer(bytes);
}

/** SHA-1 of the public key's bits, method 1 of RFC 5280 4.2.1.2: a name for the key, nothing is protected by it. */
function keyIdentifier({ subjectPublicKey }: SubjectPublicKeyInfo): Buffer {
  return createHash('sha1').update(Buffer.from(subjectPublicKey)).digest();
}

function publicKeyInfo(publicKey: KeyObject): SubjectPublicKeyInfo {
  return AsnConvert.parse(publicKey.export({ type: 'spki', format: 'der' }), SubjectPublicKeyInfo);
}

function newKey(): KeyObject {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
}

function keyPem(key: KeyObject): string {
  return key.export({ type: 'sec1', format: 'pem' }).toString();
}

function arrayBuffer(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}

function checkSpec(spec: CertificateSpec): void {
  const names = [spec.commonName, ...spec.organizations];
  const problems = [
    ...names.filter((name) => name === '').map(() => 'a common name or organization is empty'),
    ...names.filter((name) => name.length > MAX_NAME_LENGTH).map((name) => `"${name}" is longer than 64 characters`),
    ...spec.dnsNames.filter((name) => !/^(\*\.)?[\w.-]+$/.test(name)).map((name) => `"${name}" is not a DNS name`),
    ...spec.ipAddresses.filter((address) => isIP(address) === 0).map((address) => `"${address}" is not an IP address`),
    ...(spec.usages.length === 0 ? ['it is for neither clients nor servers'] : []),
    ...(spec.usages.includes('server') && spec.dnsNames.length + spec.ipAddresses.length === 0
      ? ['a server certificate needs DNS names or IP addresses']
      : []),
    ...(Number.isInteger(spec.days) && spec.days > 0 ? [] : [`${spec.days} is not a number of days`]),
  ];
  if (problems.length === 0) return;
  throw new PaiError('PKI', `no certificate can be issued for "${spec.commonName}"`, {
    details: problems,
    next: 'Correct the names and addresses in the configuration that it is made from',
  });
}

import { execFileSync } from 'node:child_process';
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { connect, createServer, type TLSSocket } from 'node:tls';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { CertificateSpec, IssuedCertificate } from '../../../src/model/drivers.js';
import { createAuthority, issueCertificate } from '../../../src/pki/certificates.js';
import { driverIn, temporaryDirectory } from './helpers.js';

const now = new Date('2026-11-23T10:00:00Z');
const server: CertificateSpec = {
  ca: 'cluster',
  commonName: 'kube-apiserver',
  organizations: [],
  dnsNames: ['kubernetes.default.svc', 'localhost', 'localhost'],
  ipAddresses: ['127.0.0.1', '169.254.0.1', 'fd00::1', '::ffff:10.0.0.1'],
  usages: ['server'],
  days: 365,
};
const client: CertificateSpec = {
  ca: 'cluster',
  commonName: 'system:node:10.0.0.5',
  organizations: ['system:nodes', 'zürich'],
  dnsNames: [],
  ipAddresses: [],
  usages: ['client'],
  days: 30,
};

let ca: IssuedCertificate;
let otherCa: IssuedCertificate;

beforeAll(() => {
  ca = createAuthority('kubernetes-ca', 10, now);
  otherCa = createAuthority('kubernetes-ca', 10, now);
});

function openssl(argv: string[], input?: string): string {
  return execFileSync('openssl', argv, { input, encoding: 'utf8', stdio: ['pipe', 'pipe', 'pipe'] });
}

function text(pem: string): string {
  return openssl(['x509', '-noout', '-text', '-nameopt', 'RFC2253,-esc_msb,utf8'], pem);
}

/** `openssl verify` as of a date; throws with its output when the chain is not good. */
async function verify(authority: string, leaf: string, purpose: string, at = now): Promise<string> {
  const directory = await temporaryDirectory();
  const files = { ca: path.join(directory, 'ca.crt'), leaf: path.join(directory, 'leaf.crt') };
  await writeFile(files.ca, authority);
  await writeFile(files.leaf, leaf);
  const when = String(Math.floor(at.getTime() / 1000));
  return openssl(['verify', '-x509_strict', '-attime', when, '-purpose', purpose, '-CAfile', files.ca, files.leaf]);
}

describe('certificate authorities', () => {
  test('openssl sees an authority for leaves only, valid for ten years and from five minutes ago', () => {
    const seen = text(ca.certificate);
    expect(seen).toContain('Version: 3 (0x2)');
    expect(seen).toMatch(/Basic Constraints: critical\s+CA:TRUE, pathlen:0/);
    expect(seen).toMatch(/Key Usage: critical\s+Certificate Sign, CRL Sign/);
    expect(seen).toContain('X509v3 Subject Key Identifier');
    expect(seen).toContain('X509v3 Authority Key Identifier');
    expect(seen).toContain('Subject: CN=kubernetes-ca');
    expect(seen).toContain('NIST CURVE: P-256');
    expect(seen).toContain('Not Before: Nov 23 09:55:00 2026 GMT');
    expect(seen).toContain('Not After : Nov 23 10:00:00 2036 GMT');
  });

  test('its own key signed it', async () => {
    expect(await verify(ca.certificate, ca.certificate, 'any')).toContain('OK');
    expect(new X509Certificate(ca.certificate).checkPrivateKey(createPrivateKey(ca.key))).toBe(true);
  });
});

describe('issued certificates', () => {
  test('openssl verifies them for their purpose and for no other', async () => {
    const serverPem = issueCertificate(server, ca, now).certificate;
    const clientPem = issueCertificate(client, ca, now).certificate;
    expect(await verify(ca.certificate, serverPem, 'sslserver')).toContain('OK');
    expect(await verify(ca.certificate, clientPem, 'sslclient')).toContain('OK');
    await expect(verify(ca.certificate, serverPem, 'sslclient')).rejects.toThrow(/unsuitable certificate purpose/);
    await expect(verify(ca.certificate, clientPem, 'sslserver')).rejects.toThrow(/unsuitable certificate purpose/);
  });

  test('an authority of the same name with another key does not verify them', async () => {
    const leaf = issueCertificate(client, ca, now).certificate;
    await expect(verify(otherCa.certificate, leaf, 'sslclient')).rejects.toThrow();
  });

  test('names, addresses and usages are as asked, each once', () => {
    const seen = text(issueCertificate(server, ca, now).certificate);
    expect(seen).toContain(
      'DNS:kubernetes.default.svc, DNS:localhost, IP Address:127.0.0.1, IP Address:169.254.0.1, IP Address:FD00:0:0:0:0:0:0:1, IP Address:0:0:0:0:0:FFFF:A00:1',
    );
    expect(seen).toMatch(/Extended Key Usage:\s+TLS Web Server Authentication\s*\n/);
    expect(seen).toMatch(/Basic Constraints: critical\s+CA:FALSE/);
    expect(seen).toMatch(/Key Usage: critical\s+Digital Signature\n/);
  });

  test('several organizations stay several, in any script', () => {
    const seen = text(issueCertificate(client, ca, now).certificate);
    expect(seen).toContain('Subject: CN=system:node:10.0.0.5,O=zürich,O=system:nodes');
    expect(seen).not.toContain('Subject Alternative Name');
  });

  test('both usages can be in one certificate', async () => {
    const both = issueCertificate({ ...server, ca: 'etcd', usages: ['client', 'server'] }, ca, now).certificate;
    expect(await verify(ca.certificate, both, 'sslserver')).toContain('OK');
    expect(await verify(ca.certificate, both, 'sslclient')).toContain('OK');
  });

  test('they are valid from five minutes ago for the days asked', async () => {
    const leaf = issueCertificate(client, ca, now).certificate;
    const parsed = new X509Certificate(leaf);
    expect(new Date(parsed.validFrom)).toEqual(new Date('2026-11-23T09:55:00Z'));
    expect(new Date(parsed.validTo)).toEqual(new Date('2026-12-23T10:00:00Z'));
    const later = new Date('2026-12-23T10:00:01Z');
    await expect(verify(ca.certificate, leaf, 'sslclient', later)).rejects.toThrow(/certificate has expired/);
  });

  test('they never outlive their authority', () => {
    const leaf = issueCertificate({ ...client, days: 10_000 }, ca, now).certificate;
    expect(new X509Certificate(leaf).validTo).toBe(new X509Certificate(ca.certificate).validTo);
  });

  test('dates from 2050 on are understood', async () => {
    const late = new Date('2049-06-01T00:00:00Z');
    const authority = createAuthority('late', 10, late);
    const leaf = issueCertificate({ ...client, days: 1000 }, authority, late).certificate;
    expect(text(leaf)).toContain('Not After : Feb 26 00:00:00 2052 GMT');
    expect(await verify(authority.certificate, leaf, 'sslclient', new Date('2051-01-01T00:00:00Z'))).toContain('OK');
  });

  test('serial numbers and keys are new each time, keys are SEC 1', () => {
    const issued = [1, 2, 3].map(() => issueCertificate(client, ca, now));
    expect(new Set(issued.map((i) => new X509Certificate(i.certificate).serialNumber)).size).toBe(3);
    expect(new Set(issued.map((i) => i.key)).size).toBe(3);
    expect(issued[0]?.key).toMatch(/^-----BEGIN EC PRIVATE KEY-----\n/);
  });

  test('an authority that openssl made can issue, whatever its name is encoded as', async () => {
    const directory = await temporaryDirectory();
    const key = path.join(directory, 'ca.key');
    openssl(['ecparam', '-name', 'secp384r1', '-genkey', '-noout', '-out', key]);
    const certificate = openssl(
      [
        'req',
        '-new',
        '-x509',
        '-key',
        key,
        '-days',
        '3650',
        '-subj',
        '/C=CH/O=Firm/CN=Root, 1',
        '-nameopt',
        'utf8',
      ].concat(['-addext', 'keyUsage=critical,keyCertSign']),
    );
    const own = { certificate, key: openssl(['ec', '-in', key]) };
    const leaf = issueCertificate(client, own, new Date());
    expect(await verify(certificate, leaf.certificate, 'sslclient', new Date())).toContain('OK');
  });

  test('an expired authority issues nothing', () => {
    const later = new Date('2036-11-24T00:00:00Z');
    expect(() => issueCertificate(client, ca, later)).toThrow(/cluster certificate authority expired on 2036-11-23/);
  });

  test.each<[string, Partial<CertificateSpec>, string]>([
    ['an empty common name', { commonName: '' }, 'a common name or organization is empty'],
    [
      'a common name that is too long',
      { commonName: 'n'.repeat(65) },
      `"${'n'.repeat(65)}" is longer than 64 characters`,
    ],
    ['a DNS name with a space', { dnsNames: ['a b'] }, '"a b" is not a DNS name'],
    ['a DNS name beyond ASCII', { dnsNames: ['zürich'] }, '"zürich" is not a DNS name'],
    ['an address that is none', { ipAddresses: ['10.0.0.256'] }, '"10.0.0.256" is not an IP address'],
    ['a network for an address', { ipAddresses: ['10.0.0.0/8'] }, '"10.0.0.0/8" is not an IP address'],
    ['no usage', { usages: [] }, 'it is for neither clients nor servers'],
    ['no days', { days: 0 }, '0 is not a number of days'],
    ['a server without names', { usages: ['server'] }, 'a server certificate needs DNS names or IP addresses'],
  ])('%s is refused', (_, change, problem) => {
    expect(() => issueCertificate({ ...client, ...change }, ca, now)).toThrow(
      expect.objectContaining({ code: 'PKI', details: [problem] }),
    );
  });
});

describe('TLS', () => {
  interface Handshake {
    readonly client: CertificateSpec;
    readonly host?: string;
    /** Whose certificate the client shows, when not the server's authority. */
    readonly clientFrom?: CertificateSpec['ca'];
  }

  /** A real mutual handshake: what each side made of the other, its name or the error. */
  async function handshake(asked: Handshake): Promise<{ server: string; client: string }> {
    const pki = driverIn(await temporaryDirectory());
    const material = await pki.create();
    const serverPair = await pki.issue(server);
    const clientPair = await pki.issue({ ...asked.client, ca: asked.clientFrom ?? 'cluster' });
    const authority = material.get('ca.crt');
    const listener = createServer({
      cert: serverPair.certificate,
      key: serverPair.key,
      ca: authority,
      requestCert: true,
      rejectUnauthorized: false, // so that the reason can be read
    });
    onTestFinished(() => {
      listener.close();
    });
    const serverSide = new Promise<string>((resolve) => {
      listener.on('secureConnection', (peer: TLSSocket) => {
        resolve(peer.authorized ? String(peer.getPeerCertificate().subject.CN) : String(peer.authorizationError));
      });
      listener.on('tlsClientError', (error) => resolve(error.message));
    });
    listener.listen(0, '127.0.0.1');
    await once(listener, 'listening');
    const { port } = listener.address() as AddressInfo;
    const socket = connect({
      port,
      host: '127.0.0.1',
      servername: asked.host ?? 'localhost',
      ca: authority,
      cert: clientPair.certificate,
      key: clientPair.key,
    });
    const clientSide = new Promise<string>((resolve) => {
      socket.on('secureConnect', () => resolve(String(socket.getPeerCertificate().subject.CN)));
      socket.on('error', (error) => resolve(error.message));
    });
    const [serverSaw, clientSaw] = await Promise.all([serverSide, clientSide]);
    socket.destroy();
    return { server: serverSaw, client: clientSaw };
  }

  test('a server and a client of one cluster trust each other', async () => {
    expect(await handshake({ client })).toEqual({ server: 'system:node:10.0.0.5', client: 'kube-apiserver' });
  });

  test('a client refuses a server by a name that its certificate lacks', async () => {
    const seen = await handshake({ client, host: 'elsewhere' });
    expect(seen.client).toContain("does not match certificate's altnames");
  });

  test('a server refuses a client of another authority', async () => {
    expect((await handshake({ client, clientFrom: 'etcd' })).server).toMatch(/^UNABLE_TO_/);
  });

  test('a server refuses a client with a server certificate', async () => {
    const wrong: CertificateSpec = { ...server, commonName: 'intruder' };
    expect((await handshake({ client: wrong })).server).toBe('INVALID_PURPOSE');
  });
});

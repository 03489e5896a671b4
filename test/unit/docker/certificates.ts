import { createAuthority, issueCertificate } from '../../../src/pki/certificates.js';

/** A CA and a server certificate that it signed; PEM. */
export interface TestCertificates {
  readonly ca: string;
  readonly certificate: string;
  readonly key: string;
}

/** Makes them anew. `hosts` are IP addresses; `expired` makes a server certificate of the past. */
export function makeCertificates(hosts: readonly string[], expired = false): TestCertificates {
  const now = new Date();
  const lastYear = new Date(now.getTime() - 365 * 24 * 3600 * 1000);
  const ca = createAuthority('CA of a test', 10, lastYear);
  const spec = {
    ca: 'cluster',
    commonName: 'registry of a test',
    organizations: [],
    dnsNames: [],
    ipAddresses: hosts,
    usages: ['server'],
    days: 30,
  } as const;
  return { ca: ca.certificate, ...issueCertificate(spec, ca, expired ? lastYear : now) };
}

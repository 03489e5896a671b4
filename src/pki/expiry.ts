import { X509Certificate } from 'node:crypto';
import { AUTHORITIES, AUTHORITY_NAMES, certificatesIn, type Material } from './material.js';

/** Days before the end of a certificate from which on it is told. */
export const EXPIRY_WARNING_DAYS = 60;

const DAY_MS = 24 * 60 * 60 * 1000;

/** Lines about authorities that expire soon or have: the one that signs of each. */
export function expiringAuthorities(material: Material, now: Date): string[] {
  return AUTHORITY_NAMES.flatMap((name) => {
    const [signer] = certificatesIn(material.get(AUTHORITIES[name].certificate) ?? '');
    if (signer === undefined) return [];
    const days = Math.floor((new Date(new X509Certificate(signer).validTo).getTime() - now.getTime()) / DAY_MS);
    if (days >= EXPIRY_WARNING_DAYS) return [];
    const when = days < 0 ? 'has expired' : `expires in ${days} days`;
    return [`the ${name} certificate authority ${when}: run pai pki rotate-ca`];
  });
}

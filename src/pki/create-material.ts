import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { createAuthority } from './certificates.js';
import { AUTHORITIES, AUTHORITY_NAMES, AUTHORITY_YEARS, FILE, type Material } from './material.js';
import type { NextAuthorities } from './renewal.js';

/** Makes the certificate authorities of a cluster, each with a key of its own. */
export function createAuthorities(now: Date): NextAuthorities {
  const make = (name: keyof NextAuthorities) => createAuthority(AUTHORITIES[name].commonName, AUTHORITY_YEARS, now);
  return { cluster: make('cluster'), etcd: make('etcd'), 'front-proxy': make('front-proxy') };
}

/** Makes a complete set for a new cluster. Keys are EC P-256 in SEC 1 PEM, which apiserver and etcd read in every release. */
export function createMaterial(clusterId: string, now: Date): Material {
  const material = new Map<string, string>();
  const authorities = createAuthorities(now);
  for (const name of AUTHORITY_NAMES) {
    material.set(AUTHORITIES[name].certificate, authorities[name].certificate);
    material.set(AUTHORITIES[name].key, authorities[name].key);
  }
  const serviceAccount = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  material.set(FILE.serviceAccountKey, serviceAccount.export({ type: 'sec1', format: 'pem' }).toString());
  const publicKey = createPublicKey(serviceAccount);
  material.set(FILE.serviceAccountPublicKey, publicKey.export({ type: 'spki', format: 'pem' }).toString());
  material.set(FILE.secretsEncryptionKey, randomBytes(32).toString('base64'));
  material.set(FILE.fingerprintKey, randomBytes(32).toString('hex'));
  material.set(FILE.clusterId, clusterId);
  return material;
}

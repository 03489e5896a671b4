import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { AUTHORITIES, AUTHORITY_YEARS, FILE, type Material } from './material.js';

/** Makes a complete set for a new cluster. Keys are EC P-256 in SEC 1 PEM, which apiserver and etcd read in every release. */
export async function createMaterial(clusterId: string, now: Date): Promise<Material> {
  const { createAuthority } = await import('./certificates.js');
  const material = new Map<string, string>();
  for (const files of Object.values(AUTHORITIES)) {
    const made = createAuthority(files.commonName, AUTHORITY_YEARS, now);
    material.set(files.certificate, made.certificate);
    material.set(files.key, made.key);
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

import type { KubeCredentials } from './client.js';

/** A kubeconfig with these credentials, for kubectl and its like. It is as secret as their key. */
export function kubeconfigOf({ server, url = server, ca, certificate, key }: KubeCredentials): string {
  const encoded = (pem: string): string => Buffer.from(pem).toString('base64');
  const name = 'pai';
  // Every reader of YAML reads JSON.
  return `${JSON.stringify(
    {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name, cluster: { server: url, 'certificate-authority-data': encoded(ca) } }],
      users: [{ name, user: { 'client-certificate-data': encoded(certificate), 'client-key-data': encoded(key) } }],
      contexts: [{ name, context: { cluster: name, user: name } }],
      'current-context': name,
    },
    undefined,
    2,
  )}\n`;
}

import type { Cluster, Operation } from 'pai';
import { planRenewal } from './pki-renew.js';
import { planRotation } from './pki-rotate.js';
import { pkiStatus } from './pki-status.js';

/** `pai pki`: what there is of certificates, and how they are exchanged. */
export function pkiOperations(cluster: Cluster): readonly Operation[] {
  return [
    {
      name: 'pki status',
      summary: 'every certificate, how long it lasts and who signed it',
      report: (context) => pkiStatus(cluster, context),
    },
    {
      name: 'pki renew',
      summary: 'exchange all leaf certificates, one master after another',
      plan: (context) => planRenewal(cluster, context),
    },
    {
      name: 'pki rotate-ca',
      summary: 'exchange the certificate authorities, while the cluster serves',
      plan: (context) => planRotation(cluster, context),
    },
  ];
}

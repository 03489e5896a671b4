import type { Cluster, Operation } from 'pai';
import { pkiOperations } from './operations/pki.js';

/** What people do to the cluster now and then, as commands. */
export function clusterOperations(cluster: Cluster): readonly Operation[] {
  return [...pkiOperations(cluster)];
}

import type { Cluster, Operation } from 'pai';
import { doctorOperation } from './operations/doctor.js';
import { pkiOperations } from './operations/pki.js';

/** What people do to the cluster now and then, as commands. */
export function clusterOperations(cluster: Cluster): readonly Operation[] {
  return [...pkiOperations(cluster), doctorOperation(cluster)];
}

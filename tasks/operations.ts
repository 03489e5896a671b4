import type { Cluster, Operation } from 'pai';
import { repair } from './operations/repair.js';

/** What people do to the cluster now and then, as commands. */
export function clusterOperations(cluster: Cluster): readonly Operation[] {
  return [repair(cluster)];
}

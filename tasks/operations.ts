import type { Cluster, Operation } from 'pai';

/** What people do to the cluster now and then, as commands. */
export function clusterOperations(_cluster: Cluster): readonly Operation[] {
  return [];
}

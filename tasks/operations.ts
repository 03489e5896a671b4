import type { Cluster, Operation } from 'pai';
import { imageOperations } from './operations/images.js';

/** What people do to the cluster now and then, as commands. */
export function clusterOperations(cluster: Cluster): readonly Operation[] {
  return [...imageOperations(cluster)];
}

import type { Cluster, Operation } from 'pai';
import { etcdOperations } from './operations/etcd.js';

/** What people do to the cluster now and then, as commands. */
export function clusterOperations(cluster: Cluster): readonly Operation[] {
  return [...etcdOperations(cluster)];
}

import type { Cluster, Operation, ProjectFolders } from 'pai';
import { doctorOperation } from './operations/doctor.js';
import { etcdOperations } from './operations/etcd.js';
import { imageOperations } from './operations/images.js';
import { nodeOperations } from './operations/nodes.js';
import { pkiOperations } from './operations/pki.js';
import { pruneOperations } from './operations/prune.js';
import { repair } from './operations/repair.js';
import { serviceOperations } from './operations/services.js';

/** What people do to the cluster now and then, as commands. */
export function clusterOperations(cluster: Cluster, project: ProjectFolders): readonly Operation[] {
  return [
    ...nodeOperations(cluster),
    ...pruneOperations(cluster),
    repair(cluster),
    ...etcdOperations(cluster),
    ...pkiOperations(cluster),
    doctorOperation(cluster),
    ...imageOperations(cluster),
    ...serviceOperations(cluster, project),
  ];
}

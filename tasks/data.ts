import path from 'node:path';
import type { ActionContext, Cluster, ServiceEntry } from 'pai';
import type { Settings } from './host-script.js';

/** Where etcd has its data, and the copy of the keys without which nobody can read it; `etcd-clean.sh` names them too. */
const ETCD = ['/var/lib/etcd', '/var/lib/pai/pki'];

/** Folders of data on a host, which a clean keeps unless it is told to delete them. */
export function dataOf({ services }: Cluster, role: 'master' | 'other'): readonly string[] {
  return [...(role === 'master' ? ETCD : []), services.dataPath];
}

/** Folders on hosts where a service keeps data. */
export function dataFolders({ services }: Cluster, { data }: ServiceEntry): readonly string[] {
  return data.map((folder) => path.posix.join(services.dataPath, folder));
}

/** What `reset.sh` is told of it. */
export function dataSettings({ services }: Cluster, { deleteData, hasLeft }: ActionContext): Settings {
  return {
    CLUSTER_ID: services.clusterId,
    DATA_PATH: services.dataPath,
    DELETE_DATA: deleteData === true ? 'yes' : '',
    DELETE_ETCD: deleteData === true || hasLeft === true ? 'yes' : '',
  };
}

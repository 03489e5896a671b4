import { type Cluster, type Operation, type OperationContext, type OperationPlan, PaiError } from 'pai';
import { planFix } from './etcd-fix.js';
import { lookAtEtcd } from './etcd-members.js';
import { planRestore } from './etcd-restore.js';
import { checkFree, defaultSnapshotFile, takeSnapshot } from './etcd-snapshot.js';
import { etcdReport } from './etcd-status.js';

/** What people do to etcd. */
export function etcdOperations(cluster: Cluster): readonly Operation[] {
  return [
    {
      name: 'etcd status',
      summary: 'every member of etcd, and what is wrong with it',
      report: async (context) => etcdReport(cluster, await lookAtEtcd(cluster, context)),
    },
    {
      name: 'etcd fix',
      summary: 'replace the member of etcd on a host',
      plan: (context) => planFix(cluster, context),
    },
    {
      name: 'etcd backup',
      summary: 'take a snapshot of etcd',
      plan: (context) => planBackup(cluster, context),
    },
    {
      name: 'etcd restore',
      summary: 'make etcd anew of a snapshot',
      plan: (context) => planRestore(cluster, context),
    },
  ];
}

async function planBackup(cluster: Cluster, context: OperationContext): Promise<OperationPlan> {
  if (context.words.length > 0) {
    throw new PaiError('USAGE', 'pai etcd backup takes no host', { next: 'Name a file with -f, or nothing.' });
  }
  const file = context.options.file ?? defaultSnapshotFile(cluster, new Date());
  await checkFree(file);
  const healthy = (await lookAtEtcd(cluster, context)).looks.find((look) => look.healthy);
  if (healthy === undefined) {
    throw new PaiError('USAGE', 'no member of etcd is healthy, so there is nothing to take a snapshot of', {
      next: 'See pai etcd status.',
    });
  }
  const { host } = healthy;
  return {
    steps: [
      {
        name: `etcd-snapshot:${host.name}`,
        description: `snapshot to ${file}`,
        pools: [`host:${host.name}`, 'ssh'],
        run: (applying) => takeSnapshot(cluster, host, file, applying),
      },
    ],
  };
}

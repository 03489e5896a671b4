import type { ActionContext, Cluster } from 'pai';
import { hostScript } from './host-script.js';

/** Deletes folders on all hosts, at once. What is not there is no error. Fails, after all others are done, when one host fails. */
export async function deleteOnHosts(
  cluster: Cluster,
  folders: readonly string[],
  context: ActionContext,
): Promise<void> {
  const settings = { FOLDERS: folders.join('\n'), DELETE_DATA: 'yes' };
  const script = await hostScript(context, settings, ['reset.sh', 'delete-data.sh']);
  const ends = await Promise.allSettled(
    cluster.hosts.map(({ name, login }) =>
      context.drivers.hosts.run(
        login,
        { files: [], script },
        { ...context, log: (line) => context.log(`${name}: ${line}`) },
      ),
    ),
  );
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

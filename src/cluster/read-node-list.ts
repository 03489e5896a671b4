import type { Cluster, Host } from './model.js';

/**
 * The machines of a list that are in the configuration, in its order, and the names of those that are not. Throws CONFIG_MISSING and
 * CONFIG_INVALID as `loadNodeList` does, which is loaded at the first call. `file`: absolute.
 */
export async function readNodeList(
  file: string,
  cluster: Pick<Cluster, 'directory' | 'hosts'>,
): Promise<{ readonly hosts: readonly Host[]; readonly others: readonly string[] }> {
  const { loadNodeList } = await import('./node-list.js');
  const { nodes } = await loadNodeList({ nodeListFile: file, configurationDirectory: cluster.directory });
  const hosts: Host[] = [];
  const others: string[] = [];
  for (const { host } of nodes) {
    const own = cluster.hosts.find(({ name }) => name.toLowerCase() === host.name.toLowerCase());
    if (own === undefined) others.push(host.name);
    else hosts.push(own);
  }
  return { hosts, others };
}

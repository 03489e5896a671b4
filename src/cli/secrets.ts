import type { Project } from './project.js';

/**
 * Asks for the secrets of the configuration before anything is changed, so that none is missed half-way. Not where only work on files of the
 * project is to be done. Throws SECRET.
 */
export async function revealSecretsFor(
  names: Iterable<string>,
  { asksForCluster, cluster, graph }: Pick<Project, 'asksForCluster' | 'cluster' | 'graph'>,
): Promise<void> {
  if (!asksForCluster) return;
  for (const name of names) {
    const action = graph.targets.get(name)?.action;
    if (action === undefined || action.local !== undefined) continue;
    await (await cluster()).revealSecrets();
    return;
  }
}

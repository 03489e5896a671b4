import { loadCluster } from '../cluster/load.js';
import type { Cluster } from '../cluster/model.js';
import type { Place } from './place.js';

/** The configuration of a place, in which a sandbox that is not there yet is made, of the usual size. */
export async function loadConfiguration(place: Place, serviceListFile: string): Promise<Cluster> {
  const { configurationDirectory, sandboxDirectory } = place;
  if (sandboxDirectory === undefined) return loadCluster({ configurationDirectory, serviceListFile });
  const [{ ensureSandbox }, { sandboxLayout }] = await Promise.all([
    import('../sandbox/create.js'),
    import('../sandbox/layout.js'),
  ]);
  const layout = sandboxLayout(sandboxDirectory);
  await ensureSandbox(layout);
  return loadCluster({ configurationDirectory, serviceListFile, operatorDirectory: layout.operator });
}

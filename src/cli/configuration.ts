import { type LoadClusterOptions, loadCluster } from '../cluster/load.js';
import type { Cluster } from '../cluster/model.js';
import { placed } from '../cluster/problems.js';
import type { Write } from '../report/reporter.js';
import type { Place } from './place.js';

/**
 * The configuration of a place, in which a sandbox that is not there yet is made, of the usual size. What may not be meant so is
 * written to `stderr`, if there is one.
 */
export async function loadConfiguration(place: Place, serviceListFile: string, stderr?: Write): Promise<Cluster> {
  const { configurationDirectory, sandboxDirectory } = place;
  const from: LoadClusterOptions = {
    configurationDirectory,
    serviceListFile,
    warn: (warnings) => {
      for (const warning of warnings) stderr?.(`warning: ${placed(warning)}\n`);
    },
  };
  if (sandboxDirectory === undefined) return loadCluster(from);
  const [{ ensureSandbox }, { sandboxLayout }] = await Promise.all([
    import('../sandbox/create.js'),
    import('../sandbox/layout.js'),
  ]);
  const layout = sandboxLayout(sandboxDirectory);
  await ensureSandbox(layout);
  return loadCluster({ ...from, operatorDirectory: layout.operator });
}

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
  return loadCluster({
    ...(await configurationOf(place, serviceListFile)),
    warn: (warnings) => {
      for (const warning of warnings) stderr?.(`warning: ${placed(warning)}\n`);
    },
  });
}

/** Where the configuration of a place is. A sandbox that is not there yet is made, of the usual size. */
export async function configurationOf(place: Place, serviceListFile: string): Promise<LoadClusterOptions> {
  const { configurationDirectory, sandboxDirectory } = place;
  const from = { configurationDirectory, serviceListFile };
  if (sandboxDirectory === undefined) return from;
  const [{ ensureSandbox }, { sandboxLayout }] = await Promise.all([
    import('../sandbox/create.js'),
    import('../sandbox/layout.js'),
  ]);
  const layout = sandboxLayout(sandboxDirectory);
  await ensureSandbox(layout);
  return { ...from, operatorDirectory: layout.operator };
}

import path from 'node:path';
import { type LoadClusterOptions, loadCluster } from '../cluster/load.js';
import type { Cluster } from '../cluster/model.js';
import { placed } from '../cluster/problems.js';
import { PaiError } from '../model/errors.js';
import type { Write } from '../report/reporter.js';
import type { Place } from './place.js';

/**
 * The configuration of a place, in which a sandbox that is not there yet is made, of the usual size. What may not be meant so is
 * written to `stderr`, if there is one.
 */
export async function loadConfiguration(place: Place, serviceListFile: string, stderr?: Write): Promise<Cluster> {
  const cluster = await loadCluster({
    ...(await configurationOf(place, serviceListFile)),
    warn: (warnings) => {
      for (const warning of warnings) stderr?.(`warning: ${placed(warning)}\n`);
    },
  });
  if (place.sandboxDirectory !== undefined) refuseUnsimulated(cluster);
  return cluster;
}

/** Hosts of the sandbox have a simulated Docker and nothing else that runs containers. @throws PaiError CONFIG_INVALID */
function refuseUnsimulated({ directory, kubernetes: { containerRuntime } }: Cluster): void {
  if (containerRuntime === 'docker') return;
  throw new PaiError('CONFIG_INVALID', `the sandbox does not simulate ${containerRuntime}, only Docker`, {
    where: path.join(directory, 'kubernetes-configuration.yaml'),
    next: 'Set container-runtime: docker, and hyperkube-version to a release up to 1.23; or work on real hosts.',
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

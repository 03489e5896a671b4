import type { Cluster } from 'pai';
import type { NeededPackage } from './inventory.js';

/** What `templates/host/prepare.sh` installs on hosts that lack it. */
export function hostPackages(_cluster: Cluster): readonly NeededPackage[] {
  return [{ name: 'docker.io', use: 'Docker Engine, with what it depends on' }];
}

import type { Cluster } from 'pai';
import type { NeededPackage } from './inventory.js';

/** What `templates/host/prepare.sh` installs on hosts that lack what runs containers. */
export function hostPackages({ kubernetes: { containerRuntime, packageSource } }: Cluster): readonly NeededPackage[] {
  if (packageSource.packages !== undefined) {
    return packageSource.packages.map((name) => ({ name, use: 'packages of package-source, with what it depends on' }));
  }
  if (containerRuntime === 'docker') return [{ name: 'docker.io', use: 'Docker Engine, with what it depends on' }];
  return [
    { name: 'containerd', use: 'containerd, with what it depends on' },
    { name: 'iptables', use: 'rules of kubelet and kube-proxy' },
  ];
}

import type { Cluster } from 'pai';
import { describe, expect, it } from 'vitest';
import { hostPackages } from '../../../tasks/packages.js';

/** Names of the packages that hosts of a cluster need. */
function namesOf(containerRuntime: string, packages?: readonly string[]): readonly string[] {
  const given: unknown = { kubernetes: { containerRuntime, packageSource: { only: false, packages } } };
  return hostPackages(given as Cluster).map(({ name }) => name);
}

describe('packages that hosts need', () => {
  it('are those of what runs containers', () => {
    expect(namesOf('docker')).toEqual(['docker.io']);
    expect(namesOf('containerd')).toEqual(['containerd', 'iptables']);
  });

  it('are those of package-source when it names some', () => {
    expect(namesOf('containerd', ['containerd.io=2.1.4-1', 'iptables'])).toEqual(['containerd.io=2.1.4-1', 'iptables']);
  });
});

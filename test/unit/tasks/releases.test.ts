import path from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { NEWEST_MINOR, OLDEST_MINOR } from '../../../src/cluster/release.js';
import { PaiError } from '../../../src/model/errors.js';
import { createTemplateDriver } from '../../../src/render/driver.js';
import { kubeletFlags } from '../../../tasks/kubelet.js';
import { knownRelease, RELEASES, type Release } from '../../../tasks/releases.js';

const templates = createTemplateDriver(path.resolve(import.meta.dirname, '../../../templates'));

const VARIABLES = {
  clusterconfig: {
    etcd_cluster_ips_server: 'https://10.0.0.1:2379',
    'cluster-dns': '10.96.0.10',
    'service-cluster-ip-range': '10.96.0.0/16',
    'storage-backend': 'etcd3',
    network: 'host-only',
  },
  hostcofig: { hostip: '10.0.0.1' },
  cluster_id: 'test',
  image: 'registry.example/component:v1',
  inputs: 'digest',
  server: 'https://10.0.0.9:6443',
};

interface Pod {
  readonly spec: { readonly containers: readonly [{ readonly command: readonly string[] }] };
}

async function flagsOf(component: string, release: Release): Promise<readonly string[]> {
  const name = `kubernetes/${component}/${component}.yaml.template`;
  const text = await templates.render(name, { ...VARIABLES, release: { ...release } });
  const [container] = (load(text) as Pod).spec.containers;
  return container.command.slice(1).map((flag) => flag.replace(/=.*$/, ''));
}

async function kubeletConfiguration(release: Release, endpoint: string): Promise<Record<string, unknown>> {
  const variables = { ...VARIABLES, release: { ...release }, runtime_endpoint: endpoint };
  return load(await templates.render('kubernetes/kubelet/kubelet.yaml.template', variables)) as Record<string, unknown>;
}

/** Flags that a component no longer knows: it would end at once with `unknown flag`. */
const REMOVED: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  'kube-apiserver': { '--insecure-port': 24, '--insecure-bind-address': 24, '--address': 24, '--port': 24 },
  'kube-controller-manager': { '--port': 24, '--address': 24 },
  'kube-scheduler': { '--port': 24, '--address': 24 },
  kubelet: {
    '--container-runtime': 27,
    '--network-plugin': 24,
    '--cni-bin-dir': 24,
    '--pod-infra-container-image': 35,
    '--containerd': 37,
  },
};

describe('the table of releases', () => {
  it('has each of those that the configuration accepts, once and in order', () => {
    const minors = Array.from({ length: NEWEST_MINOR - OLDEST_MINOR + 1 }, (_, index) => OLDEST_MINOR + index);
    expect(RELEASES.map(({ minor }) => minor)).toEqual(minors);
  });

  it('says what goes with 1.20 and with 1.37', () => {
    expect(knownRelease('v1.20.2')).toMatchObject({ minor: 20, dockershim: true, etcd: '3.4.13', pause: '3.2' });
    expect(knownRelease('v1.37.2')).toMatchObject({
      minor: 37,
      dockershim: false,
      refusesCgroupV1: true,
      etcd: '3.7.0',
    });
  });

  it('only ever gains or loses a thing, from one release to the next', () => {
    const names = Object.keys(RELEASES[0] ?? {}).filter(
      (name) => typeof RELEASES[0]?.[name as keyof Release] === 'boolean',
    );
    expect(names.length).toBeGreaterThan(5);
    for (const name of names) {
      const values = RELEASES.map((release) => release[name as keyof Release]);
      expect(values.filter((value, index) => index > 0 && value !== values[index - 1]).length, name).toBe(1);
    }
  });

  it.each(['v1.17.0', 'v1.38.1', 'latest'])('does not know %s', (tag) => {
    expect(() => knownRelease(tag)).toThrow(PaiError);
  });
});

describe.each(RELEASES.map((release) => [release.minor, release] as const))('1.%i', (minor, release) => {
  it.each(['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'])(
    '%s has no flag that was removed',
    async (component) => {
      const flags = await flagsOf(component, release);
      expect(flags.length).toBeGreaterThan(8);
      for (const [flag, since] of Object.entries(REMOVED[component] ?? {})) {
        if (minor >= since) expect(flags, flag).not.toContain(flag);
      }
      // A port without TLS would be open unless it is told not to be.
      const closing = component === 'kube-apiserver' ? '--insecure-port' : '--port';
      expect(flags.includes(closing)).toBe(minor <= 23);
    },
  );

  it('kubelet has no flag that was removed, and is told its runtime in one place', async () => {
    const runtimes = minor <= 23 ? (['docker', 'containerd'] as const) : (['containerd'] as const);
    for (const runtime of runtimes) {
      const flags = (['host-only', 'bridge'] as const)
        .flatMap((network) => kubeletFlags(release, runtime, 'registry.example/pause:3', network))
        .map((flag) => flag.replace(/=.*$/, ''));
      for (const [flag, since] of Object.entries(REMOVED.kubelet ?? {})) {
        if (minor >= since) expect(flags, flag).not.toContain(flag);
      }
      const configuration = await kubeletConfiguration(release, runtime === 'docker' ? '' : 'unix:///run/c.sock');
      const places = [flags.includes('--container-runtime-endpoint'), 'containerRuntimeEndpoint' in configuration];
      expect(places.filter(Boolean).length).toBe(runtime === 'docker' ? 0 : 1);
      // 1.26 and older refuse fields that they do not know.
      expect('containerRuntimeEndpoint' in configuration && minor < 27).toBe(false);
    }
  });

  it('kubelet starts on hosts with cgroup v1', async () => {
    const configuration = await kubeletConfiguration(release, '');
    expect(configuration.failCgroupV1).toBe(minor >= 35 ? false : undefined);
  });
});

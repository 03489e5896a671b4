import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
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

/** The command of a component's manifest, without its program. */
async function wordsOf(component: string, release: Release): Promise<readonly string[]> {
  const name = `kubernetes/${component}/${component}.yaml.template`;
  const text = await templates.render(name, { ...VARIABLES, release: { ...release } });
  const [container] = (load(text) as Pod).spec.containers;
  return container.command.slice(1);
}

async function flagsOf(component: string, release: Release): Promise<readonly string[]> {
  return (await wordsOf(component, release)).map((flag) => flag.replace(/=.*$/, ''));
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
    expect(names.length).toBe(6);
    for (const name of names) {
      const values = RELEASES.map((release) => release[name as keyof Release]);
      expect(values.filter((value, index) => index > 0 && value !== values[index - 1]).length, name).toBe(1);
    }
  });

  it('says which containerd goes with which kubelet', () => {
    expect(knownRelease('v1.22.1').containerd).toEqual({ from: '1.5', before: '2.0' });
    expect(knownRelease('v1.25.1').containerd).toEqual({ from: '1.5' });
    expect(knownRelease('v1.37.2').containerd).toEqual({ from: '1.6' });
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

/** Binaries of one release, to ask which flags they know. */
const BINARIES = process.env.PAI_TEST_KUBERNETES ?? '';
const MASTERS = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];
const missing = ['kubelet', 'kube-proxy', ...MASTERS].some((name) => !existsSync(path.join(BINARIES, name)));
const skipped = missing ? ' (skipped: set PAI_TEST_KUBERNETES to a folder that has them)' : '';

describe.skipIf(missing)(`programs of a release${skipped}`, () => {
  /** What a program says of flags; one that it does not know ends it before it comes to help. */
  const run = (name: string, ...words: readonly string[]) => {
    const { stdout, stderr } = spawnSync(path.join(BINARIES, name), words, { encoding: 'utf8', timeout: 60_000 });
    return `${stdout}${stderr}`;
  };
  const released = () => knownRelease(run('kubelet', '--version').replace('Kubernetes ', '').trim());

  it('say that they do not know a flag', () => {
    for (const name of ['kubelet', 'kube-proxy', ...MASTERS]) {
      expect(run(name, '--no-such-flag=0', '--help'), name).toMatch(/unknown flag: --no-such-flag/);
    }
  }, 120_000);

  it.each(MASTERS)(
    '%s knows every flag of its manifest',
    async (component) => {
      expect(run(component, ...(await wordsOf(component, released())), '--help')).not.toContain('unknown flag');
    },
    120_000,
  );

  it('kube-proxy knows every flag of its manifest', async () => {
    const text = await templates.read('kubernetes/kube-proxy/kube-proxy.yaml.template');
    const words =
      Buffer.from(text)
        .toString()
        .match(/(?<=^ +- )--[a-z-]+=[^{$\n]+$/gm) ?? [];
    expect(words.length).toBeGreaterThan(3);
    expect(run('kube-proxy', ...words, '--cluster-cidr=10.0.0.0/16', '--hostname-override=h', '--help')).not.toContain(
      'unknown flag',
    );
  }, 120_000);

  it('kubelet knows every flag that it is given', () => {
    const flags = kubeletFlags(released(), 'containerd', 'registry.example/pause:3', 'bridge');
    const ours = [
      '--config=c',
      '--kubeconfig=k',
      '--hostname-override=h',
      '--node-ip=10.0.0.1',
      '--cgroup-driver=systemd',
    ];
    expect(run('kubelet', ...ours, ...flags, '--help')).not.toContain('unknown flag');
  }, 120_000);
});

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ActionContext, Cluster, KubernetesConfiguration, PayloadFile } from 'pai';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../../src/model/secret.js';
import { createTemplateDriver } from '../../../src/render/driver.js';
import { lateRuntimeFiles, packageSourceFiles, runtimeFiles, runtimeSettings } from '../../../tasks/runtimes.js';

const templates = createTemplateDriver(path.resolve(import.meta.dirname, '../../../templates'));

/** What the tasks read of a cluster. */
function clusterOf(
  kubernetes: Partial<KubernetesConfiguration>,
  registry: Readonly<Record<string, unknown>> = {},
): Cluster {
  const given: unknown = {
    kubernetes: {
      dockerRegistry: 'registry.example:5000/k8s',
      dockerRegistryInsecure: false,
      containerRuntime: 'containerd',
      network: { kind: 'host-only' },
      packageSource: { only: false },
      versions: { hyperkube: 'v1.20.2', pause: '3.2' },
      ...kubernetes,
    },
    services: {
      registry: {
        domain: 'services.example',
        namespace: 'pai',
        tag: 'x',
        secretName: 's',
        insecure: false,
        ...registry,
      },
    },
  };
  return given as Cluster;
}

const host = { name: 'h1', login: {} } as Parameters<typeof lateRuntimeFiles>[1];

/** A host that has this daemon.json, or none. */
function contextOf(daemon?: string): ActionContext {
  const read = async () => new Map(daemon === undefined ? [] : [['/etc/docker/daemon.json', Buffer.from(daemon)]]);
  const given: unknown = { drivers: { templates, hosts: { read } } };
  return given as ActionContext;
}

function textOf(files: readonly PayloadFile[], name: string): string | undefined {
  const file = files.find((one) => one.path === name);
  return file && Buffer.from(file.content).toString();
}

describe('package-source', () => {
  it('is a line of apt that is bound to its key, whatever other options it has', async () => {
    const keyPath = path.join(mkdtempSync(path.join(tmpdir(), 'pai-key-')), 'mirror.gpg');
    writeFileSync(keyPath, 'key');
    const packageSource = {
      aptLine: 'deb [arch=amd64 signed-by=/other] http://mirror.example/debian bookworm main',
      keyPath,
      only: true,
      packages: ['containerd=1.6.20', 'iptables'],
    };
    const cluster = clusterOf({ packageSource });
    const files = await packageSourceFiles(cluster);
    expect(textOf(files, 'packages/pai.list')).toBe(
      'deb [arch=amd64 signed-by=/etc/apt/keyrings/pai.gpg] http://mirror.example/debian bookworm main\n',
    );
    expect(textOf(files, 'packages/pai.gpg')).toBe('key');
    expect(runtimeSettings(cluster)).toEqual({
      RUNTIME: 'containerd',
      CONTAINERD_FROM: '1.5',
      CONTAINERD_BEFORE: '2.0',
      PACKAGES: 'containerd=1.6.20 iptables',
      PACKAGE_SOURCE: 'only',
    });
    rmSync(path.dirname(keyPath), { recursive: true });
  });

  it('is the hosts own when there is none', async () => {
    expect(await packageSourceFiles(clusterOf({}))).toEqual([]);
    expect(runtimeSettings(clusterOf({}))).toMatchObject({ PACKAGES: '', PACKAGE_SOURCE: 'host' });
  });
});

describe('containerd', () => {
  it('is told the pause image and how to reach registries', async () => {
    const cluster = clusterOf({ dockerRegistryInsecure: true });
    const config = textOf(await runtimeFiles(cluster, contextOf()), 'root/etc/containerd/config.toml');
    expect(config).toContain('sandbox_image = "registry.example:5000/k8s/pause:3.2"');
    const late = await lateRuntimeFiles(cluster, host, contextOf());
    expect(late.map((file) => file.path)).toEqual([
      'root/etc/containerd/certs.d/registry.example:5000/hosts.toml',
      'root/etc/containerd/certs.d/services.example/hosts.toml',
    ]);
    expect(textOf(late, late[0]?.path ?? '')).toContain('server = "http://registry.example:5000"');
    expect(textOf(late, late[1]?.path ?? '')).toContain('server = "https://services.example"');
  });

  it('logs in only where components come from the registry that the login is for, in files for root only', async () => {
    const login = { username: 'pai', password: new Secret(async () => 'hidden') };
    const basic = `authorization = "Basic ${Buffer.from('pai:hidden').toString('base64')}"`;
    const same = await lateRuntimeFiles(
      clusterOf({ dockerRegistry: 'services.example/k8s' }, login),
      host,
      contextOf(),
    );
    expect(same.map((file) => [textOf(same, file.path)?.includes(basic), file.mode, file.secret])).toEqual([
      [true, 0o600, true],
    ]);
    const other = await lateRuntimeFiles(clusterOf({ dockerRegistryInsecure: true }, login), host, contextOf());
    expect(other).toHaveLength(2);
    for (const file of other) expect(textOf(other, file.path)).not.toContain('authorization');
  });
});

describe('Docker', () => {
  const insecure = clusterOf({ containerRuntime: 'docker', dockerRegistryInsecure: true });

  it('keeps what else stands in daemon.json', async () => {
    const files = await lateRuntimeFiles(
      insecure,
      host,
      contextOf('{"bip": "10.9.0.1/24", "insecure-registries": ["a"]}'),
    );
    expect(JSON.parse(textOf(files, 'root/etc/docker/daemon.json') ?? '')).toEqual({
      bip: '10.9.0.1/24',
      'insecure-registries': ['a', 'registry.example:5000'],
    });
  });

  it('is told nothing where registries are as Docker expects them', async () => {
    expect(await lateRuntimeFiles(clusterOf({ containerRuntime: 'docker' }), host, contextOf())).toEqual([]);
  });

  it.each(['[]', '{'])('has a daemon.json that can be read, or it is told: %s', async (text) => {
    await expect(lateRuntimeFiles(insecure, host, contextOf(text))).rejects.toMatchObject({
      message: '/etc/docker/daemon.json is not a JSON object',
      where: 'host h1',
    });
  });
});

import { type Allowance, type Drivers, type Host, PaiError } from 'pai';
import { describe, expect, test } from 'vitest';
import { checkSkew, checkVersions, stepBetween } from '../../../tasks/versions.js';

describe('the step from one version to another', () => {
  test.each([
    ['v1.20.2', 'v1.20.2', { kind: 'none' }],
    ['v1.20.2', '1.20.2', { kind: 'none' }],
    ['v1.20.2', 'v1.20.9', { kind: 'up' }],
    ['v1.20.2', 'v1.21.0', { kind: 'up' }],
    ['v1.20.2', 'v1.22.0', { kind: 'skips', next: '1.21' }],
    ['v1.9.4', 'v1.20.2', { kind: 'skips', next: '1.10' }],
    ['v1.37.1', 'v2.0.0', { kind: 'up' }],
    ['v1.37.1', 'v2.1.0', { kind: 'skips', next: '2.0' }],
    ['v1.20.2', 'v1.20.1', { kind: 'down' }],
    ['v1.20.2', 'v1.19.16', { kind: 'down' }],
    ['v1.10.0', 'v1.9.9', { kind: 'down' }],
    ['3.4.13-0', '3.5.0', { kind: 'up' }],
    ['3.4.13', '3.6.1', { kind: 'skips', next: '3.5' }],
    ['latest', 'v1.20.2', { kind: 'none' }],
    ['v1.20.2', 'mine', { kind: 'none' }],
    ['v0.0.0-simulated', 'v1.20.2', { kind: 'none' }],
  ])('from %s to %s', (running, wanted, step) => {
    expect(stepBetween(running, wanted)).toEqual(step);
  });
});

describe('what a host has is compared with the configuration', () => {
  const host = { name: 'm1', nodeName: '10.0.0.1', login: { name: 'm1' } } as Host;
  const manifest = (image: string) =>
    Buffer.from(`kind: Pod\nspec:\n  containers:\n    - name: one\n      image: ${image}\n`);
  const FILES = new Map([
    ['/etc/kubernetes/manifests/kube-apiserver.yaml', manifest('registry:5000/pai/kube-apiserver:v1.20.2')],
    ['/etc/kubernetes/manifests/etcd.yaml', manifest('"registry:5000/pai/etcd:3.4.13"')],
  ]);

  function contextOf(nodes: () => Promise<readonly object[]>, files = FILES) {
    return {
      target: 'master:m1',
      drivers: { hosts: { read: async () => files }, kube: { nodes } } as unknown as Drivers,
      outputs: new Map(),
      signal: new AbortController().signal,
      log: () => undefined,
    };
  }

  function check(
    wanted: Readonly<Record<string, string>>,
    allow: readonly Allowance[] = [],
    nodes = async (): Promise<readonly object[]> => [{ name: '10.0.0.1', kubeletVersion: 'v1.20.2' }],
  ): Promise<unknown> {
    return checkVersions(host, wanted, contextOf(nodes), new Set(allow)).then(
      () => 'fine',
      (error) => error,
    );
  }

  test('of static pods and of kubelet', async () => {
    expect(await check({ 'kube-apiserver': 'v1.21.0', etcd: '3.5.0', kubelet: 'v1.21.0' })).toBe('fine');
    expect(await check({ 'kube-apiserver': 'v1.22.0' })).toMatchObject({
      code: 'REFUSED',
      exitCode: 2,
      message: expect.stringContaining('kube-apiserver on m1 is v1.20.2, and the configuration has v1.22.0'),
      next: expect.stringContaining('Set apiserver-version to a release of 1.21 first'),
    });
    expect(await check({ etcd: '3.6.0' })).toMatchObject({ next: expect.stringContaining('etcd-version') });
    expect(await check({ kubelet: 'v1.22.1' })).toMatchObject({ next: expect.stringContaining('hyperkube-version') });
  });

  test('an older one is refused unless that is allowed; a skipped one always', async () => {
    expect(await check({ kubelet: 'v1.19.3' })).toMatchObject({ next: expect.stringContaining('--allow downgrade') });
    expect(await check({ kubelet: 'v1.19.3' }, ['downgrade'])).toBe('fine');
    expect(await check({ kubelet: 'v1.22.1' }, ['downgrade', 'unhealthy'])).toMatchObject({ code: 'REFUSED' });
  });

  test('of kubelet, which may not be newer than the API server of its host by a minor version', async () => {
    const none = async () => [];
    await expect(checkSkew(host, 'v1.21.0', contextOf(none))).rejects.toMatchObject({
      code: 'REFUSED',
      exitCode: 2,
      message: expect.stringContaining('kubelet on m1 would be v1.21.0, and its API server is v1.20.2'),
      next: expect.stringContaining('Leave hyperkube-version at 1.20, run with the new apiserver-version'),
    });
    for (const fine of ['v1.20.9', 'v1.20.2', 'v1.19.0', 'edge']) await checkSkew(host, fine, contextOf(none));
    await checkSkew(host, 'v1.21.0', contextOf(none, new Map()));
  });

  test('what nobody can tell is not judged', async () => {
    const silent = async () => {
      throw new PaiError('KUBE_UNREACHABLE', 'no answer');
    };
    expect(await check({ kubelet: 'v1.30.0' }, [], silent)).toBe('fine');
    expect(await check({ kubelet: 'v1.30.0' }, [], async () => [])).toBe('fine');
    expect(await check({ 'kube-scheduler': 'v1.30.0' })).toBe('fine');
  });
});

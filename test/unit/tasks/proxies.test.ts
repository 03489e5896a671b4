import path from 'node:path';
import type { ActionContext, Cluster, Drivers, FingerprintPart, Host } from 'pai';
import { describe, expect, test } from 'vitest';
import { createTemplateDriver } from '../../../src/render/driver.js';
import { loadBalancer } from '../../../tasks/proxies.js';

const templates = createTemplateDriver(path.resolve(import.meta.dirname, '../../../templates'), {
  undefined: 'strict',
});
const pki = {
  material: async () => new Map([['ca.crt', 'the CA']]),
  renewal: async () => ({ generation: 0, renewed: 0 }),
};

/** What a load balancer needs of a cluster with masters of these addresses. */
function clusterOf(addresses: readonly string[]): Cluster {
  const components = { apiserver: 'v1.20.2', scheduler: 'v1.20.2', controllerManager: 'v1.20.2', etcd: '3.4.23' };
  const versions = { ...components, hyperkube: 'v1.20.2', pause: '3.2', haproxy: '2.6.12' };
  const masters = addresses.map((address, index) => ({ name: `m${index + 1}`, address }));
  return {
    masters,
    kubernetes: {
      dockerRegistry: 'registry/pai',
      containerRuntime: 'docker',
      network: { kind: 'host-only' },
      versions,
    },
    services: { clusterId: 'test', dataPath: '/datastorage' },
    addresses: { apiServer: 'https://10.0.0.9:6443' },
    variables: { kubernetes: { clusterconfig: { 'cluster-dns': '10.254.0.10' } } },
  } as unknown as Cluster;
}

const proxy = { name: 'p1', role: 'proxy', address: '10.0.0.9', nodeName: '10.0.0.9', login: { name: 'p1' } } as Host;

/** Texts of the files that the proxy is given, by path; and the parts of its fingerprint. */
async function proxyOf(
  addresses: readonly string[],
): Promise<{ text: Map<string, string>; parts: readonly FingerprintPart[] }> {
  const context: ActionContext = {
    target: 'proxy:p1',
    drivers: { templates, pki } as unknown as Drivers,
    outputs: new Map(),
    signal: new AbortController().signal,
    log: () => undefined,
  };
  const action = loadBalancer(clusterOf(addresses), proxy);
  const files = (await action.files?.(context)) ?? [];
  const text = new Map(files.map(({ path, content }) => [path, Buffer.from(content).toString()]));
  return { text, parts: (await action.desired(context)).parts };
}

const CONFIGURATION = 'etc/kubernetes/haproxy/haproxy.cfg';
const MANIFEST = 'etc/kubernetes/manifests/haproxy.yaml';

describe('the load balancer in front of the masters', () => {
  test('works at TCP level and asks each master whether it is ready', async () => {
    const { text } = await proxyOf(['10.0.0.1', '10.0.0.2', 'fd00::3']);
    const configuration = text.get(CONFIGURATION) ?? '';
    expect(configuration).toMatch(/^ *mode tcp$/m);
    expect(configuration).toContain('option httpchk GET /readyz');
    // Before the checks have found out, a client of a dead master gets another one.
    expect(configuration).toMatch(/^ *option redispatch 1$/m);
    expect(configuration).toMatch(/default-server check check-ssl verify required/);
    expect(configuration.match(/^ *server .*/gm)?.map((line) => line.trim())).toEqual([
      'server m1 10.0.0.1:6443',
      'server m2 10.0.0.2:6443',
      'server m3 [fd00::3]:6443',
    ]);
  });

  test('follows the list of masters: another list is another configuration, and another pod, since haproxy reads it at its start', async () => {
    const before = await proxyOf(['10.0.0.1', '10.0.0.2']);
    const same = await proxyOf(['10.0.0.1', '10.0.0.2']);
    const after = await proxyOf(['10.0.0.1', '10.0.0.2', '10.0.0.3']);
    expect(same.parts).toEqual(before.parts);
    const value = ({ parts }: typeof before, file: string) =>
      parts.find(({ name }) => name === `file root/${file}`)?.value;
    for (const file of [CONFIGURATION, MANIFEST]) {
      expect(value(before, file)).toBeDefined();
      expect(value(after, file)).not.toEqual(value(before, file));
    }
    const inputs = ({ text }: typeof before) => /pai\/inputs: "([0-9a-f]{64})"/.exec(text.get(MANIFEST) ?? '')?.[1];
    expect(inputs(after)).toMatch(/./);
    expect(inputs(after)).not.toBe(inputs(before));
    // kubelet itself is told nothing new.
    for (const file of ['etc/kubernetes/kubelet.yaml', 'etc/kubernetes/kubelet.conf']) {
      expect(value(after, file)).toEqual(value(before, file));
    }
  });
});

import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { listAt, objectAt, textAt, valueAt } from '../../../src/model/json-path.js';
import { clusterAddons } from '../../../tasks/addons.js';
import { networkAddons } from '../../../tasks/network.js';
import { releasesOf } from '../../../tasks/releases.js';
import * as fixture from '../cluster/configuration-fixture.js';
import { CLUSTER, type Edit, edited, failure, KUBERNETES, removeEdited } from '../cluster/configuration-fixture.js';
import { asPai, context, objectsOf, templates } from './templates.js';

afterEach(removeEdited);

const NAMES: Edit = [KUBERNETES, 'cluster-dns: 10.1.0.254', 'cluster-dns: 10.96.0.10'];
const BRIDGE: Edit = [
  KUBERNETES,
  'pause-version: "3.2"\n',
  'pause-version: "3.2"\n  network: bridge\n  pod-cidr: 10.244.0.0/16\n',
];
const MANIFESTS: Edit = [
  KUBERNETES,
  'pause-version: "3.2"\n',
  'pause-version: "3.2"\n  network: manifests\n  network-manifests: cni\n',
];
const NO_DASHBOARD: Edit = [CLUSTER, '    dashboard: "true"\n', ''];

const load = async (folder: string) => asPai(await fixture.load(folder));
const loadEdited = async (...edits: readonly Edit[]) => asPai(await fixture.loadEdited(...edits));

const names = (addons: readonly { readonly name: string }[]) => addons.map(({ name }) => name);

async function only(addons: ReturnType<typeof clusterAddons>, name: string) {
  const addon = addons.find((one) => one.name === name);
  if (addon === undefined) throw new Error(`no ${name}`);
  return objectsOf(addon.action);
}

describe('add-ons', () => {
  it('are what the configuration chooses', async () => {
    const plain = await loadEdited(NO_DASHBOARD);
    expect([...names(networkAddons(plain)), ...names(clusterAddons(plain))]).toEqual([]);
    const whole = await loadEdited(BRIDGE, NAMES);
    expect([...names(networkAddons(whole)), ...names(clusterAddons(whole))]).toEqual(['network', 'dns', 'dashboard']);
  });

  it('have no name server where cluster-dns is one outside, or pods have no network', async () => {
    expect(names(clusterAddons(await loadEdited(BRIDGE, NO_DASHBOARD)))).toEqual([]);
    expect(names(clusterAddons(await loadEdited(NAMES, NO_DASHBOARD)))).toEqual([]);
  });
});

describe('the network of network: bridge', () => {
  it('is an agent on every node, whatever its taints, with the script in it and no more rights than to see nodes', async () => {
    const objects = await only(networkAddons(await loadEdited(BRIDGE)), 'network');
    const pod = objectAt(objects.get('DaemonSet pai-network'), 'spec', 'template', 'spec');
    expect(pod).toMatchObject({ hostNetwork: true, tolerations: [{ operator: 'Exists' }] });
    expect(pod.nodeSelector).toBeUndefined();
    const [agent] = listAt(pod, 'containers');
    expect(valueAt(agent, 'args')).toEqual([
      Buffer.from(await templates.read('kubernetes/bridge/agent.sh')).toString(),
    ]);
    expect(listAt(agent, 'env')).toContainEqual({ name: 'POD_CIDR', value: '10.244.0.0/16' });
    expect(objects.get('ClusterRole pai-network')?.rules).toEqual([
      { apiGroups: [''], resources: ['nodes'], verbs: ['get', 'list', 'watch'] },
    ]);
  });

  it('says nothing of the machines: one more changes no object', async () => {
    const before = await only(networkAddons(await loadEdited(BRIDGE)), 'network');
    const more = await loadEdited(BRIDGE, [
      CLUSTER,
      '  - hostname: w2\n',
      '  - { hostname: w9, hostip: 10.1.0.19, machine-type: GENERIC, k8s-role: worker }\n  - hostname: w2\n',
    ]);
    expect(more.hosts).toHaveLength(7);
    expect(await only(networkAddons(more), 'network')).toEqual(before);
  });

  it('has controller managers give each node its part', async () => {
    const render = async (...edits: readonly Edit[]) => {
      const cluster = await loadEdited(...edits);
      const release = { ...releasesOf(cluster).controllerManager };
      const given = { hostcofig: {}, cluster_id: 'c', image: 'i', inputs: '', release };
      const variables = { ...cluster.variables.kubernetes, ...given };
      return templates.render('kubernetes/kube-controller-manager/kube-controller-manager.yaml.template', variables);
    };
    const flags = ['--allocate-node-cidrs=true', '--cluster-cidr=10.244.0.0/16', '--node-cidr-mask-size=24'];
    for (const flag of flags) expect(await render(BRIDGE)).toContain(`- ${flag}\n`);
    expect(await render()).not.toMatch(/cidrs|cluster-cidr/);
  });
});

describe('the network of network: manifests', () => {
  const make = (files: Readonly<Record<string, string>>) => {
    const folder = edited(MANIFESTS);
    mkdirSync(path.join(folder, 'cni'));
    for (const [name, text] of Object.entries(files)) writeFileSync(path.join(folder, 'cni', name), text);
    return load(folder);
  };
  const object = (name: string) =>
    `apiVersion: v1\nkind: ConfigMap\nmetadata: { name: ${name}, namespace: kube-system }\n`;

  it('is what the files of the folder say', async () => {
    const cluster = await make({ 'b.yaml': object('two'), 'a.yml': object('one'), 'notes.txt': 'no manifest' });
    const objects = await only(networkAddons(cluster), 'network');
    expect([...objects.keys()]).toEqual(['ConfigMap one', 'ConfigMap two']);
  });

  it('is refused when there is nothing', async () => {
    const [addon] = networkAddons(await make({ 'notes.txt': '' }));
    const error = await failure(Promise.resolve(addon?.action.desired(context)));
    expect(error).toMatchObject({ code: 'CONFIG_MISSING', where: 'kubernetes-configuration.yaml: network-manifests' });
    expect(error.message).toMatch(/cni has no manifests$/);
    const [elsewhere] = networkAddons(await loadEdited(MANIFESTS));
    expect((await failure(Promise.resolve(elsewhere?.action.desired(context)))).message).toMatch(/ENOENT/);
  });

  it('is refused with the place of what is no manifest', async () => {
    const [addon] = networkAddons(await make({ 'flannel.yaml': 'kind: DaemonSet\n' }));
    const error = await failure(Promise.resolve(addon?.action.desired(context)));
    expect(error).toMatchObject({ code: 'TEMPLATE', where: /\/cni\/flannel\.yaml$/ });
  });
});

describe('the name server', () => {
  it('is a service at cluster-dns', async () => {
    const objects = await only(clusterAddons(await loadEdited(BRIDGE, NAMES)), 'dns');
    expect(objects.get('Service kube-dns')?.spec).toMatchObject({ clusterIP: '10.96.0.10' });
    const [container] = listAt(objects.get('Deployment coredns'), 'spec', 'template', 'spec', 'containers');
    expect(textAt(container, 'image')).toBe('registry.example.com:5000/kubernetes/coredns:v1.10.1');
  });

  it('has a configuration that CoreDNS can read: a block begins at the end of a line, and its end stands alone', async () => {
    const objects = await only(clusterAddons(await loadEdited(BRIDGE, NAMES)), 'dns');
    const lines = (textAt(objects.get('ConfigMap coredns'), 'data', 'Corefile') ?? '').split('\n');
    const braces = lines.map((line) => line.trim()).filter((line) => /[{}]/.test(line));
    expect(braces.length).toBeGreaterThan(2);
    for (const line of braces) expect(line).toMatch(/^(\}|[^{}]+ \{)$/);
  });
});

describe('the dashboard', () => {
  it('is open to nobody: TLS, a token to log in, and no rights of its own in the cluster', async () => {
    const objects = await only(clusterAddons(await loadEdited()), 'dashboard');
    const [container] = listAt(
      objects.get('Deployment kubernetes-dashboard'),
      'spec',
      'template',
      'spec',
      'containers',
    );
    const flags = valueAt(container, 'args') as readonly string[];
    expect(flags).toContain('--auto-generate-certificates');
    expect(flags).toContain('--authentication-mode=token');
    expect(flags).toContain('--enable-skip-login=false');
    expect(flags).toContain('--enable-insecure-login=false');
    expect(flags.filter((flag) => flag.startsWith('--insecure'))).toEqual([]);
    expect([...objects.keys()].filter((name) => /^Cluster/.test(name))).toEqual([]);
  });

  it('runs where the machine says, at the address that templates are told', async () => {
    const cluster = await loadEdited();
    const pod = objectAt(
      (await only(clusterAddons(cluster), 'dashboard')).get('Deployment kubernetes-dashboard'),
      'spec',
      'template',
      'spec',
    );
    expect(pod.nodeSelector).toEqual({ 'kubernetes.io/hostname': '10.1.0.1' });
    const [container] = listAt(pod, 'containers');
    expect(cluster.addresses.dashboard).toBe('https://10.1.0.1:9090');
    expect(valueAt(container, 'args')).toContain('--port=9090');
  });
});

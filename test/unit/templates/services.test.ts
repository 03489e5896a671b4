import { describe, expect, it } from 'vitest';
import { listAt, objectAt, textAt, textsAt, valueAt } from '../../../src/model/json-path.js';

import { catalogueOfTests, containersOf, initContainersOf, podOf } from './services-fixture.js';

/** What runs as root, or with more than a container gets by default, and why. Whatever is not here must not. */
const PRIVILEGED: Readonly<Record<string, string>> = {
  drivers: 'loads kernel modules',
  'gpu-exporter': 'opens the devices of GPUs',
};
const ROOT: Readonly<Record<string, string>> = {
  'own-data': 'gives a folder of the host to the service',
};
/** Capabilities beyond none. */
const CAPABILITIES: Readonly<Record<string, readonly string[]>> = {
  'own-data': ['CHOWN'],
  pylon: ['NET_BIND_SERVICE'],
};
/** What may write to its own root, and why. */
const WRITABLE: Readonly<Record<string, string>> = {
  pylon: 'nginx has its buffers there',
  frameworklauncher: 'keeps its log beside itself',
  drivers: 'privileged anyway',
  'gpu-exporter': 'privileged anyway',
};
/** Pods that do one thing and are then ready: there is nothing to be alive for. */
const ONE_SHOT = ['drivers'];

const SERVICE_NAMES = [
  'cluster-configuration',
  'drivers',
  'hadoop-service',
  'frameworklauncher',
  'rest-server',
  'webportal',
  'prometheus',
  'grafana',
  'pylon',
  'end-to-end-test',
];

const services = await catalogueOfTests();

describe('the service list', () => {
  it('has the whole catalogue, in an order that deploys what is needed first', () => {
    expect(services.names).toEqual([...SERVICE_NAMES, 'cleaning']);
    for (const [index, service] of services.cluster.serviceList.entries()) {
      for (const need of service.prerequisites) expect(services.names.indexOf(need), service.name).toBeLessThan(index);
    }
  });
});

describe.each(SERVICE_NAMES)('%s', (name) => {
  it('has objects of API groups that every release has which pai knows', async () => {
    const groups = ['v1', 'apps/v1', 'batch/v1', 'rbac.authorization.k8s.io/v1'];
    for (const { apiVersion } of await services.objects(name)) expect(groups).toContain(apiVersion);
  });

  it('selects pods by labels that they have', async () => {
    for (const workload of await services.workloads(name)) {
      const labels = textsAt(workload, 'spec', 'template', 'metadata', 'labels');
      expect(labels.app).toBe(workload.metadata.name);
      if (workload.kind !== 'Job') expect(textsAt(workload, 'spec', 'selector', 'matchLabels')).toEqual(labels);
    }
  });

  it('runs on nodes by labels that its entry names, and names no others', async () => {
    const workloads = await services.workloads(name);
    const selected = workloads.flatMap((workload) => Object.keys(textsAt(podOf(workload), 'nodeSelector')));
    const entry = services.cluster.serviceList.find((one) => one.name === name);
    expect([...new Set(selected)].sort()).toEqual([...(entry?.labels ?? [])].sort());
  });

  it('runs images of its entry by digest, with the pull secret', async () => {
    const entry = services.cluster.serviceList.find((one) => one.name === name);
    const known = (entry?.images ?? []).map((image) => `registry.example.com:5000/team/pai/${image}@sha256:${image}`);
    const used = new Set<string>();
    for (const workload of await services.workloads(name)) {
      for (const container of [...initContainersOf(workload), ...containersOf(workload)]) {
        used.add(textAt(container, 'image') ?? '');
      }
      expect(podOf(workload).imagePullSecrets).toEqual([{ name: 'pai-secret' }]);
    }
    expect([...used].sort()).toEqual([...known].sort());
  });

  it('is asked whether it is ready and alive, and says what it needs', async () => {
    for (const workload of await services.workloads(name)) {
      for (const container of containersOf(workload)) {
        const what = textAt(container, 'name') ?? '';
        expect(textsAt(container, 'resources', 'requests'), what).toEqual({
          cpu: expect.stringMatching(/^\d+m$/),
          memory: expect.stringMatching(/^\d+[MG]i$/),
        });
        if (workload.kind === 'Job') continue;
        expect(valueAt(container, 'readinessProbe'), what).toBeDefined();
        if (!ONE_SHOT.includes(what)) expect(valueAt(container, 'livenessProbe'), what).toBeDefined();
      }
      for (const container of initContainersOf(workload)) {
        expect(valueAt(container, 'resources', 'requests')).toBeDefined();
      }
    }
  });

  it('has only the privileges that it needs, and no account', async () => {
    for (const workload of await services.workloads(name)) {
      const pod = podOf(workload);
      expect(pod.automountServiceAccountToken, workload.metadata.name).toBe(false);
      expect(pod.serviceAccountName).toBeUndefined();
      for (const container of [...initContainersOf(workload), ...containersOf(workload)]) {
        const what = textAt(container, 'name') ?? '';
        const context = objectAt(container, 'securityContext');
        if (what in PRIVILEGED) {
          expect(context).toEqual({ privileged: true });
          continue;
        }
        expect(context.privileged, what).toBeUndefined();
        const nonRoot = context.runAsNonRoot ?? objectAt(pod, 'securityContext').runAsNonRoot;
        expect(nonRoot, what).toBe(!(what in ROOT));
        expect(valueAt(context, 'capabilities', 'drop'), what).toEqual(['ALL']);
        expect(listAt(context, 'capabilities', 'add'), what).toEqual(CAPABILITIES[what] ?? []);
        if (what !== 'pylon') expect(context.allowPrivilegeEscalation, what).toBe(false);
        if (!(what in WRITABLE)) expect(context.readOnlyRootFilesystem, what).toBe(true);
      }
    }
  });

  it('mounts every volume that it has, and listens on ports of the host', async () => {
    for (const workload of await services.workloads(name)) {
      const pod = podOf(workload);
      const containers = [...initContainersOf(workload), ...containersOf(workload)];
      const mounted = containers.flatMap((one) => listAt(one, 'volumeMounts').map((mount) => textAt(mount, 'name')));
      const volumes = listAt(pod, 'volumes').map((volume) => textAt(volume, 'name'));
      expect([...new Set(mounted)].sort(), workload.metadata.name).toEqual(volumes.toSorted());
      expect(pod.hostNetwork).toBe(true);
      for (const port of containers.flatMap((one) => listAt(one, 'ports'))) {
        expect(valueAt(port, 'hostPort')).toBe(valueAt(port, 'containerPort'));
      }
    }
  });

  it('has one pod at a time where there is one port for it', async () => {
    for (const workload of await services.workloads(name)) {
      if (workload.kind !== 'Deployment') continue;
      expect(valueAt(workload, 'spec', 'replicas')).toBe(1);
      expect(valueAt(workload, 'spec', 'strategy', 'type')).toBe('Recreate');
    }
  });

  it('uses ConfigMaps and Secrets that it has itself', async () => {
    const objects = await services.objects(name);
    const own = objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`);
    for (const workload of await services.workloads(name)) {
      const names = [...listAt(podOf(workload), 'volumes').map((volume) => textAt(volume, 'configMap', 'name'))].filter(
        (one) => one !== undefined,
      );
      for (const map of names) expect(own).toContain(`ConfigMap ${map}`);
      for (const source of containersOf(workload).flatMap((one) => listAt(one, 'envFrom'))) {
        expect(own).toContain(`Secret ${textAt(source, 'secretRef', 'name')}`);
      }
    }
  });

  it('keeps passwords in Secrets', async () => {
    const open = (await services.objects(name)).filter(({ kind }) => kind !== 'Secret');
    expect(JSON.stringify(open)).not.toMatch(/hidden|registry-secret/);
  });
});

describe('no two services', () => {
  it('take the same port of a machine', async () => {
    for (const host of services.cluster.hosts) {
      const claims = new Map<unknown, string>();
      for (const name of services.names) {
        for (const workload of await services.workloads(name)) {
          const labels: Readonly<Record<string, string>> = { ...host.labels, 'machine-sku': host.sku.name };
          const selector = Object.entries(textsAt(podOf(workload), 'nodeSelector'));
          if (!selector.every(([label, value]) => labels[label] === value)) continue;
          // Machines with GPUs have an exporter of their own.
          if (workload.metadata.name === 'node-exporter' && labels.machinetype === 'gpu') continue;
          for (const port of containersOf(workload).flatMap((one) => listAt(one, 'ports'))) {
            const number = valueAt(port, 'hostPort');
            expect(claims.get(number), `${number} of ${workload.metadata.name} on ${host.name}`).toBeUndefined();
            claims.set(number, workload.metadata.name);
          }
        }
      }
    }
  });
});

import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { type Action, type Cluster, type KubeObject, objectsAction, PaiError, parseManifest } from 'pai';
import type { Addon } from './addons.js';
import { componentImages } from './component-images.js';

/**
 * What gives pods addresses of their own: the agent of `network: bridge` on every host, or the operator's own manifests. None
 * where pods have their hosts' addresses.
 */
export function networkAddons(cluster: Cluster): readonly Addon[] {
  const { network } = cluster.kubernetes;
  switch (network.kind) {
    case 'host-only':
      return [];
    case 'bridge':
      return [
        {
          name: 'network',
          description: 'addresses of pods, and routes between hosts',
          action: bridge(cluster, network.podCidr),
        },
      ];
    case 'manifests':
      return [
        {
          name: 'network',
          description: "the pods' network, of network-manifests",
          action: objectsAction({ objects: () => manifestsOf(network.path) }),
        },
      ];
  }
}

function bridge(cluster: Cluster, podCidr: string): Action {
  return objectsAction({
    manifests: {
      folder: 'kubernetes/bridge',
      variables: async ({ drivers }) => ({
        ...cluster.variables.kubernetes,
        image: componentImages(cluster).hyperkube,
        // In the pod itself, so that another agent is another pod.
        agent: Buffer.from(await drivers.templates.read('kubernetes/bridge/agent.sh')).toString(),
        pod_cidr: podCidr,
      }),
    },
  });
}

/** A manifest, or the *.yaml, *.yml and *.json files of a folder in the order of their names. */
async function manifestsOf(place: string): Promise<readonly KubeObject[]> {
  const objects: KubeObject[] = [];
  for (const file of await filesOf(place)) {
    objects.push(...(await parseManifest(await readFile(file, 'utf8'), path.basename(file), file)));
  }
  if (objects.length > 0) return objects;
  throw missing(place, 'has no manifests');
}

async function filesOf(place: string): Promise<readonly string[]> {
  try {
    if (!(await stat(place)).isDirectory()) return [place];
    const names = (await readdir(place)).filter((name) => /\.(?:ya?ml|json)$/.test(name));
    return names.toSorted().map((name) => path.join(place, name));
  } catch (error) {
    throw missing(place, `can't be read: ${(error as Error).message}`);
  }
}

function missing(place: string, what: string): PaiError {
  return new PaiError('CONFIG_MISSING', `${place} ${what}`, {
    where: 'kubernetes-configuration.yaml: network-manifests',
    next: "Put the manifests of your network there, or correct network-manifests; relative paths are relative to the configuration's folder.",
  });
}

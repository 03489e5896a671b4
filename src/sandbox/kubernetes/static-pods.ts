import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { textAt } from '../../model/json-path.js';
import { staticPodRuns } from '../layout.js';
import type { SandboxNode } from './nodes.js';
import { podState } from './pod-status.js';
import type { SandboxPod } from './pods.js';
import { derivedUid, timeText, type World } from './world.js';

/** The pods that kubelets run from their manifests, as they show in Kubernetes: `kube-apiserver-10.0.0.1`. */
export function staticPods(world: World, nodes: readonly SandboxNode[]): readonly SandboxPod[] {
  return nodes.flatMap((node) => {
    const host = world.layout.host(node.host.name);
    const folder = path.join(host.root, 'etc/kubernetes/manifests');
    return manifestsIn(folder)
      .filter((name) => staticPodRuns(host, name))
      .map((name) => mirrorPod(world, node, name, readFileSync(path.join(folder, `${name}.yaml`), 'utf8')));
  });
}

function manifestsIn(folder: string): readonly string[] {
  try {
    const files = readdirSync(folder).filter((file) => file.endsWith('.yaml'));
    return files.sort().map((file) => file.slice(0, -'.yaml'.length));
  } catch {
    return [];
  }
}

function mirrorPod(world: World, node: SandboxNode, manifest: string, text: string): SandboxPod {
  const [, image = ''] = /^\s*image:\s*["']?([^\s"']+)/m.exec(text) ?? [];
  const spec = { containers: [{ name: manifest, image }], hostNetwork: true, nodeName: node.name };
  const created = Date.parse(textAt(node.object, 'metadata', 'creationTimestamp') ?? '') || 0;
  const state = podState(world, { namespace: 'kube-system', spec, node, created, startup: 0, nodes: 1 });
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${manifest}-${node.name}`,
      namespace: 'kube-system',
      uid: derivedUid('static', node.name, manifest),
      resourceVersion: '0',
      creationTimestamp: timeText(created),
      labels: { component: manifest, tier: 'control-plane' },
      annotations: { 'kubernetes.io/config.source': 'file', 'kubernetes.io/config.mirror': manifest },
    },
    spec,
    status: state.status,
  };
  return { object, state, ready: node.ready };
}

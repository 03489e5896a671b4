import type { JsonObject } from '../model/json.js';
import { textsAt, valueAt } from '../model/json-path.js';
import { isReady } from './nodes.js';

/**
 * How many of the nodes that a DaemonSet wants a pod on are not Ready. Nobody can bring a pod up there, and nothing is wrong with the DaemonSet: its
 * pods come back with the node. None where affinities choose the nodes: which ones these are is not worked out here.
 */
export function awayNodes(daemonSet: JsonObject, nodes: readonly JsonObject[]): number {
  if (valueAt(daemonSet, 'spec', 'template', 'spec', 'affinity', 'nodeAffinity') !== undefined) return 0;
  const selector = Object.entries(textsAt(daemonSet, 'spec', 'template', 'spec', 'nodeSelector'));
  return nodes.filter((node) => {
    const labels = textsAt(node, 'metadata', 'labels');
    return !isReady(node) && selector.every(([key, value]) => labels[key] === value);
  }).length;
}

import { PaiError } from '../model/errors.js';
import type { ActionContext } from '../model/target.js';
import type { NodeLabels } from './inventory.js';
import { readNodeLabels } from './looks.js';
import type { KubeObjects } from './objects.js';

/**
 * Sets labels on nodes, and removes others where they still have the value that we gave them. Only nodes that differ are
 * patched. Fails with KUBE_REFUSED when a node to be labelled does not exist; a missing node has nothing to remove.
 */
export async function changeNodeLabels(
  objects: KubeObjects,
  wanted: NodeLabels,
  unwanted: NodeLabels,
  context: ActionContext,
): Promise<void> {
  const nodes = new Set([...Object.keys(wanted), ...Object.keys(unwanted)]);
  if (nodes.size === 0) return;
  const actual = await readNodeLabels(objects, context.signal);
  const missing = Object.keys(wanted).filter((node) => actual[node] === undefined);
  if (missing.length > 0) {
    throw new PaiError(
      'KUBE_REFUSED',
      `${missing.map((node) => `Node ${node}`).join(', ')} to be labelled does not exist`,
      {
        where: `Node ${missing[0]}`,
        next: 'Check that the machine joined the cluster (pai plan workers), then run again.',
      },
    );
  }
  for (const node of nodes) {
    const changes = changesFor(actual[node] ?? {}, wanted[node] ?? {}, unwanted[node] ?? {});
    const texts = Object.entries(changes).map(([key, value]) => (value === null ? `${key}-` : `${key}=${value}`));
    if (texts.length === 0) continue;
    await objects.labelNode(node, changes, context.signal);
    context.log(`labelled Node ${node}: ${texts.join(' ')}`);
  }
}

type Labels = Readonly<Record<string, string>>;

/** What to patch: null removes a label. */
function changesFor(actual: Labels, wanted: Labels, unwanted: Labels): Readonly<Record<string, string | null>> {
  const removed = Object.entries(unwanted).filter(([key, value]) => wanted[key] === undefined && actual[key] === value);
  const set = Object.entries(wanted).filter(([key, value]) => actual[key] !== value);
  return Object.fromEntries([...removed.map(([key]) => [key, null] as const), ...set]);
}

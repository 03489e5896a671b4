import type { KubeNode } from '../model/drivers.js';
import type { JsonObject } from '../model/json.js';
import { listAt, objectAt, textAt, textsAt } from '../model/json-path.js';
import type { ActionContext } from '../model/target.js';
import { type KubeObjects, signalOf } from './objects.js';

/** All nodes; one list request. */
export async function listNodes(objects: KubeObjects, signal?: AbortSignal): Promise<readonly KubeNode[]> {
  const nodes = await objects.list('v1', 'Node', {}, signal);
  return nodes.map((node) => ({
    name: textAt(node, 'metadata', 'name') ?? '',
    ready: isReady(node),
    unschedulable: objectAt(node, 'spec').unschedulable === true,
    labels: textsAt(node, 'metadata', 'labels'),
  }));
}

/** Makes a node take no new pods, or take them again. A node that does not exist is no error. */
export async function cordonNode(
  objects: KubeObjects,
  name: string,
  cordoned: boolean,
  context: Pick<ActionContext, 'log' | 'signal'>,
): Promise<void> {
  const node = await objects.get({ apiVersion: 'v1', kind: 'Node', name }, context.signal);
  if (node === undefined || (objectAt(node, 'spec').unschedulable === true) === cordoned) return;
  await objects.client.send({
    method: 'PATCH',
    path: `/api/v1/nodes/${encodeURIComponent(name)}`,
    contentType: 'application/merge-patch+json',
    body: { spec: { unschedulable: cordoned ? true : null } },
    what: `${cordoned ? 'cordon' : 'uncordon'} Node ${name}`,
    ...signalOf(context.signal),
  });
  context.log(cordoned ? `node ${name} takes no new pods (cordoned)` : `node ${name} takes pods again (uncordoned)`);
}

/** Whether a node's kubelet says, and lately, that it is well. */
export function isReady(node: JsonObject): boolean {
  return listAt(node, 'status', 'conditions').some(
    (one) => textAt(one, 'type') === 'Ready' && textAt(one, 'status') === 'True',
  );
}

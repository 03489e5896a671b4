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
    unschedulable: isCordoned(node),
    kubeletVersion: textAt(node, 'status', 'nodeInfo', 'kubeletVersion') ?? '',
    labels: textsAt(node, 'metadata', 'labels'),
  }));
}

type Told = Pick<ActionContext, 'log' | 'signal'>;

/** Annotation of a cordoned node: who cordoned it. */
const CORDONED_BY = 'pai/cordoned-by';

/** Makes a node take no new pods, and keeps who did that. A node that is cordoned already, or does not exist, is no error. */
export async function cordonNode(
  objects: KubeObjects,
  name: string,
  by: string | undefined,
  context: Told,
): Promise<void> {
  const node = await objects.get({ apiVersion: 'v1', kind: 'Node', name }, context.signal);
  if (node === undefined || isCordoned(node)) return;
  await patchNode(objects, name, 'cordon', { spec: { unschedulable: true }, ...annotated(by ?? null) }, context);
  context.log(`node ${name} takes no new pods (cordoned)`);
}

/** Makes a node take pods again; with `by` only when it was cordoned by that. A node that does not exist is no error. */
export async function uncordonNode(
  objects: KubeObjects,
  name: string,
  by: string | undefined,
  context: Told,
): Promise<void> {
  const node = await objects.get({ apiVersion: 'v1', kind: 'Node', name }, context.signal);
  if (node === undefined || !isCordoned(node)) return;
  if (by !== undefined && textAt(node, 'metadata', 'annotations', CORDONED_BY) !== by) return;
  await patchNode(objects, name, 'uncordon', { spec: { unschedulable: null }, ...annotated(null) }, context);
  context.log(`node ${name} takes pods again (uncordoned)`);
}

function annotated(by: string | null): JsonObject {
  return { metadata: { annotations: { [CORDONED_BY]: by } } };
}

function isCordoned(node: JsonObject): boolean {
  return objectAt(node, 'spec').unschedulable === true;
}

async function patchNode(
  objects: KubeObjects,
  name: string,
  verb: string,
  body: JsonObject,
  { signal }: Told,
): Promise<void> {
  await objects.client.send({
    method: 'PATCH',
    path: `/api/v1/nodes/${encodeURIComponent(name)}`,
    contentType: 'application/merge-patch+json',
    body,
    what: `${verb} Node ${name}`,
    ...signalOf(signal),
  });
}

/** Whether a node's kubelet says, and lately, that it is well. */
export function isReady(node: JsonObject): boolean {
  return listAt(node, 'status', 'conditions').some(
    (one) => textAt(one, 'type') === 'Ready' && textAt(one, 'status') === 'True',
  );
}

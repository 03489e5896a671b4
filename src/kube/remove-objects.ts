import type { JsonObject } from '../model/json.js';
import { textAt } from '../model/json-path.js';
import type { ActionContext } from '../model/target.js';
import { describe, type ObjectId } from './identity.js';
import { inSteps, isWorkload } from './kinds.js';
import { isReady } from './nodes.js';
import type { KubeObjects } from './objects.js';

/** Namespaces that belong to Kubernetes itself, whoever lists them. */
const KEPT_NAMESPACES: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public', 'kube-node-lease']);

/** Seconds for which objects, with their pods, may take to be gone. */
const GONE_SECONDS = 180;

/** Milliseconds between looks at the pods of a workload that is still there. */
const PODS_MS = 3000;

/**
 * Removes objects in the reverse order of their application and waits until they, and the pods of workloads, are gone.
 * Nothing there is no error. Pods on nodes that are not Ready are not waited for: only their kubelet can end them, which it does when it comes back.
 * Fails with TIMEOUT.
 */
export async function removeObjects(
  objects: KubeObjects,
  ids: readonly ObjectId[],
  context: ActionContext,
): Promise<void> {
  const mayGo = ids.filter(({ kind, name }) => kind !== 'Namespace' || !KEPT_NAMESPACES.has(name));
  for (const step of inSteps(mayGo).toReversed()) {
    for (const id of step) await objects.remove(id, isWorkload(id) ? 'Foreground' : 'Background', context.signal);
    await Promise.all(
      step.map(async (id) => {
        const meanwhile = isWorkload(id) ? letGoOfAway(objects, id, context) : undefined;
        await objects.waitGone(id, GONE_SECONDS, context.signal, meanwhile);
        context.log(`removed ${describe(id)}`);
      }),
    );
  }
}

/** Lets a workload go once all that holds it up are pods on nodes that are not Ready. */
function letGoOfAway(
  objects: KubeObjects,
  id: ObjectId,
  { log, signal }: ActionContext,
): (object: JsonObject) => Promise<void> {
  let looked = Date.now();
  let isLetGo = false;
  return async (object) => {
    if (isLetGo || Date.now() - looked < PODS_MS) return;
    looked = Date.now();
    const [pods, nodes] = await Promise.all([
      objects.podsOf(id, object, signal),
      objects.list('v1', 'Node', {}, signal),
    ]);
    const ready = new Set(nodes.filter(isReady).map((node) => textAt(node, 'metadata', 'name')));
    const away = pods.map((pod) => textAt(pod, 'spec', 'nodeName'));
    if (away.length === 0 || away.some((node) => node === undefined || ready.has(node))) return;
    await objects.remove(id, 'Background', signal);
    isLetGo = true;
    log(`node ${[...new Set(away)].join(', ')} is not Ready: what it runs of ${describe(id)} ends when it is back`);
  };
}

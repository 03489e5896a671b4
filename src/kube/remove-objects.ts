import type { ActionContext } from '../model/target.js';
import { describe, type ObjectId } from './identity.js';
import { inSteps, isWorkload } from './kinds.js';
import type { KubeObjects } from './objects.js';

/** Namespaces that belong to Kubernetes itself, whoever lists them. */
const KEPT_NAMESPACES: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public', 'kube-node-lease']);

/** Seconds for which objects, with their pods, may take to be gone. */
const GONE_SECONDS = 180;

/**
 * Removes objects in the reverse order of their application and waits until they, and the pods of workloads, are gone.
 * Nothing there is no error. Fails with TIMEOUT.
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
        await objects.waitGone(id, GONE_SECONDS, context.signal);
        context.log(`removed ${describe(id)}`);
      }),
    );
  }
}

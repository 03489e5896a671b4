import type { ActionContext } from '../model/target.js';
import type { ObjectId } from './identity.js';
import { type KubeObjects, MANAGED_BY } from './objects.js';

/** Every cluster has these. */
const GIVEN: ReadonlySet<string> = new Set(['default', 'kube-system', 'kube-public', 'kube-node-lease']);

/**
 * Makes the namespaces that objects are in and that are neither there nor among the objects. They are nobody's: they stay when their objects go, for
 * others may have put something there since.
 */
export async function makeNamespaces(
  objects: KubeObjects,
  ids: readonly ObjectId[],
  { log, signal }: ActionContext,
): Promise<void> {
  const own = new Set(ids.filter(({ kind }) => kind === 'Namespace').map(({ name }) => name));
  const used = new Set(ids.flatMap(({ namespace }) => namespace ?? []));
  for (const name of used) {
    if (own.has(name) || GIVEN.has(name)) continue;
    const id = { apiVersion: 'v1', kind: 'Namespace', name };
    if ((await objects.get(id, signal)) !== undefined) continue;
    await objects.apply(id, { apiVersion: 'v1', kind: 'Namespace', metadata: { name, labels: MANAGED_BY } }, signal);
    log(`made Namespace ${name}, which no manifest has`);
  }
}

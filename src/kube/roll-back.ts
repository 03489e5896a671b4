import type { ActionContext, Previous } from '../model/target.js';
import { applyRevision } from './apply.js';
import { describe, identityKey, idOf, type ObjectId } from './identity.js';
import { type Inventory, type NodeLabels, unionOfLabels, withoutObjects } from './inventory.js';
import { readInventories, readNodeLabels } from './looks.js';
import type { KubeObjects } from './objects.js';
import { type AppliedWork, listRevisions, type RevisionHead, readRevision } from './revisions.js';
import type { RolloutTimes } from './rollout.js';

/**
 * What a target was before: the revision before the one that is there, or the last one that came up where the last apply did not come to a good end.
 * Undefined when there is none.
 */
export async function previousOf(
  objects: KubeObjects,
  times: RolloutTimes,
  context: ActionContext,
): Promise<Previous | undefined> {
  const { target, signal } = context;
  const inventory = (await readInventories(objects, signal)).get(target);
  if (inventory === undefined) return undefined;
  const head = (await listRevisions(objects, target, signal)).find((one) => isBefore(one, inventory));
  const before = head === undefined ? undefined : await readRevision(objects, target, head.number, signal);
  if (head === undefined || before === undefined) return undefined;
  const { stamp, revision } = inventory;
  const now =
    stamp === undefined || revision === undefined ? undefined : await readRevision(objects, target, revision, signal);
  return {
    what: `revision ${head.number}, of run ${head.run}`,
    changes: changesOf(before, now, inventory),
    restore: async (step) => {
      const own = { ...step, target };
      const nodeLabels = await labelsFor(objects, before, inventory, signal);
      await applyRevision(objects, { ...before, nodeLabels }, head.number, times, own);
      step.log(`${target} is as run ${head.run} left it (revision ${head.number})`);
    },
  };
}

function isBefore({ number }: RevisionHead, { stamp, revision }: Inventory): boolean {
  if (revision === undefined) return true;
  return stamp === undefined ? number <= revision : number < revision;
}

/** Lines about what goes, comes and changes; of a state that did not come to a good end only the manifests of before are known. */
function changesOf(before: AppliedWork, now: AppliedWork | undefined, inventory: Inventory): readonly string[] {
  const wanted = before.objects.flatMap((object) => {
    const id = idOf(object);
    return id === undefined ? [] : [{ ...id, text: JSON.stringify(object) }];
  });
  const there = new Set(inventory.objects.map(identityKey));
  const texts = new Map(now?.objects.map((object) => [keyOf(idOf(object)), JSON.stringify(object)]));
  const lines = wanted.flatMap((one) => {
    if (!there.has(identityKey(one))) return [`brings back ${describe(one)}`];
    if (now === undefined) return [`applies ${describe(one)}`];
    return texts.get(identityKey(one)) === one.text ? [] : [`changes ${describe(one)}`];
  });
  return [...lines, ...withoutObjects(inventory.objects, wanted).map((id) => `removes ${describe(id)}`)];
}

function keyOf(id: ObjectId | undefined): string {
  return id === undefined ? '' : identityKey(id);
}

/** Labels say where pods run, which is the configuration's: those that are there stay, and nodes that are gone get none. */
async function labelsFor(
  objects: KubeObjects,
  before: AppliedWork,
  inventory: Inventory,
  signal: AbortSignal,
): Promise<NodeLabels> {
  const labels = Object.entries(unionOfLabels(before.nodeLabels, inventory.nodeLabels));
  if (labels.length === 0) return {};
  const nodes = await readNodeLabels(objects, signal);
  return Object.fromEntries(labels.filter(([node]) => nodes[node] !== undefined));
}

import { toPaiError } from '../model/errors.js';
import type { JsonObject } from '../model/json.js';
import { textsAt } from '../model/json-path.js';
import type { Observation } from '../model/stamp.js';
import { awayNodes } from './away-nodes.js';
import { identityKey, type ObjectId } from './identity.js';
import {
  decodeInventory,
  INVENTORY_NAMESPACE,
  INVENTORY_SELECTOR,
  type Inventory,
  type NodeLabels,
} from './inventory.js';
import { judge, type Seen } from './judge.js';
import { isWorkload } from './kinds.js';
import { type KubeObjects, MANAGED_BY, withIds } from './objects.js';
import { rolloutOf } from './rollout-status.js';

const NO_LABELS: NodeLabels = {};
const MANAGED_SELECTOR = `app.kubernetes.io/managed-by=${MANAGED_BY['app.kubernetes.io/managed-by']}`;

/** All inventories by target. One request. */
export async function readInventories(
  objects: KubeObjects,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Inventory>> {
  const selection = { namespace: INVENTORY_NAMESPACE, labels: INVENTORY_SELECTOR };
  const found = (await objects.list('v1', 'ConfigMap', selection, signal)).flatMap(
    (configMap) => decodeInventory(configMap) ?? [],
  );
  return new Map(found.map((inventory) => [inventory.target, inventory]));
}

/** Labels of all nodes by name. One request. */
export async function readNodeLabels(objects: KubeObjects, signal?: AbortSignal): Promise<NodeLabels> {
  const nodes = await objects.list('v1', 'Node', { metadataOnly: true }, signal);
  return Object.fromEntries(withIds(nodes).map(([id, node]) => [id.name, textsAt(node, 'metadata', 'labels')]));
}

/**
 * Looks at targets. Those asked for in the same turn of the event loop share their requests: one for the inventories, then
 * one for each kind of object that they list, and one for the nodes where labels matter.
 */
export class Looks {
  readonly #objects: KubeObjects;
  #open: Promise<(target: string) => Observation> | undefined;
  #targets: string[] = [];

  constructor(objects: KubeObjects) {
    this.#objects = objects;
  }

  /** Never throws: what can't be looked at is `unknown`. */
  async look(target: string): Promise<Observation> {
    try {
      this.#targets.push(target);
      this.#open ??= new Promise((resolve) => {
        setImmediate(() => resolve(this.#lookAtAll()));
      });
      return (await this.#open)(target);
    } catch (error) {
      return { kind: 'unknown', error: toPaiError(error) };
    }
  }

  async #lookAtAll(): Promise<(target: string) => Observation> {
    const targets = this.#targets;
    this.#targets = [];
    this.#open = undefined;
    const inventories = await readInventories(this.#objects);
    const asked = targets.flatMap((target) => inventories.get(target) ?? []);
    const seen = await this.#see(asked);
    return (target) => judge(inventories.get(target), seen);
  }

  async #see(inventories: readonly Inventory[]): Promise<Seen> {
    const needsNodes = inventories.some(({ nodeLabels }) => Object.keys(nodeLabels).length > 0);
    const [found, nodes] = await Promise.all([
      this.#find(inventories.flatMap((inventory) => inventory.objects)),
      needsNodes ? readNodeLabels(this.#objects) : NO_LABELS,
    ]);
    const unready = [...found.values()].some((one) => one.kind === 'DaemonSet' && rolloutOf(one).state === 'waiting');
    const whole = unready ? await this.#objects.list('v1', 'Node', {}) : [];
    return {
      object: (id) => found.get(identityKey(id)),
      labelsOf: (node) => nodes[node],
      away: (daemonSet) => awayNodes(daemonSet, whole),
    };
  }

  async #find(ids: readonly ObjectId[]): Promise<ReadonlyMap<string, JsonObject>> {
    const kinds = new Map(ids.map((id) => [`${id.apiVersion}/${id.kind}`, id]));
    const lists = await Promise.all(
      [...kinds.values()].map((id) =>
        this.#objects.list(id.apiVersion, id.kind, { labels: MANAGED_SELECTOR, metadataOnly: !isWorkload(id) }),
      ),
    );
    return new Map(lists.flatMap(withIds).map(([id, object]) => [identityKey(id), object]));
  }
}

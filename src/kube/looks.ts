import { toPaiError } from '../model/errors.js';
import type { JsonObject } from '../model/json.js';
import { textsAt } from '../model/json-path.js';
import type { Drift, Observation } from '../model/stamp.js';
import { awayNodes } from './away-nodes.js';
import { driftOf } from './drift.js';
import { identityKey, idOf, type ObjectId } from './identity.js';
import {
  decodeInventory,
  INVENTORY_NAMESPACE,
  INVENTORY_SELECTOR,
  type Inventory,
  isInventory,
  type NodeLabels,
} from './inventory.js';
import { changedEntries, judge, type Seen } from './judge.js';
import { isWorkload } from './kinds.js';
import { type KubeObjects, MANAGED_BY, withIds } from './objects.js';
import { readRevision } from './revisions.js';
import { rolloutOf } from './rollout-status.js';

const NO_LABELS: NodeLabels = {};
const MANAGED_SELECTOR = `app.kubernetes.io/managed-by=${MANAGED_BY['app.kubernetes.io/managed-by']}`;

/** All inventories by target. One request. */
export async function readInventories(
  objects: KubeObjects,
  signal?: AbortSignal,
): Promise<ReadonlyMap<string, Inventory>> {
  const selection = { namespace: INVENTORY_NAMESPACE, labels: INVENTORY_SELECTOR };
  return inventoriesIn(await objects.list('v1', 'ConfigMap', selection, signal));
}

function inventoriesIn(configMaps: readonly JsonObject[]): ReadonlyMap<string, Inventory> {
  const found = configMaps.flatMap((configMap) => decodeInventory(configMap) ?? []);
  return new Map(found.map((inventory) => [inventory.target, inventory]));
}

/** Labels of all nodes by name. One request. */
export async function readNodeLabels(objects: KubeObjects, signal?: AbortSignal): Promise<NodeLabels> {
  const nodes = await objects.list('v1', 'Node', { metadataOnly: true }, signal);
  return Object.fromEntries(withIds(nodes).map(([id, node]) => [id.name, textsAt(node, 'metadata', 'labels')]));
}

/**
 * Looks at targets. Those asked for in the same turn of the event loop share their requests: one for each kind of object that they have, ConfigMaps
 * and inventories together, and one for the nodes where labels matter. What others changed is asked for besides, with what was applied.
 */
export class Looks {
  readonly #objects: KubeObjects;
  #open: Promise<(target: string) => Promise<Observation>> | undefined;
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
      return await (await this.#open)(target);
    } catch (error) {
      return { kind: 'unknown', error: toPaiError(error) };
    }
  }

  async #lookAtAll(): Promise<(target: string) => Promise<Observation>> {
    const targets = this.#targets;
    this.#targets = [];
    this.#open = undefined;
    const configMaps = await this.#objects.list('v1', 'ConfigMap', { labels: MANAGED_SELECTOR });
    const inventories = inventoriesIn(configMaps.filter(isInventory));
    const asked = targets.flatMap((target) => inventories.get(target) ?? []);
    const seen = await this.#see(asked, configMaps);
    return async (target) => {
      const inventory = inventories.get(target);
      const observation = judge(inventory, seen);
      if (inventory === undefined || observation.kind !== 'known' || observation.problem === undefined) {
        return observation;
      }
      const drift = await this.#drift(inventory, seen);
      return drift.length === 0 ? observation : { ...observation, drift };
    };
  }

  /** What others changed, with both values; nothing where what was applied is not kept. */
  async #drift(inventory: Inventory, seen: Seen): Promise<readonly Drift[]> {
    const { target, revision } = inventory;
    const changed = changedEntries(inventory, seen);
    if (changed.length === 0 || revision === undefined) return [];
    try {
      const applied = await readRevision(this.#objects, target, revision);
      const found = await Promise.all(
        changed.map(async (entry) => {
          const key = identityKey(entry);
          const manifest = applied?.objects.find((object) => keyOf(object) === key);
          return manifest === undefined ? [] : driftOf(manifest, await this.#objects.get(entry));
        }),
      );
      return found.flat();
    } catch {
      // That something was changed is known, and worth more than how.
      return [];
    }
  }

  async #see(inventories: readonly Inventory[], configMaps: readonly JsonObject[]): Promise<Seen> {
    const needsNodes = inventories.some(({ nodeLabels }) => Object.keys(nodeLabels).length > 0);
    const [found, nodes] = await Promise.all([
      this.#find(
        inventories.flatMap((inventory) => inventory.objects),
        configMaps,
      ),
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

  async #find(ids: readonly ObjectId[], configMaps: readonly JsonObject[]): Promise<ReadonlyMap<string, JsonObject>> {
    const kinds = new Map(ids.filter((id) => !isConfigMap(id)).map((id) => [`${id.apiVersion}/${id.kind}`, id]));
    const lists = await Promise.all(
      [...kinds.values()].map((id) =>
        this.#objects.list(id.apiVersion, id.kind, { labels: MANAGED_SELECTOR, metadataOnly: !isWorkload(id) }),
      ),
    );
    return new Map(withIds([...lists.flat(), ...configMaps]).map(([id, object]) => [identityKey(id), object]));
  }
}

function isConfigMap({ apiVersion, kind }: ObjectId): boolean {
  return apiVersion === 'v1' && kind === 'ConfigMap';
}

function keyOf(object: JsonObject): string | undefined {
  const id = idOf(object);
  return id === undefined ? undefined : identityKey(id);
}

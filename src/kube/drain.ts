import type { DrainOptions } from '../model/drivers.js';
import { PaiError } from '../model/errors.js';
import type { JsonObject } from '../model/json.js';
import { listAt, objectAt, textAt } from '../model/json-path.js';
import type { ActionContext } from '../model/target.js';
import { pause } from './client.js';
import { type EvictedPod, Evictions } from './evictions.js';
import { cordonNode, isReady } from './nodes.js';
import type { KubeObjects } from './objects.js';

/** Seconds of a drain. */
export interface DrainTimes {
  /** Between two looks at the pods of the node. */
  readonly poll: number;
  /** Between two tries to evict a pod that a budget holds; kubectl drain waits as long. */
  readonly retry: number;
  /** That pods may take to stop once `force` deleted them, before they are taken away without waiting for their kubelet. */
  readonly deletion: number;
}

export const DRAIN_TIMES: DrainTimes = { poll: 1, retry: 5, deletion: 60 };

/** Seconds that pods may take to leave a node, unless told. */
const DEFAULT_TIMEOUT_SECONDS = 300;

type DrainContext = Pick<ActionContext, 'log' | 'signal'>;

/** What a drain does about one pod. */
type Kind = 'mirror' | 'daemon' | 'leaves' | 'bare';

/**
 * Cordons a node and evicts its pods. Pods of DaemonSets and mirrors of static pods stay; pods that no controller would make again need `force`.
 * On a node that is not Ready nobody confirms that a pod stopped, so there it is enough that evictions are accepted. A node that does not exist is no error.
 * Fails with KUBE_REFUSED for pods without a controller, before anything is changed, and with TIMEOUT, naming pods and budgets; the node stays cordoned then.
 */
export async function drainNode(
  objects: KubeObjects,
  name: string,
  options: DrainOptions,
  times: DrainTimes,
  context: DrainContext,
): Promise<void> {
  const node = await objects.get({ apiVersion: 'v1', kind: 'Node', name }, context.signal);
  if (node === undefined) {
    context.log(`node ${name} does not exist: nothing to drain`);
    return;
  }
  if (options.force !== true) refuseBare(name, await podsOf(objects, name, context.signal));
  await cordonNode(objects, name, true, context);
  const drain = new Drain(objects, name, isReady(node), times, context);
  const seconds = options.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS;
  const left = await drain.evict(seconds, options.force === true);
  if (left.length === 0) return;
  if (options.force !== true) throw stillThere(name, left, seconds);
  await drain.delete(left);
}

class Drain {
  readonly #objects: KubeObjects;
  readonly #node: string;
  /** A kubelet is there that confirms when pods stopped. */
  readonly #confirms: boolean;
  readonly #times: DrainTimes;
  readonly #context: DrainContext;
  readonly #evictions: Evictions;

  constructor(objects: KubeObjects, node: string, confirms: boolean, times: DrainTimes, context: DrainContext) {
    this.#objects = objects;
    this.#node = node;
    this.#confirms = confirms;
    this.#times = times;
    this.#context = context;
    this.#evictions = new Evictions(objects, context);
  }

  /** Evicts pods until none is left or the time is over. Answers with those that are left. */
  async evict(seconds: number, force: boolean): Promise<readonly EvictedPod[]> {
    const { log, signal } = this.#context;
    const end = Date.now() + seconds * 1000;
    let tried = Number.NEGATIVE_INFINITY;
    for (let isFirst = true; ; isFirst = false) {
      const pods = await podsOf(this.#objects, this.#node, signal);
      if (!force) refuseBare(this.#node, pods);
      if (isFirst) this.#tell(pods);
      const leaving = pods.filter((pod) => !staysKind(kindOf(pod)));
      if (Date.now() - tried >= this.#times.retry * 1000) {
        tried = Date.now();
        await this.#evictions.evict(leaving);
      }
      const left = this.#evictions.left(leaving, this.#confirms);
      if (left.length === 0) {
        log(
          this.#confirms
            ? `node ${this.#node} is drained`
            : `node ${this.#node} is drained, as far as Kubernetes knows`,
        );
        return [];
      }
      if (Date.now() >= end) return left;
      await pause(this.#times.poll * 1000, signal);
    }
  }

  /** Deletes pods whatever their budgets say; those that do not stop in time are taken away without asking their kubelet. */
  async delete(left: readonly EvictedPod[]): Promise<void> {
    const { log, signal } = this.#context;
    for (const { name, held } of left) log(`deleting pod ${name}${held === undefined ? '' : `, although: ${held}`}`);
    await this.#evictions.delete(left);
    const end = Date.now() + this.#times.deletion * 1000;
    for (;;) {
      const pods = await podsOf(this.#objects, this.#node, signal);
      const remaining = this.#evictions.left(
        pods.filter((pod) => !staysKind(kindOf(pod))),
        true,
      );
      if (remaining.length === 0) return;
      if (!this.#confirms || Date.now() >= end) {
        for (const { name } of remaining) log(`pod ${name} is taken away without waiting for its kubelet`);
        await this.#evictions.delete(remaining, 0);
        return;
      }
      await pause(this.#times.poll * 1000, signal);
    }
  }

  #tell(pods: readonly JsonObject[]): void {
    const { log } = this.#context;
    const count = (kind: Kind) => pods.filter((pod) => kindOf(pod) === kind).length;
    const leaving = count('leaves') + count('bare');
    const staying = [
      ...(count('daemon') > 0 ? [`${count('daemon')} of DaemonSets`] : []),
      ...(count('mirror') > 0 ? [`${count('mirror')} static`] : []),
    ];
    const stay = staying.length === 0 ? '' : `; left alone: ${staying.join(', ')}`;
    log(`evicting ${leaving} ${leaving === 1 ? 'pod' : 'pods'} from node ${this.#node}${stay}`);
    for (const pod of pods) {
      if (!staysKind(kindOf(pod)) && hasLocalData(pod)) log(`pod ${podName(pod)} loses its local data (emptyDir)`);
      if (kindOf(pod) === 'bare') log(`pod ${podName(pod)} has no controller: nothing makes it again`);
    }
  }
}

function podsOf(objects: KubeObjects, node: string, signal: AbortSignal): Promise<readonly JsonObject[]> {
  return objects.list('v1', 'Pod', { fields: `spec.nodeName=${node}` }, signal);
}

function refuseBare(node: string, pods: readonly JsonObject[]): void {
  const bare = pods.filter((pod) => kindOf(pod) === 'bare');
  if (bare.length === 0) return;
  throw new PaiError('KUBE_REFUSED', `node ${node} has pods without a controller: nothing would make them again`, {
    where: `Node ${node}`,
    next: 'Delete them, or give --force.',
    details: bare.map((pod) => `pod ${podName(pod)}`),
  });
}

function stillThere(node: string, left: readonly EvictedPod[], seconds: number): PaiError {
  const what = left.length === 1 ? 'a pod' : `${left.length} pods`;
  return new PaiError('TIMEOUT', `${what} did not leave node ${node} within ${seconds} s`, {
    where: `Node ${node}`,
    next: 'Make room for them elsewhere or change their budgets, then run again; --force deletes them. Until then the node takes no new pods.',
    details: left.map(({ name, held }) => `pod ${name}: ${held ?? 'is still stopping'}`),
  });
}

function staysKind(kind: Kind): boolean {
  return kind === 'mirror' || kind === 'daemon';
}

function kindOf(pod: JsonObject): Kind {
  if (textAt(pod, 'metadata', 'annotations', 'kubernetes.io/config.mirror') !== undefined) return 'mirror';
  const controller = listAt(pod, 'metadata', 'ownerReferences').find((owner) => objectAt(owner).controller === true);
  if (textAt(controller, 'kind') === 'DaemonSet') return 'daemon';
  // One that came to its end, or that somebody deleted already, needs nobody who makes it again.
  const phase = textAt(pod, 'status', 'phase');
  const isOver =
    phase === 'Succeeded' || phase === 'Failed' || textAt(pod, 'metadata', 'deletionTimestamp') !== undefined;
  return controller === undefined && !isOver ? 'bare' : 'leaves';
}

function hasLocalData(pod: JsonObject): boolean {
  return listAt(pod, 'spec', 'volumes').some((volume) => objectAt(volume).emptyDir !== undefined);
}

function podName(pod: JsonObject): string {
  return `${textAt(pod, 'metadata', 'namespace')}/${textAt(pod, 'metadata', 'name')}`;
}

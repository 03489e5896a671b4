import type { JsonObject } from '../model/json.js';
import { listAt, textAt } from '../model/json-path.js';
import type { ActionContext } from '../model/target.js';
import { type KubeObjects, signalOf } from './objects.js';

/** A pod that is to leave. */
export interface EvictedPod {
  /** `namespace/name`. */
  readonly name: string;
  readonly uid: string;
  /** Why the API server did not let it go: what its budget says. */
  readonly held?: string;
}

/** A budget allows no disruption now (429), or more than one covers the pod (500). */
const HELD_STATUSES = [429, 500];
/** It was replaced by one of the same name meanwhile. */
const CONFLICT = 409;

/** Evictions of pods by the API that respects their disruption budgets. A pod whose eviction was accepted is not asked for again. */
export class Evictions {
  readonly #objects: KubeObjects;
  readonly #context: Pick<ActionContext, 'log' | 'signal'>;
  readonly #accepted = new Set<string>();
  readonly #held = new Map<string, string>();
  #version: Promise<string> | undefined;

  constructor(objects: KubeObjects, context: Pick<ActionContext, 'log' | 'signal'>) {
    this.#objects = objects;
    this.#context = context;
  }

  /** Asks that pods leave, those that do not leave yet. */
  async evict(pods: readonly JsonObject[]): Promise<void> {
    for (const pod of pods) {
      if (this.#accepted.has(uidOf(pod)) || textAt(pod, 'metadata', 'deletionTimestamp') !== undefined) continue;
      await this.#evictOne(pod);
    }
  }

  /**
   * Those of the pods that have not left.
   * @param confirmed accepted is not enough: the pod has to be gone
   */
  left(pods: readonly JsonObject[], confirmed: boolean): readonly EvictedPod[] {
    return pods.flatMap((pod) => {
      const uid = uidOf(pod);
      const isLeaving = this.#accepted.has(uid) || textAt(pod, 'metadata', 'deletionTimestamp') !== undefined;
      if (isLeaving && !confirmed) return [];
      const held = isLeaving ? undefined : this.#held.get(uid);
      return [{ name: nameOf(pod), uid, ...(held === undefined ? {} : { held }) }];
    });
  }

  /** Deletes pods, whatever their budgets say. Zero seconds: without waiting until they have stopped. */
  async delete(pods: readonly EvictedPod[], graceSeconds?: number): Promise<void> {
    for (const { name, uid } of pods) {
      const grace = graceSeconds === undefined ? {} : { gracePeriodSeconds: graceSeconds };
      await this.#objects.client.send({
        method: 'DELETE',
        path: podPath(name),
        body: { apiVersion: 'v1', kind: 'DeleteOptions', preconditions: { uid }, ...grace },
        what: `delete Pod ${name}`,
        expected: [CONFLICT],
        ...signalOf(this.#context.signal),
      });
      this.#accepted.add(uid);
    }
  }

  async #evictOne(pod: JsonObject): Promise<void> {
    const uid = uidOf(pod);
    const answer = await this.#objects.client.send({
      method: 'POST',
      path: `${podPath(nameOf(pod))}/eviction`,
      body: {
        apiVersion: await this.#apiVersion(),
        kind: 'Eviction',
        metadata: {
          name: textAt(pod, 'metadata', 'name') ?? '',
          namespace: textAt(pod, 'metadata', 'namespace') ?? '',
        },
        deleteOptions: { preconditions: { uid } },
      },
      what: `evict Pod ${nameOf(pod)}`,
      expected: [...HELD_STATUSES, CONFLICT],
      ...signalOf(this.#context.signal),
    });
    const code = answer?.code;
    if (typeof code !== 'number' || !HELD_STATUSES.includes(code)) {
      this.#accepted.add(uid);
      return;
    }
    const reason = listAt(answer, 'details', 'causes').map((cause) => textAt(cause, 'message') ?? '');
    const held = reason.join('; ') || (textAt(answer, 'message') ?? 'the API server did not say why');
    if (this.#held.get(uid) !== held) this.#context.log(`pod ${nameOf(pod)} waits: ${held}`);
    this.#held.set(uid, held);
  }

  /**
   * The version of Eviction that the API server takes: it says so beside the subresource of pods (policy/v1 from Kubernetes 1.22 on; the group has
   * a version v1 from 1.21 on).
   */
  #apiVersion(): Promise<string> {
    this.#version ??= this.#askVersion();
    return this.#version;
  }

  async #askVersion(): Promise<string> {
    const kinds = await this.#objects.client.send({
      method: 'GET',
      path: '/api/v1',
      what: 'list the kinds of v1',
      ...signalOf(this.#context.signal),
    });
    const eviction = listAt(kinds, 'resources').find((one) => textAt(one, 'name') === 'pods/eviction');
    return `policy/${textAt(eviction, 'version') ?? 'v1'}`;
  }
}

function podPath(name: string): string {
  const [namespace = '', pod = ''] = name.split('/');
  return `/api/v1/namespaces/${encodeURIComponent(namespace)}/pods/${encodeURIComponent(pod)}`;
}

function nameOf(pod: JsonObject): string {
  return `${textAt(pod, 'metadata', 'namespace')}/${textAt(pod, 'metadata', 'name')}`;
}

function uidOf(pod: JsonObject): string {
  return textAt(pod, 'metadata', 'uid') ?? '';
}

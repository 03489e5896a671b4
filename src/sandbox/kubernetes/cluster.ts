import type { JsonObject } from '../../model/json.js';
import { listAt, numberAt, objectAt, textAt, textsAt, valueAt } from '../../model/json-path.js';
import { nodesOf, registerNodes, type SandboxNode } from './nodes.js';
import { fittingNodes, missingAccount, podOfManifest, podsOfWorkload, replicaSetUid, type SandboxPod } from './pods.js';
import { rolloutOf, WORKLOADS } from './rollouts.js';
import { staticPods } from './static-pods.js';
import { derivedUid, nameOf, namespaceOf, objectsOf, suffix, timeText, uidOf, type World } from './world.js';

/** A workload with its kind and pods. */
interface Workload {
  readonly kind: string;
  readonly object: JsonObject;
  readonly pods: readonly SandboxPod[];
}

/**
 * What the controllers, the scheduler and the kubelets would have made of the stored objects by now: derived at each request,
 * only as far as it asks, and never stored.
 */
export class ClusterState {
  readonly #world: World;
  #nodes: readonly SandboxNode[] | undefined;
  #workloads: readonly Workload[] | undefined;
  /** Pods of workloads, by uid. */
  readonly #made = new Map<string, readonly SandboxPod[]>();
  #pods: readonly SandboxPod[] | undefined;

  constructor(world: World) {
    this.#world = world;
  }

  nodes(): readonly SandboxNode[] {
    if (this.#nodes === undefined) {
      registerNodes(this.#world);
      this.#nodes = nodesOf(this.#world);
    }
    return this.#nodes;
  }

  /** One node, without a look at the others. */
  node(name: string): SandboxNode | undefined {
    registerNodes(this.#world);
    return this.#nodes?.find((node) => node.name === name) ?? nodesOf(this.#world, name)[0];
  }

  pods(): readonly SandboxPod[] {
    if (this.#pods === undefined) {
      const stored = objectsOf(this.#world.store, '', 'pods');
      this.#pods = [
        ...this.#allWorkloads().flatMap(({ pods }) => pods),
        ...stored.map((object) => podOfManifest(this.#world, object, this.nodes())),
        ...staticPods(this.#world, this.nodes()),
      ];
    }
    return this.#pods;
  }

  /** A stored object with the status that its controller would have written. */
  withStatus(kind: string, object: JsonObject): JsonObject {
    const status = this.#status(kind, object);
    return status === undefined ? object : { ...object, status: { ...objectAt(object, 'status'), ...status } };
  }

  /** Objects of kinds that only controllers make here; undefined for other kinds. */
  derived(kind: string): readonly JsonObject[] | undefined {
    switch (kind) {
      case 'Node':
        return this.nodes().map(({ object }) => object);
      case 'Pod':
        return this.pods().map(({ object }) => object);
      case 'ReplicaSet':
        return this.#replicaSets();
      case 'ControllerRevision':
        return this.#revisions();
      default:
        return undefined;
    }
  }

  /** Warnings about what does not come up. */
  events(): readonly JsonObject[] {
    const ofPods = this.pods().flatMap(({ object, state }) =>
      state.warning === undefined ? [] : [event('Pod', object, state.warning, this.#world.now)],
    );
    const ofMakers = this.#allWorkloads().flatMap(({ kind, object }) => {
      const account = missingAccount(this.#world, object);
      if (account === undefined) return [];
      const place = namespaceOf(object);
      const message = `Error creating: pods "${nameOf(object)}-" is forbidden: error looking up service account ${place}/${account}: serviceaccount "${account}" not found`;
      const maker = kind === 'Deployment' ? this.#replicaSetOf(object, []) : object;
      const makerKind = kind === 'Deployment' ? 'ReplicaSet' : kind;
      return [event(makerKind, maker, { reason: 'FailedCreate', message }, this.#world.now)];
    });
    return [...ofPods, ...ofMakers];
  }

  #allWorkloads(): readonly Workload[] {
    this.#workloads ??= Object.entries(WORKLOADS).flatMap(([kind, group]) =>
      objectsOf(this.#world.store, group, `${kind.toLowerCase()}s`).map((object) => ({
        kind,
        object,
        pods: this.#podsOf(kind, object),
      })),
    );
    return this.#workloads;
  }

  #podsOf(kind: string, object: JsonObject): readonly SandboxPod[] {
    const known = this.#made.get(uidOf(object));
    if (known !== undefined) return known;
    const pods = podsOfWorkload(this.#world, kind, object, this.nodes());
    this.#made.set(uidOf(object), pods);
    return pods;
  }

  #status(kind: string, object: JsonObject): JsonObject | undefined {
    switch (kind) {
      case 'Deployment':
        return this.#deploymentStatus(object);
      case 'DaemonSet':
        return this.#daemonSetStatus(object);
      case 'StatefulSet':
        return this.#statefulSetStatus(object);
      case 'Job':
        return this.#jobStatus(object);
      case 'Namespace':
        return { phase: 'Active' };
      case 'CustomResourceDefinition':
        return definitionStatus(object);
      default:
        return undefined;
    }
  }

  #deploymentStatus(object: JsonObject): JsonObject {
    const pods = this.#podsOf('Deployment', object);
    const ready = pods.filter((pod) => pod.ready).length;
    const wanted = numberOr(object, 'replicas', 1);
    const at = timeText(rolloutOf(this.#world, object).changedAt);
    const isAvailable = ready >= wanted;
    return {
      observedGeneration: numberAt(object, 'metadata', 'generation'),
      replicas: pods.length,
      updatedReplicas: pods.length,
      readyReplicas: ready,
      availableReplicas: ready,
      unavailableReplicas: Math.max(wanted - ready, 0),
      conditions: [
        {
          type: 'Available',
          status: isAvailable ? 'True' : 'False',
          reason: isAvailable ? 'MinimumReplicasAvailable' : 'MinimumReplicasUnavailable',
          lastTransitionTime: at,
        },
        {
          type: 'Progressing',
          status: 'True',
          reason: isAvailable ? 'NewReplicaSetAvailable' : 'ReplicaSetUpdated',
          lastTransitionTime: at,
        },
      ],
    };
  }

  #daemonSetStatus(object: JsonObject): JsonObject {
    const pods = this.#podsOf('DaemonSet', object);
    const wanted = fittingNodes(object, this.nodes()).length;
    const ready = pods.filter((pod) => pod.ready).length;
    return {
      observedGeneration: numberAt(object, 'metadata', 'generation'),
      currentNumberScheduled: pods.length,
      desiredNumberScheduled: wanted,
      updatedNumberScheduled: pods.length,
      numberMisscheduled: 0,
      numberReady: ready,
      numberAvailable: ready,
      numberUnavailable: wanted - ready,
    };
  }

  #statefulSetStatus(object: JsonObject): JsonObject {
    const pods = this.#podsOf('StatefulSet', object);
    const ready = pods.filter((pod) => pod.ready).length;
    const revision = `${nameOf(object)}-${rolloutOf(this.#world, object).hash}`;
    return {
      observedGeneration: numberAt(object, 'metadata', 'generation'),
      replicas: pods.length,
      currentReplicas: pods.length,
      updatedReplicas: pods.length,
      readyReplicas: ready,
      availableReplicas: ready,
      currentRevision: revision,
      updateRevision: revision,
    };
  }

  #jobStatus(object: JsonObject): JsonObject {
    const pods = this.#podsOf('Job', object);
    const succeeded = pods.filter(({ state }) => textAt(state.status, 'phase') === 'Succeeded').length;
    const at = timeText(rolloutOf(this.#world, object).changedAt);
    const isComplete = pods.length > 0 && succeeded >= pods.length;
    return {
      startTime: at,
      active: pods.length - succeeded,
      succeeded,
      ...(isComplete
        ? {
            completionTime: at,
            conditions: [{ type: 'Complete', status: 'True', lastProbeTime: at, lastTransitionTime: at }],
          }
        : {}),
    };
  }

  #replicaSets(): readonly JsonObject[] {
    const made = this.#allWorkloads()
      .filter(({ kind }) => kind === 'Deployment')
      .map(({ object, pods }) => this.#replicaSetOf(object, pods));
    return [...objectsOf(this.#world.store, 'apps', 'replicasets'), ...made];
  }

  #replicaSetOf(deployment: JsonObject, pods: readonly SandboxPod[]): JsonObject {
    const rollout = rolloutOf(this.#world, deployment);
    const template = objectAt(deployment, 'spec', 'template');
    const labels = { ...textsAt(template, 'metadata', 'labels'), 'pod-template-hash': rollout.hash };
    const replicas = numberOr(deployment, 'replicas', 1);
    const ready = pods.filter((pod) => pod.ready).length;
    return {
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: {
        ...childMetadata(deployment, 'Deployment', rollout.changedAt),
        name: `${nameOf(deployment)}-${rollout.hash}`,
        uid: replicaSetUid(deployment, rollout),
        labels,
        annotations: { 'deployment.kubernetes.io/revision': String(rollout.revision) },
      },
      spec: { replicas, selector: objectAt(deployment, 'spec', 'selector'), template },
      status: { replicas: pods.length, readyReplicas: ready, availableReplicas: ready, observedGeneration: 1 },
    };
  }

  #revisions(): readonly JsonObject[] {
    return this.#allWorkloads()
      .filter(({ kind }) => kind === 'DaemonSet' || kind === 'StatefulSet')
      .map(({ kind, object }) => {
        const { hash, revision, changedAt } = rolloutOf(this.#world, object);
        const name = `${nameOf(object)}-${hash}`;
        const labels = {
          ...textsAt(object, 'spec', 'template', 'metadata', 'labels'),
          'controller-revision-hash': kind === 'DaemonSet' ? hash : name,
        };
        return {
          apiVersion: 'apps/v1',
          kind: 'ControllerRevision',
          metadata: {
            ...childMetadata(object, kind, changedAt),
            name,
            uid: derivedUid('revision', uidOf(object), hash),
            labels,
          },
          data: { spec: { template: valueAt(object, 'spec', 'template') ?? {} } },
          revision,
        };
      });
  }
}

function childMetadata(owner: JsonObject, kind: string, created: number): JsonObject {
  return {
    namespace: namespaceOf(owner),
    resourceVersion: textAt(owner, 'metadata', 'resourceVersion') ?? '0',
    creationTimestamp: timeText(created),
    ownerReferences: [
      {
        apiVersion: 'apps/v1',
        kind,
        name: nameOf(owner),
        uid: uidOf(owner),
        controller: true,
        blockOwnerDeletion: true,
      },
    ],
  };
}

function definitionStatus(object: JsonObject): JsonObject {
  const at = textAt(object, 'metadata', 'creationTimestamp') ?? '';
  const condition = (type: string, reason: string) => ({ type, status: 'True', reason, lastTransitionTime: at });
  const stored = listAt(object, 'spec', 'versions').filter((version) => objectAt(version).storage === true);
  return {
    acceptedNames: objectAt(object, 'spec', 'names'),
    conditions: [condition('NamesAccepted', 'NoConflicts'), condition('Established', 'InitialNamesAccepted')],
    storedVersions: stored.map((version) => textAt(version, 'name') ?? ''),
  };
}

function event(
  kind: string,
  about: JsonObject,
  warning: { readonly reason: string; readonly message: string },
  now: number,
): JsonObject {
  const { reason, message } = warning;
  const at = timeText(now);
  const created = textAt(about, 'metadata', 'creationTimestamp') ?? at;
  return {
    apiVersion: 'v1',
    kind: 'Event',
    metadata: {
      name: `${nameOf(about)}.${suffix(16, uidOf(about), reason)}`,
      namespace: namespaceOf(about),
      uid: derivedUid('event', uidOf(about), reason),
      resourceVersion: '0',
      creationTimestamp: created,
    },
    involvedObject: { kind, namespace: namespaceOf(about), name: nameOf(about), uid: uidOf(about) },
    type: 'Warning',
    reason,
    message,
    count: 1,
    firstTimestamp: created,
    lastTimestamp: created,
    source: { component: 'simulated' },
  };
}

function numberOr(object: JsonObject, field: string, otherwise: number): number {
  const value = valueAt(object, 'spec', field);
  return typeof value === 'number' ? value : otherwise;
}

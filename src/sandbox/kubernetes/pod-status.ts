import type { Json, JsonObject } from '../../model/json.js';
import { listAt, objectAt, textAt } from '../../model/json-path.js';
import { pullImage } from './node-images.js';
import type { SandboxNode } from './nodes.js';
import { objectKey, timeText, type World } from './world.js';

/** A pod before anybody looks how it is. */
export interface PlannedPod {
  readonly namespace: string;
  readonly spec: JsonObject;
  /** Undefined: no node can run it. */
  readonly node: SandboxNode | undefined;
  /** Milliseconds since the epoch. */
  readonly created: number;
  /** How long it takes to come up, in milliseconds. */
  readonly startup: number;
  /** Milliseconds after which its containers end by themselves, with success; undefined for what serves. */
  readonly runs?: number;
  /** Nodes that were looked at. */
  readonly nodes: number;
}

/** Status of a pod, and the warning that its events tell. */
export interface PodState {
  readonly status: JsonObject;
  readonly warning?: { readonly reason: string; readonly message: string };
}

/** How a pod is: no container ever runs, but what one needs to start must be there. */
export function podState(world: World, pod: PlannedPod): PodState {
  const { node, created, startup, runs } = pod;
  const at = timeText(created);
  if (node === undefined) return unschedulable(pod, at);
  const isStarting = world.now < created + startup;
  const unmounted = isStarting ? undefined : missingVolume(world, pod);
  if (isStarting || unmounted !== undefined) {
    const state = { waiting: { reason: 'ContainerCreating' } };
    const status = pendingStatus(pod, node, at, () => state);
    return unmounted === undefined ? { status } : { status, warning: { reason: 'FailedMount', message: unmounted } };
  }
  const troubles = new Map(
    containersOf(pod.spec).flatMap((container) => {
      const trouble = containerTrouble(world, pod, node, container);
      return trouble === undefined ? [] : [[textAt(container, 'name') ?? '', trouble] as const];
    }),
  );
  const [first] = troubles.values();
  if (first !== undefined) {
    const status = pendingStatus(pod, node, at, (name) => {
      const trouble = troubles.get(name);
      return { waiting: trouble === undefined ? { reason: 'ContainerCreating' } : trouble.waiting };
    });
    return { status, warning: first.warning };
  }
  if (runs !== undefined && world.now >= created + startup + runs) return { status: endedStatus(pod, node, at) };
  return { status: runningStatus(pod, node, at, timeText(created + startup)) };
}

function unschedulable(pod: PlannedPod, at: string): PodState {
  const { nodes } = pod;
  const message = `0/${nodes} nodes are available: ${nodes} node(s) didn't match node selector or were not ready.`;
  const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message, lastTransitionTime: at };
  const status = { phase: 'Pending', conditions: [condition], qosClass: 'BestEffort' };
  return { status, warning: { reason: 'FailedScheduling', message } };
}

interface ContainerTrouble {
  readonly waiting: { readonly reason: string; readonly message: string };
  readonly warning: { readonly reason: string; readonly message: string };
}

function containerTrouble(
  world: World,
  pod: PlannedPod,
  node: SandboxNode,
  container: Json,
): ContainerTrouble | undefined {
  const image = textAt(container, 'image') ?? '';
  const pull = pullImage(world, node.host, image, pod);
  if (!pull.ok) {
    return {
      waiting: { reason: 'ImagePullBackOff', message: `Back-off pulling image "${image}"` },
      warning: { reason: 'Failed', message: `Failed to pull image "${image}": ${pull.message}` },
    };
  }
  const missing = missingReference(world, pod.namespace, container);
  if (missing === undefined) return undefined;
  return {
    waiting: { reason: 'CreateContainerConfigError', message: missing },
    warning: { reason: 'Failed', message: `Error: ${missing}` },
  };
}

/** The first ConfigMap or Secret that a container's environment needs and that is not there. */
function missingReference(world: World, namespace: string, container: Json): string | undefined {
  const sources = [
    ...listAt(container, 'env').map((one) => objectAt(one, 'valueFrom')),
    ...listAt(container, 'envFrom').map((one) => objectAt(one)),
  ];
  return sources
    .flatMap((source) => [
      lacks(world, 'configmaps', namespace, source.configMapKeyRef ?? source.configMapRef, 'name'),
      lacks(world, 'secrets', namespace, source.secretKeyRef ?? source.secretRef, 'name'),
    ])
    .find((missing) => missing !== undefined);
}

/** Why a volume can't be mounted. */
function missingVolume(world: World, pod: PlannedPod): string | undefined {
  for (const volume of listAt(pod.spec, 'volumes')) {
    const { configMap, secret } = objectAt(volume);
    const missing =
      lacks(world, 'configmaps', pod.namespace, configMap, 'name') ??
      lacks(world, 'secrets', pod.namespace, secret, 'secretName');
    if (missing !== undefined) return `MountVolume.SetUp failed for volume "${textAt(volume, 'name')}" : ${missing}`;
  }
  return undefined;
}

function lacks(
  world: World,
  plural: 'configmaps' | 'secrets',
  namespace: string,
  reference: Json | undefined,
  key: string,
): string | undefined {
  const name = textAt(reference, key);
  if (name === undefined || objectAt(reference).optional === true) return undefined;
  if (world.store.get(objectKey('', plural, namespace, name)) !== undefined) return undefined;
  return `${plural.slice(0, -1)} "${name}" not found`;
}

function containersOf(spec: JsonObject): readonly Json[] {
  return [...listAt(spec, 'initContainers'), ...listAt(spec, 'containers')];
}

function containerStatus(container: Json, more: JsonObject): JsonObject {
  const image = textAt(container, 'image') ?? '';
  return { name: textAt(container, 'name') ?? '', image, imageID: '', restartCount: 0, ready: false, ...more };
}

function statuses(pod: PlannedPod, more: (name: string) => JsonObject): JsonObject {
  const of = (list: readonly Json[]) =>
    list.map((container) => containerStatus(container, more(textAt(container, 'name') ?? '')));
  const init = listAt(pod.spec, 'initContainers');
  return {
    ...(init.length === 0 ? {} : { initContainerStatuses: of(init) }),
    containerStatuses: of(listAt(pod.spec, 'containers')),
  };
}

function conditions(at: string, ready: boolean, reason?: string): readonly JsonObject[] {
  const status = ready ? 'True' : 'False';
  const why = reason === undefined ? {} : { reason };
  return [
    { type: 'Initialized', status: 'True', lastTransitionTime: at },
    { type: 'Ready', status, lastTransitionTime: at, ...why },
    { type: 'ContainersReady', status, lastTransitionTime: at, ...why },
    { type: 'PodScheduled', status: 'True', lastTransitionTime: at },
  ];
}

function place(node: SandboxNode, at: string): JsonObject {
  return { hostIP: node.name, podIP: node.name, startTime: at, qosClass: 'BestEffort' };
}

function pendingStatus(
  pod: PlannedPod,
  node: SandboxNode,
  at: string,
  state: (name: string) => JsonObject,
): JsonObject {
  return {
    phase: 'Pending',
    conditions: conditions(at, false, 'ContainersNotReady'),
    ...place(node, at),
    ...statuses(pod, (name) => ({ state: state(name) })),
  };
}

function runningStatus(pod: PlannedPod, node: SandboxNode, at: string, startedAt: string): JsonObject {
  return {
    phase: 'Running',
    conditions: conditions(startedAt, node.ready, node.ready ? undefined : 'NodeNotReady'),
    ...place(node, at),
    ...statuses(pod, () => ({ ready: node.ready, started: true, state: { running: { startedAt } } })),
  };
}

function endedStatus(pod: PlannedPod, node: SandboxNode, at: string): JsonObject {
  const terminated = { exitCode: 0, reason: 'Completed', startedAt: at, finishedAt: at };
  return {
    phase: 'Succeeded',
    conditions: conditions(at, false, 'PodCompleted'),
    ...place(node, at),
    ...statuses(pod, () => ({ state: { terminated } })),
  };
}

import type { Json, JsonObject } from '../../model/json.js';
import { listAt, objectAt, textAt, textsAt, valueAt } from '../../model/json-path.js';
import type { SandboxNode } from './nodes.js';
import { type PlannedPod, type PodState, podState } from './pod-status.js';
import { type PodSlot, type Rollout, restartOf, rolloutOf } from './rollouts.js';
import { matchesExpression } from './selectors.js';
import { derivedUid, nameOf, namespaceOf, objectKey, suffix, timeText, uidOf, type World } from './world.js';

/** A pod, with what others derive from it. */
export interface SandboxPod {
  readonly object: JsonObject;
  readonly state: PodState;
  readonly ready: boolean;
  /** For whom it was made, and which of its pods it is; undefined for one that a manifest makes. */
  readonly slot?: PodSlot;
}

/** Milliseconds in which a pod comes up, and by which each further one of a workload comes up later. */
const STARTUP_MS = 300;
const STAGGER_MS = 100;
const STAGGERED = 5;
/** Milliseconds that a container of a job runs. */
const JOB_MS = 200;

/** What pods of a workload are made by. */
interface Maker {
  readonly workload: JsonObject;
  readonly kind: string;
  readonly rollout: Rollout;
  readonly nodes: readonly SandboxNode[];
}

/** Pods of a Deployment, DaemonSet, StatefulSet or Job. */
export function podsOfWorkload(
  world: World,
  kind: string,
  workload: JsonObject,
  nodes: readonly SandboxNode[],
): readonly SandboxPod[] {
  if (missingAccount(world, workload) !== undefined) return [];
  const maker: Maker = { workload, kind, rollout: rolloutOf(world, workload), nodes };
  const fitting = fittingNodes(workload, nodes);
  if (kind === 'DaemonSet') {
    return fitting.map((node, index) => makePod(world, maker, node.name, index, () => node));
  }
  // Those on a node that is gone move to another; a DaemonSet's stay with theirs. A cordoned node keeps those that it had.
  const ready = fitting.filter((node) => node.ready);
  const count = kind === 'Job' ? countOf(workload, 'completions') : countOf(workload, 'replicas');
  return Array.from({ length: count }, (_, index) =>
    makePod(world, maker, String(index), index, (created) => {
      const open = ready.filter((node) => takes(node, created));
      return open[index % Math.max(open.length, 1)];
    }),
  );
}

/** Whether a node, as far as it is cordoned, takes a pod that was made then. */
function takes({ cordonedAt }: SandboxNode, created: number): boolean {
  return cordonedAt === undefined || created < cordonedAt;
}

/** Nodes that pods of a workload may run on, ready or not. */
export function fittingNodes(workload: JsonObject, nodes: readonly SandboxNode[]): readonly SandboxNode[] {
  const spec = objectAt(workload, 'spec', 'template', 'spec');
  return nodes.filter((node) => fits(spec, node));
}

/** A pod that was made by hand. */
export function podOfManifest(world: World, object: JsonObject, nodes: readonly SandboxNode[]): SandboxPod {
  const spec = objectAt(object, 'spec');
  const named = textAt(spec, 'nodeName');
  const created = Date.parse(textAt(object, 'metadata', 'creationTimestamp') ?? '') || 0;
  const node = nodes.find((one) =>
    named === undefined ? one.ready && takes(one, created) && fits(spec, one) : one.name === named,
  );
  const planned = { namespace: namespaceOf(object), spec, node, created, startup: STARTUP_MS, nodes: nodes.length };
  const state = podState(world, textAt(spec, 'restartPolicy') === 'Never' ? { ...planned, runs: JOB_MS } : planned);
  const bound = node === undefined ? {} : { nodeName: node.name };
  return { object: { ...object, spec: { ...spec, ...bound }, status: state.status }, state, ready: isReady(state) };
}

/** The service account that a workload's pods need and that is not there: none of them can be made. */
export function missingAccount(world: World, workload: JsonObject): string | undefined {
  const account = textAt(workload, 'spec', 'template', 'spec', 'serviceAccountName') ?? 'default';
  // Every namespace has one of that name.
  if (account === 'default') return undefined;
  const key = objectKey('', 'serviceaccounts', namespaceOf(workload), account);
  return world.store.get(key) === undefined ? account : undefined;
}

/** Whether a pod may run on a node: its nodeName, nodeSelector and required nodeAffinity. Taints are not simulated. */
function fits(spec: JsonObject, node: SandboxNode): boolean {
  const labels = node.labels;
  const selected = Object.entries(textsAt(spec, 'nodeSelector')).every(([key, value]) => labels[key] === value);
  const terms = listAt(
    spec,
    'affinity',
    'nodeAffinity',
    'requiredDuringSchedulingIgnoredDuringExecution',
    'nodeSelectorTerms',
  );
  const isLiked = (term: Json) =>
    listAt(term, 'matchExpressions').every((expression) => matchesExpression(expression, labels)) &&
    listAt(term, 'matchFields').every((field) => matchesExpression(field, { 'metadata.name': node.name }));
  return selected && (terms.length === 0 || terms.some(isLiked));
}

function countOf(workload: JsonObject, field: string): number {
  const value = valueAt(workload, 'spec', field);
  return typeof value === 'number' ? value : 1;
}

function makePod(
  world: World,
  maker: Maker,
  slot: string,
  index: number,
  place: (created: number) => SandboxNode | undefined,
): SandboxPod {
  const { workload, kind, rollout, nodes } = maker;
  const owner = uidOf(workload);
  const restart = restartOf(world, owner, slot);
  const template = objectAt(workload, 'spec', 'template');
  const created = Math.max(rollout.changedAt, restart.at);
  const node = place(created);
  const planned: PlannedPod = {
    namespace: namespaceOf(workload),
    spec: objectAt(template, 'spec'),
    node,
    created,
    startup: STARTUP_MS + STAGGER_MS * Math.min(index, STAGGERED),
    nodes: nodes.length,
    ...(kind === 'Job' ? { runs: JOB_MS } : {}),
  };
  const state = podState(world, planned);
  const identity = [owner, rollout.hash, slot, String(restart.count)];
  const name = podName(maker, index, identity);
  const object = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      ...objectAt(template, 'metadata'),
      name,
      namespace: namespaceOf(workload),
      uid: derivedUid(...identity),
      resourceVersion: textAt(workload, 'metadata', 'resourceVersion') ?? '0',
      creationTimestamp: timeText(planned.created),
      labels: { ...textsAt(template, 'metadata', 'labels'), ...makerLabels(maker, name) },
      ownerReferences: [ownerReference(maker)],
    },
    spec: { ...planned.spec, ...(node === undefined ? {} : { nodeName: node.name }) },
    status: state.status,
  };
  return { object, state, ready: isReady(state), slot: { owner, name: slot } };
}

function podName({ workload, kind, rollout }: Maker, index: number, identity: readonly string[]): string {
  const name = nameOf(workload);
  if (kind === 'StatefulSet') return `${name}-${index}`;
  return kind === 'Deployment'
    ? `${name}-${rollout.hash}-${suffix(5, ...identity)}`
    : `${name}-${suffix(5, ...identity)}`;
}

function makerLabels({ workload, kind, rollout }: Maker, name: string): JsonObject {
  switch (kind) {
    case 'Deployment':
      return { 'pod-template-hash': rollout.hash };
    case 'DaemonSet':
      return { 'controller-revision-hash': rollout.hash };
    case 'StatefulSet':
      return {
        'controller-revision-hash': `${nameOf(workload)}-${rollout.hash}`,
        'statefulset.kubernetes.io/pod-name': name,
      };
    default:
      return { 'controller-uid': uidOf(workload), 'job-name': nameOf(workload) };
  }
}

function ownerReference({ workload, kind, rollout }: Maker): JsonObject {
  const common = { controller: true, blockOwnerDeletion: true };
  if (kind !== 'Deployment') {
    const apiVersion = kind === 'Job' ? 'batch/v1' : 'apps/v1';
    return { apiVersion, kind, name: nameOf(workload), uid: uidOf(workload), ...common };
  }
  return {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    name: `${nameOf(workload)}-${rollout.hash}`,
    uid: replicaSetUid(workload, rollout),
    ...common,
  };
}

/** Uid of the ReplicaSet of a Deployment's newest template. */
export function replicaSetUid(deployment: JsonObject, rollout: Rollout): string {
  return derivedUid('replicaset', uidOf(deployment), rollout.hash);
}

function isReady({ status }: PodState): boolean {
  return listAt(status, 'conditions').some(
    (one) => textAt(one, 'type') === 'Ready' && textAt(one, 'status') === 'True',
  );
}

import type { Json, JsonObject } from '../model/json.js';
import { listAt, numberAt, objectAt, textAt } from '../model/json-path.js';

/** What keeps a pod from coming up. */
export type TroubleKind = 'unschedulable' | 'image' | 'bad-image-name' | 'container-config' | 'crash';

/** Why a pod does not come up. */
export interface Trouble {
  readonly kind: TroubleKind;
  /** Kubernetes' word: `ImagePullBackOff`. */
  readonly reason: string;
  readonly message: string;
  /** The container that it is about. */
  readonly container?: string;
  /** For `crash`: how often it was started again. */
  readonly restarts: number;
}

const WAITING: Readonly<Record<string, TroubleKind>> = {
  ErrImagePull: 'image',
  ImagePullBackOff: 'image',
  RegistryUnavailable: 'image',
  ImageInspectError: 'image',
  InvalidImageName: 'bad-image-name',
  ErrImageNeverPull: 'bad-image-name',
  CreateContainerConfigError: 'container-config',
  CreateContainerError: 'container-config',
  RunContainerError: 'container-config',
  CrashLoopBackOff: 'crash',
};

/**
 * What kubelet says of any pod while it has not yet heard of the cluster's services (1.20's kuberuntime): it passes by itself,
 * but takes most of a minute where kubelet was there long before the API, as on a proxy.
 */
const NOT_YET = 'services have not yet been read at least once';

/** The trouble that a pod is in by its status; undefined for one that may still come up. */
export function podTrouble(pod: JsonObject): Trouble | undefined {
  const statuses = [...listAt(pod, 'status', 'initContainerStatuses'), ...listAt(pod, 'status', 'containerStatuses')];
  for (const status of statuses) {
    const trouble = containerTrouble(status);
    if (trouble !== undefined) return trouble;
  }
  return unschedulable(pod);
}

function unschedulable(pod: JsonObject): Trouble | undefined {
  const scheduled = listAt(pod, 'status', 'conditions').find((one) => textAt(one, 'type') === 'PodScheduled');
  if (textAt(scheduled, 'status') !== 'False') return undefined;
  const reason = textAt(scheduled, 'reason') ?? 'Unschedulable';
  return { kind: 'unschedulable', reason, message: textAt(scheduled, 'message') ?? 'no node can run it', restarts: 0 };
}

function containerTrouble(status: Json): Trouble | undefined {
  const container = textAt(status, 'name') ?? '';
  const restarts = numberAt(status, 'restartCount');
  const reason = textAt(status, 'state', 'waiting', 'reason');
  const kind = reason === undefined ? undefined : WAITING[reason];
  if (reason !== undefined && kind !== undefined) {
    const exit = kind === 'crash' ? exitText(objectAt(status, 'lastState', 'terminated')) : undefined;
    const message = exit ?? textAt(status, 'state', 'waiting', 'message') ?? reason;
    if (message.startsWith(NOT_YET)) return undefined;
    return { kind, reason, message, container, restarts };
  }
  const terminated = objectAt(status, 'state', 'terminated');
  if (numberAt(terminated, 'exitCode') === 0) return undefined;
  return {
    kind: 'crash',
    reason: textAt(terminated, 'reason') ?? 'Error',
    message: exitText(terminated),
    container,
    restarts,
  };
}

function exitText(terminated: JsonObject): string {
  const message = textAt(terminated, 'message')?.trim();
  const exit = `it exited with code ${numberAt(terminated, 'exitCode')}`;
  const signal = numberAt(terminated, 'signal');
  const how = signal === 0 ? exit : `it was ended by signal ${signal}`;
  const why = textAt(terminated, 'reason') === 'OOMKilled' ? `${how} (out of memory: OOMKilled)` : how;
  return message ? `${why}: ${message}` : why;
}

/** Seconds for which trouble must be seen before it counts: these may pass by themselves. */
export type Graces = Readonly<Record<Exclude<TroubleKind, 'crash'>, number>>;

/** Restarts after which a container counts as crashing again and again. */
const CRASHES = 2;

/**
 * True when a pod will not come up. A crash counts when it is the third, and happened under our eyes: a pod that crashed
 * before, and waits for its next start, may come up with the configuration that was just applied.
 * @param seconds for how long the pod has been in this trouble
 * @param restartsBefore restarts when it was first looked at
 */
export function isFatal(trouble: Trouble, seconds: number, restartsBefore: number, graces: Graces): boolean {
  if (trouble.kind === 'crash') return trouble.restarts >= CRASHES && trouble.restarts > restartsBefore;
  return seconds >= graces[trouble.kind];
}

const NEXT_STEPS: Readonly<Record<TroubleKind, string>> = {
  unschedulable:
    'Make room on the nodes, or correct the labels, taints or requests that keep it off them, then run again.',
  image: 'Push the image, or correct its name, its pull secret or the registry settings of the node, then run again.',
  'bad-image-name': "Correct the image's name in the manifest, then run again.",
  'container-config': 'Add or correct what the container refers to (ConfigMap, Secret, command), then run again.',
  crash: "Find the cause in the container's output, correct the service's configuration or image, then run again.",
};

/** What to do about a probe that fails. */
export const PROBE_NEXT =
  'Correct what keeps the service from answering the probe, or what the probe asks (path, port, time), then run again.';

/** What to do about it. */
export function nextStepFor(kind: TroubleKind): string {
  return NEXT_STEPS[kind];
}

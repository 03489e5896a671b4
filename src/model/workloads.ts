/** A pod, as people who look after a service see it. */
export interface PodState {
  readonly namespace: string;
  readonly name: string;
  /** Absent while no node was found for it. */
  readonly node?: string;
  readonly ready: boolean;
  /** How often its containers were started again. */
  readonly restarts: number;
  /** When it was made, ISO 8601. */
  readonly made?: string;
  /** Containers by name, those that only come first not among them. */
  readonly containers: readonly string[];
  /** Why it is not ready: one line, then warnings about it. Empty for one that is ready, or has done its work. */
  readonly problems: readonly string[];
}

/** What runs pods, as it was applied for a target, and how it is. */
export interface WorkloadState {
  /** `Deployment`. */
  readonly kind: string;
  readonly namespace: string;
  readonly name: string;
  /** Of its pod template, in order, once each. */
  readonly images: readonly string[];
  /** Pods that there should be; of a Job: that have to end well. */
  readonly desired: number;
  /** Pods that are ready; of a Job: that ended well. */
  readonly ready: number;
  /** All of its newest generation are there and ready, and none of an older one is left. */
  readonly complete: boolean;
  /** Why it is not complete. */
  readonly problem?: string;
  readonly pods: readonly PodState[];
}

/** What was applied for a target, and how it is. */
export interface TargetState {
  readonly target: string;
  /** It was stopped: its workloads were taken away, the rest is there. */
  readonly stopped: boolean;
  /** False when the last apply did not come to its end. */
  readonly finished: boolean;
  /** Objects that were applied, workloads among them. */
  readonly objects: number;
  /** In order of application. Those that are missing are told with a problem. */
  readonly workloads: readonly WorkloadState[];
}

/** Which logs, and how much of them. */
export interface LogOptions {
  /** Go on with what is written from now on, until the signal is aborted. */
  readonly follow?: boolean;
  /** So many last lines of each container. */
  readonly tail: number;
  /** Of this container only. */
  readonly container?: string;
}

/** A line that a container wrote; in parentheses what is told of its log instead. */
export interface LogLine {
  readonly pod: string;
  readonly container: string;
  readonly line: string;
}

import { readdirSync } from 'node:fs';
import path from 'node:path';
import { answeringMaster } from './kubernetes/availability.js';
import {
  etcdCommits,
  HOST_FAULTS,
  type HostFault,
  hasFault,
  kubeletRuns,
  SANDBOX_FAULTS,
  type SandboxDescription,
  type SandboxFault,
  type SandboxHost,
  type SandboxLayout,
  staticPodRuns,
} from './layout.js';

/** One machine, as it is now. */
export interface HostStatus extends SandboxHost {
  /** `bare` until kubelet was started on it. */
  readonly state: 'down' | 'bare' | 'kubelet runs' | 'kubelet does not run';
  /** Static pods that run there. */
  readonly pods: readonly string[];
  readonly faults: readonly HostFault[];
}

/** A sandbox, as it is now. */
export interface SandboxStatus {
  readonly hosts: readonly HostStatus[];
  /** Members of etcd that can commit. */
  readonly etcd: number;
  /** Whether somebody answers where the API server is looked for. */
  readonly api: boolean;
  readonly faults: readonly SandboxFault[];
  /** Whether pai answers for the hosts itself, without a shell. */
  readonly hostsInProcess: boolean;
}

/** Looks at the files of a sandbox. */
export function sandboxStatus(layout: SandboxLayout, sandbox: SandboxDescription): SandboxStatus {
  const faults = SANDBOX_FAULTS.filter((fault) => hasFault(layout, fault));
  return {
    hosts: sandbox.hosts.map((host) => hostStatus(layout, host)),
    etcd: sandbox.hosts.filter((host) => etcdCommits(layout, sandbox, host)).length,
    api: answeringMaster(layout, sandbox) !== undefined,
    faults,
    hostsInProcess: sandbox.hostsInProcess === true,
  };
}

function hostStatus(layout: SandboxLayout, host: SandboxHost): HostStatus {
  const folder = layout.host(host.name);
  const faults = HOST_FAULTS.filter((fault) => hasFault(folder, fault));
  const pods = manifests(folder.root).filter((name) => staticPodRuns(folder, name));
  return { ...host, state: stateOf(layout, host), pods, faults };
}

function stateOf(layout: SandboxLayout, host: SandboxHost): HostStatus['state'] {
  const folder = layout.host(host.name);
  if (hasFault(folder, 'down')) return 'down';
  if (kubeletRuns(folder)) return 'kubelet runs';
  return entries(path.join(folder.docker, 'containers')).includes('kubelet') ? 'kubelet does not run' : 'bare';
}

function manifests(root: string): readonly string[] {
  return entries(path.join(root, 'etc/kubernetes/manifests'))
    .filter((file) => /^[^.].*\.yaml$/.test(file))
    .map((file) => file.slice(0, -'.yaml'.length))
    .sort();
}

function entries(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

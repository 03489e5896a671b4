import { randomUUID } from 'node:crypto';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import type { JsonObject } from '../../model/json.js';
import { numberAt, objectAt, textAt, textsAt } from '../../model/json-path.js';
import { type HostLayout, kubeletRuns, type SandboxHost } from '../layout.js';
import { nameOf, objectKey, timeText, type World } from './world.js';

/** A node, and the host that it is. */
export interface SandboxNode {
  readonly name: string;
  readonly host: SandboxHost;
  readonly ready: boolean;
  /** When it was cordoned, in milliseconds since the epoch: it takes no pods that were made later. */
  readonly cordonedAt?: number;
  readonly labels: Readonly<Record<string, string>>;
  readonly object: JsonObject;
}

const DELETED = '~deleted-nodes/';
const CORDONS = '~cordons/';

/** Gives every kubelet that runs its Node, unless that was deleted since it started. */
export function registerNodes(world: World): void {
  const { layout, sandbox, store } = world;
  for (const { name, address } of sandbox.hosts) {
    const key = objectKey('', 'nodes', '', address);
    if (store.get(key) !== undefined) continue;
    const run = kubeletRun(layout.host(name));
    if (run === undefined || textAt(store.get(DELETED + address), 'run') === run) continue;
    store.put(key, (revision) => newNode(address, name, revision, world.now));
    if (store.get(DELETED + address) !== undefined) store.delete(DELETED + address);
  }
}

/** A kubelet makes its Node when it starts, not again while it runs. */
export function deleteNode(world: World, address: string): void {
  const host = world.sandbox.hosts.find((one) => one.address === address);
  const run = host === undefined ? undefined : kubeletRun(world.layout.host(host.name));
  if (run !== undefined) world.store.put(DELETED + address, () => ({ run }));
  world.store.delete(objectKey('', 'nodes', '', address));
  if (world.store.get(CORDONS + address) !== undefined) world.store.delete(CORDONS + address);
}

/** Notes when a node was cordoned, or that it is no more. */
export function noteCordon(world: World, node: JsonObject): void {
  const key = CORDONS + nameOf(node);
  const isCordoned = objectAt(node, 'spec').unschedulable === true;
  if (isCordoned === (world.store.get(key) !== undefined)) return;
  if (isCordoned) world.store.put(key, () => ({ at: world.now }));
  else world.store.delete(key);
}

/** Nodes with their status, in the order of the sandbox's hosts; only one if it is named. */
export function nodesOf(world: World, only?: string): readonly SandboxNode[] {
  return world.sandbox.hosts.flatMap((host) => {
    if (only !== undefined && host.address !== only) return [];
    const stored = world.store.get(objectKey('', 'nodes', '', host.address));
    if (stored === undefined) return [];
    const run = kubeletRun(world.layout.host(host.name));
    const ready = run !== undefined;
    const labels = textsAt(stored, 'metadata', 'labels');
    const cordon = world.store.get(CORDONS + host.address);
    const cordoned = cordon === undefined ? {} : { cordonedAt: numberAt(cordon, 'at') };
    return [{ name: host.address, host, ready, labels, ...cordoned, object: withStatus(stored, host, run, world) }];
  });
}

/** Tells one run of a kubelet that has its way to the API from another; undefined while none runs. */
function kubeletRun(host: HostLayout): string | undefined {
  if (!kubeletRuns(host) || !existsSync(path.join(host.root, 'etc/kubernetes/kubelet.conf'))) return undefined;
  const started = statSync(path.join(host.docker, 'containers/kubelet/state'), { throwIfNoEntry: false });
  return started === undefined ? undefined : String(started.mtimeMs);
}

function newNode(address: string, hostname: string, revision: number, now: number): JsonObject {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name: address,
      uid: randomUUID(),
      creationTimestamp: timeText(now),
      resourceVersion: String(revision),
      labels: {
        'beta.kubernetes.io/arch': 'amd64',
        'beta.kubernetes.io/os': 'linux',
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': address,
        'kubernetes.io/os': 'linux',
      },
      annotations: { 'pai/simulated': hostname },
    },
    spec: {},
  };
}

function withStatus(stored: JsonObject, host: SandboxHost, run: string | undefined, world: World): JsonObject {
  // A heartbeat a minute, so that a watch has some peace, and one when kubelet starts.
  const at = timeText(Math.max(world.now - (world.now % 60_000), Number(run ?? 0)));
  const condition =
    run !== undefined
      ? { status: 'True', reason: 'KubeletReady', message: 'kubelet is posting ready status (simulated)' }
      : { status: 'Unknown', reason: 'NodeStatusUnknown', message: 'Kubelet stopped posting node status.' };
  return {
    ...stored,
    status: {
      ...objectAt(stored, 'status'),
      addresses: [
        { type: 'InternalIP', address: host.address },
        { type: 'Hostname', address: host.address },
      ],
      capacity: { cpu: '4', memory: '16Gi', pods: '110' },
      allocatable: { cpu: '4', memory: '16Gi', pods: '110' },
      conditions: [{ type: 'Ready', lastHeartbeatTime: at, lastTransitionTime: at, ...condition }],
      nodeInfo: {
        architecture: 'amd64',
        operatingSystem: 'linux',
        osImage: 'simulated',
        kernelVersion: 'simulated',
        containerRuntimeVersion: 'docker://simulated',
        kubeletVersion: 'v0.0.0-simulated',
        kubeProxyVersion: 'v0.0.0-simulated',
        machineID: host.name,
        systemUUID: host.name,
        bootID: host.name,
      },
    },
  };
}

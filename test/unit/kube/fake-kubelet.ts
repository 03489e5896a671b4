import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { KubeClient } from '../../../src/kube/client.js';
import type { Json, JsonObject } from '../../../src/model/json.js';
import { listAt, numberAt, textAt, textsAt, valueAt } from '../../../src/model/json-path.js';
import type { TestCertificate } from './test-certificates.js';

/**
 * What happens to pods with the label `app`; others come up.
 * `stays-pending`: never bound; `not-ready`: runs but is never ready.
 */
export type Fate =
  | 'ready'
  | 'not-ready'
  | 'stays-pending'
  | 'unschedulable'
  | 'image'
  | 'config'
  | 'crash'
  | 'succeeds'
  | 'fails';

/**
 * Plays scheduler and kubelets: makes Node objects, binds pods, and writes their status as the fate of their `app` label
 * says. No container ever runs. Serves one log for every container.
 */
export class FakeKubelet {
  readonly fates = new Map<string, Fate>();
  readonly #away = new Set<string>();
  readonly #client: KubeClient;
  readonly #nodes: readonly string[];
  readonly #server: Server;
  #stopped = false;
  #loop: Promise<void> | undefined;

  private constructor(client: KubeClient, nodes: readonly string[], server: Server) {
    this.#client = client;
    this.#nodes = nodes;
    this.#server = server;
  }

  static async start(
    client: KubeClient,
    nodes: readonly string[],
    serving: TestCertificate,
    log: string,
  ): Promise<FakeKubelet> {
    const server = createServer({ cert: serving.certificate, key: serving.key }, (_request, response) =>
      response.end(log),
    );
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const kubelet = new FakeKubelet(client, nodes, server);
    for (const node of nodes) await kubelet.register(node);
    kubelet.#loop = kubelet.#run();
    return kubelet;
  }

  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#loop;
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** A node whose kubelet does not answer: its pods stay as they are. */
  async goAway(name: string): Promise<void> {
    this.#away.add(name);
    const conditions = [{ type: 'Ready', status: 'Unknown', reason: 'NodeStatusUnknown' }];
    await this.#status(`/api/v1/nodes/${name}`, { conditions });
  }

  async comeBack(name: string): Promise<void> {
    this.#away.delete(name);
    await this.register(name);
  }

  async register(name: string): Promise<void> {
    const { port } = this.#server.address() as AddressInfo;
    const node = { apiVersion: 'v1', kind: 'Node', metadata: { name, labels: { 'kubernetes.io/hostname': name } } };
    await this.#send('PATCH', `/api/v1/nodes/${name}`, node, 'application/apply-patch+yaml');
    await this.#status(`/api/v1/nodes/${name}`, {
      addresses: [{ type: 'InternalIP', address: '127.0.0.1' }],
      daemonEndpoints: { kubeletEndpoint: { Port: port } },
      conditions: [
        { type: 'Ready', status: 'True', reason: 'KubeletReady', lastHeartbeatTime: new Date().toISOString() },
      ],
    });
    await this.#send('PATCH', `/api/v1/nodes/${name}`, { spec: { taints: null } });
  }

  async #run(): Promise<void> {
    while (!this.#stopped) {
      // The next round sees to what a conflict prevented.
      await this.#round().catch(() => undefined);
      await delay(100);
    }
  }

  async #round(): Promise<void> {
    const list = await this.#client.send({ method: 'GET', path: '/api/v1/pods', what: 'list pods' });
    for (const pod of listAt(list, 'items')) await this.#tend(pod).catch(() => undefined);
  }

  async #tend(pod: Json): Promise<void> {
    const path = `/api/v1/namespaces/${textAt(pod, 'metadata', 'namespace')}/pods/${textAt(pod, 'metadata', 'name')}`;
    if (this.#away.has(textAt(pod, 'spec', 'nodeName') ?? '')) return;
    if (textAt(pod, 'metadata', 'deletionTimestamp') !== undefined) {
      await this.#send('DELETE', path, { apiVersion: 'v1', kind: 'DeleteOptions', gracePeriodSeconds: 0 });
      return;
    }
    const fate = this.fates.get(textsAt(pod, 'metadata', 'labels').app ?? '') ?? 'ready';
    if (fate === 'stays-pending') return;
    if (fate === 'unschedulable') {
      const message = `0/${this.#nodes.length} nodes are available: ${this.#nodes.length} Insufficient memory.`;
      await this.#status(path, {
        conditions: [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }],
      });
      return;
    }
    if (textAt(pod, 'spec', 'nodeName') === undefined) await this.#bind(pod, path);
    const status = statusFor(fate, pod);
    if (status !== undefined) await this.#status(path, status);
  }

  async #bind(pod: Json, path: string): Promise<void> {
    const terms = listAt(
      pod,
      'spec',
      'affinity',
      'nodeAffinity',
      'requiredDuringSchedulingIgnoredDuringExecution',
      'nodeSelectorTerms',
    );
    const own = listAt(listAt(terms[0] ?? null, 'matchFields')[0] ?? null, 'values')[0];
    const name = typeof own === 'string' ? own : this.#nodes[0];
    const metadata = { name: textAt(pod, 'metadata', 'name') ?? '' };
    const target = { apiVersion: 'v1', kind: 'Node', name: name ?? '' };
    await this.#send('POST', `${path}/binding`, { apiVersion: 'v1', kind: 'Binding', metadata, target });
  }

  async #status(path: string, status: JsonObject): Promise<void> {
    await this.#send('PATCH', `${path}/status`, { status });
  }

  async #send(
    method: 'POST' | 'PATCH' | 'DELETE',
    path: string,
    body: JsonObject,
    contentType?: string,
  ): Promise<void> {
    const query = contentType === undefined ? {} : { query: { fieldManager: 'fake-kubelet', force: 'true' } };
    const type = contentType ?? (method === 'PATCH' ? 'application/merge-patch+json' : 'application/json');
    await this.#client.send({ method, path, ...query, body, contentType: type, what: `${method} ${path}` });
  }
}

/** The next status of a pod; undefined when it stays as it is. */
function statusFor(fate: Fate, pod: Json): JsonObject | undefined {
  const name = textAt(listAt(pod, 'spec', 'containers')[0] ?? null, 'name') ?? '';
  const image = textAt(listAt(pod, 'spec', 'containers')[0] ?? null, 'image') ?? '';
  const before = listAt(pod, 'status', 'containerStatuses')[0] ?? null;
  const base = { name, image, imageID: '', ready: false, restartCount: 0 };
  const waiting = (reason: string, message: string) => ({
    phase: 'Pending',
    containerStatuses: [{ ...base, state: { waiting: { reason, message } } }],
  });
  const exited = { exitCode: 3, reason: 'Error', startedAt: null, finishedAt: null };
  switch (fate) {
    case 'ready':
    case 'not-ready': {
      const ready = fate === 'ready';
      const isSame = valueAt(before, 'ready') === ready && textAt(pod, 'status', 'phase') === 'Running';
      if (isSame) return undefined;
      const conditions = ['Ready', 'ContainersReady'].map((type) => ({
        type,
        status: ready ? 'True' : 'False',
        lastTransitionTime: '2020-01-01T00:00:00Z',
      }));
      const state = { running: { startedAt: '2020-01-01T00:00:00Z' } };
      return { phase: 'Running', conditions, containerStatuses: [{ ...base, ready, started: true, state }] };
    }
    case 'image':
      return waiting('ImagePullBackOff', `Back-off pulling image "${image}"`);
    case 'config':
      return waiting('CreateContainerConfigError', 'secret "nowhere" not found');
    case 'crash': {
      const restartCount = Math.min(numberAt(before, 'restartCount') + 1, 5);
      const state = { waiting: { reason: 'CrashLoopBackOff', message: 'back-off 10s restarting failed container' } };
      return {
        phase: 'Running',
        containerStatuses: [{ ...base, restartCount, state, lastState: { terminated: exited } }],
      };
    }
    case 'succeeds':
      return {
        phase: 'Succeeded',
        containerStatuses: [{ ...base, state: { terminated: { ...exited, exitCode: 0 } } }],
      };
    case 'fails':
      return { phase: 'Failed', containerStatuses: [{ ...base, state: { terminated: exited } }] };
    default:
      return undefined;
  }
}

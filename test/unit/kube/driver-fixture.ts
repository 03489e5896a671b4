import { afterAll, afterEach, beforeAll, describe, expect } from 'vitest';
import { KubeClient, type KubeCredentials } from '../../../src/kube/client.js';
import { createKubeDriver } from '../../../src/kube/driver.js';
import { KubeObjects } from '../../../src/kube/objects.js';
import { ROLLOUT_TIMES, type RolloutTimes } from '../../../src/kube/rollout.js';
import type { KubeDriver } from '../../../src/model/drivers.js';
import type { PaiError } from '../../../src/model/errors.js';
import type { JsonObject } from '../../../src/model/json.js';
import { textsAt } from '../../../src/model/json-path.js';
import { SandboxFixture } from '../sandbox/sandbox-fixture.js';
import { type FakeContext, fakeContext } from './fake-context.js';
import { FakeKubelet, type Fate } from './fake-kubelet.js';
import { missingRealServer, RealApiServer } from './real-api-server.js';

export const NODES = ['10.0.0.1', '10.0.0.2'] as const;
const LOG = Array.from({ length: 12 }, (_, line) => `line ${line + 1}`).join('\n');
const TIMES = {
  limit: 20,
  poll: 0.1,
  graces: { ...ROLLOUT_TIMES.graces, unschedulable: 0.5, image: 0.5, 'container-config': 0.5 },
  noNode: 0.5,
  noPods: 1,
};

/** A cluster to test the driver on, with drivers and targets that are gone after each test. */
export class TestCluster {
  /** Targets to clean after the test. */
  readonly applied: FakeContext[] = [];
  readonly credentials: KubeCredentials;
  readonly client: KubeClient;
  readonly objects: KubeObjects;
  readonly #drivers: KubeDriver[] = [];

  constructor(credentials: KubeCredentials) {
    this.credentials = credentials;
    this.client = new KubeClient(async () => credentials, 10);
    this.objects = new KubeObjects(this.client);
  }

  async stop(): Promise<void> {
    await this.client.close();
  }

  async tidy(): Promise<void> {
    const cleaner = this.newDriver();
    for (const context of this.applied.splice(0)) await cleaner.clean(context);
    for (const driver of this.#drivers.splice(0)) await driver.close();
  }

  newDriver(credentials: KubeCredentials = this.credentials, times: Partial<RolloutTimes> = {}): KubeDriver {
    const driver = createKubeDriver({ credentials: async () => credentials, rolloutTimes: { ...TIMES, ...times } });
    this.#drivers.push(driver);
    return driver;
  }

  /** A context that is cleaned after the test. */
  contextFor(target: string, signal?: AbortSignal): FakeContext {
    const context = fakeContext(target, signal === undefined ? {} : { signal });
    this.applied.push(context);
    return context;
  }

  read(kind: string, name: string, namespace?: string, apiVersion = 'v1'): Promise<JsonObject | undefined> {
    return this.objects.get({ apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) });
  }

  async nodeLabels(name: string): Promise<Readonly<Record<string, string>>> {
    return textsAt(await this.read('Node', name), 'metadata', 'labels');
  }
}

/** A real API server with nodes that a test plays. */
export class RealCluster extends TestCluster {
  readonly real: RealApiServer;
  readonly kubelet: FakeKubelet;

  private constructor(real: RealApiServer, kubelet: FakeKubelet) {
    super(real.credentials);
    this.real = real;
    this.kubelet = kubelet;
  }

  static async start(): Promise<RealCluster> {
    const real = await RealApiServer.start();
    const client = new KubeClient(async () => real.credentials, 10);
    const certificate = await real.authority.issue('kubelet', '/CN=kubelet', '127.0.0.1');
    return new RealCluster(real, await FakeKubelet.start(client, NODES, certificate, LOG));
  }

  override async stop(): Promise<void> {
    await this.kubelet.stop();
    await super.stop();
    await this.real.stop();
  }

  override async tidy(): Promise<void> {
    this.kubelet.fates.clear();
    await super.tidy();
  }

  /** What becomes of the pods of an app. */
  fate(app: string, fate: Fate): void {
    this.kubelet.fates.set(app, fate);
  }
}

/** The sandbox's simulated API, with the same nodes. */
class SandboxCluster extends TestCluster {
  readonly #fixture: SandboxFixture;

  private constructor(credentials: KubeCredentials, fixture: SandboxFixture) {
    super(credentials);
    this.#fixture = fixture;
  }

  static async start(): Promise<SandboxCluster> {
    const fixture = SandboxFixture.running({ master: 'master', worker: 'worker' });
    return new SandboxCluster(await fixture.credentials(fixture.open()), fixture);
  }

  override async stop(): Promise<void> {
    await super.stop();
    await this.#fixture.remove();
  }
}

/** Tests of the driver on a cluster of their own; counted as skipped where no Kubernetes is at hand. */
export function onRealCluster(subject: string, tests: (cluster: () => RealCluster) => void): void {
  const skipped = missingRealServer === undefined ? '' : ` (skipped: ${missingRealServer})`;
  describe.skipIf(missingRealServer !== undefined)(`${subject} with a real API server${skipped}`, () => {
    onCluster(() => RealCluster.start(), tests);
  });
}

/**
 * The same tests on a real cluster and on the sandbox's simulated one, so that the sandbox can't drift from reality.
 * @param tests `played` is the real cluster, whose pods fare as a test says; the sandbox has none to play with
 */
export function onEachCluster(
  subject: string,
  tests: (cluster: () => TestCluster, played: (() => RealCluster) | undefined) => void,
): void {
  onRealCluster(subject, (cluster) => tests(cluster, cluster));
  describe(`${subject} with the sandbox`, () =>
    onCluster(
      () => SandboxCluster.start(),
      (cluster) => tests(cluster, undefined),
    ));
}

function onCluster<T extends TestCluster>(start: () => Promise<T>, tests: (cluster: () => T) => void): void {
  let cluster: T | undefined;
  const started = (): T => {
    if (cluster === undefined) throw new Error('the cluster is not started');
    return cluster;
  };
  beforeAll(async () => {
    cluster = await start();
  }, 90_000);
  afterAll(async () => cluster?.stop());
  afterEach(() => started().tidy(), 60_000);
  tests(started);
}

export function failureOf(promise: Promise<unknown>): Promise<PaiError> {
  return promise.then(
    () => expect.fail('it should have failed'),
    (error: PaiError) => error,
  );
}

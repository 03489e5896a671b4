import { afterEach, beforeEach } from 'vitest';
import { KubeClient } from '../../../src/kube/client.js';
import { createKubeDriver } from '../../../src/kube/driver.js';
import type { KubeDriver } from '../../../src/model/drivers.js';
import type { JsonObject } from '../../../src/model/json.js';
import type { SandboxKubernetes } from '../../../src/sandbox/kubernetes.js';
import { fakeContext } from '../kube/fake-context.js';
import { work } from '../kube/objects-fixture.js';
import { SandboxFixture } from './sandbox-fixture.js';

const ROLLOUT_TIMES = { limit: 5, poll: 0.05, noNode: 0.2, noPods: 0.2 };
const GRACES = { unschedulable: 0.2, image: 0.2, 'bad-image-name': 0, 'container-config': 0.2 };

/** A sandbox whose machines run, its API, and who asks that. */
interface Opened {
  readonly fixture: SandboxFixture;
  readonly api: SandboxKubernetes;
  readonly driver: KubeDriver;
  readonly client: KubeClient;
}

/** The code of an error, if it has one. */
export const codeOf = (error: Error): unknown => ('code' in error ? error.code : undefined);

/** Three masters, a proxy and two workers for each test, with the API open. */
export function useKubernetes() {
  let opened: Opened | undefined;
  const now = (): Opened => {
    if (opened === undefined) throw new Error('the sandbox is not open yet');
    return opened;
  };
  /** Opens the API and a driver for it, as another command of pai does. */
  const open = async (fixture = now().fixture): Promise<void> => {
    const api = fixture.open();
    const credentials = await fixture.credentials(api);
    const client = new KubeClient(async () => credentials, 5);
    const rolloutTimes = { ...ROLLOUT_TIMES, graces: GRACES };
    opened = { fixture, api, client, driver: createKubeDriver({ credentials: async () => credentials, rolloutTimes }) };
  };
  const close = async (): Promise<void> => {
    const { driver, client, api } = now();
    await driver.close();
    await client.close();
    await api.close();
  };
  beforeEach(() =>
    open(
      SandboxFixture.running({
        m1: 'master',
        m2: 'master',
        m3: 'master',
        proxy: 'proxy',
        w1: 'worker',
        w2: 'worker',
      }),
    ),
  );
  afterEach(async () => {
    await close();
    await now().fixture.remove();
  });
  const get = (place: string): Promise<JsonObject | undefined> =>
    now().client.send({ method: 'GET', path: place, what: 'look' });
  return {
    now,
    open,
    close,
    get,
    settings: () => get('/api/v1/namespaces/default/configmaps/settings'),
    apply: (...given: Parameters<typeof work>) => now().driver.apply(work(...given), fakeContext('service:x')),
    problemOf: async () => {
      const seen = await now().driver.observe('service:x');
      return seen.kind === 'known' ? seen.problem : codeOf(seen.error);
    },
  };
}

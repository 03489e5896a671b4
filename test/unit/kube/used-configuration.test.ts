import { describe, expect, it } from 'vitest';
import { CONFIGURATION_ANNOTATION, rolledByConfiguration } from '../../../src/kube/used-configuration.js';
import type { KubeObject } from '../../../src/model/drivers.js';
import type { JsonObject } from '../../../src/model/json.js';
import { textsAt } from '../../../src/model/json-path.js';
import { configMap, daemonSet, deployment, job, object } from './objects-fixture.js';

const key = async () => new Uint8Array(32);
const never = async (): Promise<never> => expect.fail('the key was asked for');
const containers = (more: JsonObject) => ({ containers: [{ name: 'main', image: 'x', ...more }] });

async function digests(
  objects: readonly KubeObject[],
  withKey: () => Promise<Uint8Array | undefined> = key,
): Promise<readonly (string | undefined)[]> {
  const rolled = await rolledByConfiguration(objects, withKey);
  return rolled.map((one) => textsAt(one, 'spec', 'template', 'metadata', 'annotations')[CONFIGURATION_ANNOTATION]);
}

/** Whether the pods of a workload are rolled by a change of a ConfigMap `settings` and a Secret `login` in its namespace. */
async function rolls(workload: KubeObject): Promise<readonly [byConfigMap: boolean, bySecret: boolean]> {
  const login = (password: string) => object('v1', 'Secret', 'login', { stringData: { password } });
  const [before] = await digests([workload, configMap('settings', { a: '1' }), login('x')]);
  const [otherMap] = await digests([workload, configMap('settings', { a: '2' }), login('x')]);
  const [otherSecret] = await digests([workload, configMap('settings', { a: '1' }), login('y')]);
  return [before !== otherMap, before !== otherSecret];
}

describe('a changed ConfigMap or Secret', () => {
  it.each<[string, JsonObject, readonly [boolean, boolean]]>([
    ['a volume of a ConfigMap', { volumes: [{ name: 'v', configMap: { name: 'settings' } }] }, [true, false]],
    ['a volume of a Secret', { volumes: [{ name: 'v', secret: { secretName: 'login' } }] }, [false, true]],
    [
      'a projected volume of both',
      {
        volumes: [
          {
            name: 'v',
            projected: { sources: [{ configMap: { name: 'settings' } }, { secret: { name: 'login' } }] },
          },
        ],
      },
      [true, true],
    ],
    [
      'the whole environment',
      containers({ envFrom: [{ configMapRef: { name: 'settings' } }, { secretRef: { name: 'login' } }] }),
      [true, true],
    ],
    [
      'a variable',
      containers({ env: [{ name: 'A', valueFrom: { secretKeyRef: { name: 'login', key: 'password' } } }] }),
      [false, true],
    ],
    [
      'an init container',
      {
        initContainers: [
          {
            name: 'i',
            image: 'x',
            env: [{ name: 'A', valueFrom: { configMapKeyRef: { name: 'settings', key: 'a' } } }],
          },
        ],
      },
      [true, false],
    ],
    ['nothing of them', {}, [false, false]],
    ['a pull secret only, which containers do not see', { imagePullSecrets: [{ name: 'login' }] }, [false, false]],
    ['another one', { volumes: [{ name: 'v', configMap: { name: 'other' } }] }, [false, false]],
  ])('rolls pods that use %s, and only those', async (_, spec, expected) => {
    expect(await rolls(deployment('web', {}, spec))).toEqual(expected);
  });

  it('rolls pods of every kind of workload', async () => {
    const spec = { volumes: [{ name: 'v', configMap: { name: 'settings' } }] };
    expect(await rolls(daemonSet('everywhere', {}, spec))).toEqual([true, false]);
    const once = job('once');
    const template = { spec: { restartPolicy: 'Never', ...spec } };
    expect(await rolls({ ...once, spec: { template } })).toEqual([true, false]);
  });

  it('of another namespace is another one', async () => {
    const web = deployment('web', {}, { volumes: [{ name: 'v', configMap: { name: 'settings' } }] });
    const [digest] = await digests([web, configMap('settings', { a: '1' }, 'elsewhere')]);
    expect(digest).toBeUndefined();
  });

  it('that differs in labels and in the order of its keys only rolls nothing', async () => {
    const web = deployment('web', {}, { volumes: [{ name: 'v', configMap: { name: 'settings' } }] });
    const labelled = {
      ...configMap('settings', { b: '2', a: '1' }),
      metadata: { name: 'settings', labels: { x: 'y' } },
    };
    const [one] = await digests([web, configMap('settings', { a: '1', b: '2' })]);
    const [other] = await digests([web, labelled]);
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(other).toBe(one);
  });
});

describe('the digest in a pod template', () => {
  const web = deployment('web', {}, { volumes: [{ name: 'v', secret: { secretName: 'login' } }] });
  const login = object('v1', 'Secret', 'login', { stringData: { password: 'hunter2' } });

  it('of a Secret is keyed, so that it gives nothing away', async () => {
    const [one] = await digests([web, login], async () => new Uint8Array(32));
    const [other] = await digests([web, login], async () => new Uint8Array(32).fill(1));
    expect(one).toMatch(/^[0-9a-f]{64}$/);
    expect(other).not.toBe(one);
  });

  it('of a Secret waits for the key', async () => {
    expect(await digests([web, login], async () => undefined)).toEqual([undefined, undefined]);
  });

  it('of ConfigMaps needs no key', async () => {
    const user = deployment('user', {}, { volumes: [{ name: 'v', configMap: { name: 'settings' } }] });
    const [digest] = await digests([user, configMap('settings')], never);
    expect(digest).toBeDefined();
  });

  it('keeps what the template has already', async () => {
    const spec = { volumes: [{ name: 'v', configMap: { name: 'settings' } }] };
    const template = { metadata: { labels: { app: 'web' }, annotations: { note: 'n' } }, spec };
    const [rolled] = await rolledByConfiguration([deployment('web', { template }), configMap('settings')], never);
    expect(textsAt(rolled, 'spec', 'template', 'metadata', 'annotations')).toMatchObject({ note: 'n' });
    expect(textsAt(rolled, 'spec', 'template', 'metadata', 'labels')).toEqual({ app: 'web' });
  });
});

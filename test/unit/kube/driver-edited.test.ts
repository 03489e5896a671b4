import { describe, expect, it } from 'vitest';
import { inventoryId } from '../../../src/kube/inventory.js';
import type { KubeObject } from '../../../src/model/drivers.js';
import type { Json, JsonObject } from '../../../src/model/json.js';
import { objectAt, valueAt } from '../../../src/model/json-path.js';
import type { Drift } from '../../../src/model/stamp.js';
import { onEachCluster } from './driver-fixture.js';
import { fakeStamp } from './fake-context.js';
import { configMap, deployment, object, work } from './objects-fixture.js';

const base64 = (text: string): string => Buffer.from(text).toString('base64');

onEachCluster('objects that others edit, seen by the Kubernetes driver', (cluster, played) => {
  const target = 'service:edited';
  const maps = '/api/v1/namespaces/default/configmaps';
  const secrets = '/api/v1/namespaces/default/secrets';

  /** What somebody does with kubectl edit, patch or label. */
  async function patch(path: string, body: JsonObject): Promise<void> {
    const contentType = 'application/merge-patch+json';
    await cluster().client.send({
      method: 'PATCH',
      path,
      contentType,
      body,
      what: 'edit',
      query: { fieldManager: 'kubectl-edit' },
    });
  }

  /** Applies, lets others do something, and looks; then applies again and looks again. */
  async function problemAfter(
    made: readonly KubeObject[],
    edit: () => Promise<void>,
  ): Promise<readonly [edited: string | undefined, repaired: string | undefined]> {
    const driver = cluster().newDriver();
    const context = cluster().contextFor(target);
    const look = async () => {
      const seen = await driver.observe(target);
      expect(seen).toMatchObject({ kind: 'known', present: true, stamp: fakeStamp(target) });
      return seen.kind === 'known' ? seen.problem : undefined;
    };
    await driver.apply(work(made), context);
    expect(await look()).toBeUndefined();
    await edit();
    const edited = await look();
    await driver.apply(work(made), context);
    return [edited, await look()];
  }

  /** Applies, lets others do something, and tells which fields were told to have another value. */
  async function driftAfter(
    made: readonly KubeObject[],
    edit: () => Promise<void>,
  ): Promise<readonly Drift[] | undefined> {
    const driver = cluster().newDriver();
    await driver.apply(work(made), cluster().contextFor(target));
    await edit();
    const seen = await driver.observe(target);
    return seen.kind === 'known' ? seen.drift : undefined;
  }

  describe('are shown with both values', () => {
    it('of a ConfigMap: another one, one that is gone, and the line of a text that differs', async () => {
      const data = { a: '1', b: '2', 'app.conf': 'port=80\nhost=x\n' };
      const drift = await driftAfter([configMap('settings', data)], () =>
        patch(`${maps}/settings`, { data: { a: 'other', b: null, 'app.conf': 'port=80\nhost=y\n' } }),
      );
      const object = 'ConfigMap default/settings';
      expect(drift).toEqual([
        { object, field: 'data.a', applied: '"1"', found: '"other"' },
        { object, field: 'data.b', applied: '"2"' },
        { object, field: 'data[app.conf] line 2', applied: '"host=x"', found: '"host=y"' },
      ]);
    });

    it('of a Secret without them', async () => {
      const drift = await driftAfter([object('v1', 'Secret', 'login', { stringData: { password: 'hunter2' } })], () =>
        patch(`${secrets}/login`, { data: { password: base64('hunter3') } }),
      );
      expect(drift).toEqual([
        { object: 'Secret default/login', field: 'data.password', applied: '(secret)', found: '(secret)' },
      ]);
    });

    it('of a workload, and not what the API server writes in another way', async () => {
      const resources = { requests: { cpu: '0.5', memory: '1024Mi' }, limits: { cpu: 1 } };
      const made = deployment(
        'shown',
        {},
        { containers: [{ name: 'main', image: 'registry.example/a:1', resources }] },
      );
      const drift = await driftAfter([made], () =>
        patch('/apis/apps/v1/namespaces/default/deployments/shown', {
          spec: {
            template: { spec: { containers: [{ name: 'main', image: 'registry.example/b:1', resources }] } },
          },
        }),
      );
      expect(drift).toEqual([
        {
          object: 'Deployment default/shown',
          field: 'spec.template.spec.containers[main].image',
          applied: '"registry.example/a:1"',
          found: '"registry.example/b:1"',
        },
      ]);
    }, 30_000);
  });

  const dataOf = async (kind: string, name: string): Promise<Json | undefined> =>
    valueAt(await cluster().read(kind, name, 'default'), 'data');

  describe('are told', () => {
    const told = 'ConfigMap default/settings was changed by hand';

    it('when a value of a ConfigMap was changed, and the next run puts it back', async () => {
      const seen = await problemAfter([configMap('settings', { a: '1', b: '2' })], () =>
        patch(`${maps}/settings`, { data: { a: 'other' } }),
      );
      expect(seen).toEqual([told, undefined]);
      expect(await dataOf('ConfigMap', 'settings')).toEqual({ a: '1', b: '2' });
    });

    it('when a key of a ConfigMap was removed', async () => {
      const seen = await problemAfter([configMap('settings', { a: '1', b: '2' })], () =>
        patch(`${maps}/settings`, { data: { b: null } }),
      );
      expect(seen).toEqual([told, undefined]);
      expect(await dataOf('ConfigMap', 'settings')).toEqual({ a: '1', b: '2' });
    });

    it('when somebody else applied it, by force', async () => {
      const seen = await problemAfter([configMap('settings', { a: '1' })], async () => {
        await cluster().client.send({
          method: 'PATCH',
          path: `${maps}/settings`,
          contentType: 'application/apply-patch+yaml',
          query: { fieldManager: 'kubectl', force: 'true' },
          body: configMap('settings', { a: 'other' }),
          what: 'apply',
        });
      });
      expect(seen).toEqual([told, undefined]);
    });

    it('when it was deleted and made anew by somebody else', async () => {
      const seen = await problemAfter([configMap('settings', { a: '1' })], async () => {
        const live = await cluster().read('ConfigMap', 'settings', 'default');
        await cluster().client.send({ method: 'DELETE', path: `${maps}/settings`, what: 'delete' });
        const metadata = { name: 'settings', labels: valueAt(live, 'metadata', 'labels') ?? {} };
        const body = { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { a: 'other' } };
        await cluster().client.send({ method: 'POST', path: maps, body, what: 'create' });
      });
      expect(seen).toEqual([told, undefined]);
    });

    it.each<[string, JsonObject]>([
      ['data', { data: { password: base64('hunter2'), user: base64('pai') } }],
      ['stringData', { stringData: { password: 'hunter2', user: 'pai' } }],
    ])('when a value of a Secret was changed that was given as %s', async (_, given) => {
      const seen = await problemAfter([object('v1', 'Secret', 'login', given)], () =>
        patch(`${secrets}/login`, { data: { password: base64('other') } }),
      );
      expect(seen).toEqual(['Secret default/login was changed by hand', undefined]);
      expect(await dataOf('Secret', 'login')).toEqual({ password: base64('hunter2'), user: base64('pai') });
      const inventory = JSON.stringify(await cluster().objects.get(inventoryId(target)));
      expect(inventory).toContain('login');
      expect(inventory).not.toMatch(new RegExp(`hunter2|${base64('hunter2')}`));
    });

    it('when the rules of a role were changed', async () => {
      const rule = (verbs: readonly string[]) => ({ apiGroups: [''], resources: ['pods'], verbs });
      const role = object('rbac.authorization.k8s.io/v1', 'ClusterRole', 'edited', { rules: [rule(['get'])] });
      const seen = await problemAfter([role], () =>
        patch('/apis/rbac.authorization.k8s.io/v1/clusterroles/edited', { rules: [rule(['get', 'delete'])] }),
      );
      expect(seen).toEqual(['ClusterRole edited was changed by hand', undefined]);
    });

    if (played !== undefined)
      it('when a workload was scaled, which takes no field away from pai', async () => {
        const made = deployment('scaled');
        const drift = await driftAfter([made], () =>
          patch('/apis/apps/v1/namespaces/default/deployments/scaled/scale', { spec: { replicas: 3 } }),
        );
        expect(drift).toEqual([
          { object: 'Deployment default/scaled', field: 'spec.replicas', applied: '1', found: '3' },
        ]);
      }, 30_000);

    it('when a label of a workload was changed, which its generation does not tell', async () => {
      const made = { ...deployment('labelled'), metadata: { name: 'labelled', labels: { tier: 'front' } } };
      const seen = await problemAfter([made], () =>
        patch('/apis/apps/v1/namespaces/default/deployments/labelled', { metadata: { labels: { tier: 'back' } } }),
      );
      expect(seen).toEqual(['Deployment default/labelled was changed by hand', undefined]);
    }, 40_000);
  });

  describe('are not told', () => {
    it('when somebody else says how many replicas there are, and pai does not', async () => {
      const made = deployment('counted');
      const { replicas: _, ...spec } = objectAt(made, 'spec');
      const seen = await problemAfter([{ ...made, spec }], async () => {
        await patch('/apis/apps/v1/namespaces/default/deployments/counted', { spec: { replicas: 2 } });
        const ready = async () =>
          valueAt(await cluster().read('Deployment', 'counted', 'default', 'apps/v1'), 'status', 'availableReplicas');
        await expect.poll(ready, { timeout: 20_000 }).toBe(2);
      });
      expect(seen).toEqual([undefined, undefined]);
    }, 60_000);

    it('when somebody restarts a workload by an annotation', async () => {
      const seen = await problemAfter([deployment('restarted')], async () => {
        const annotations = { 'kubectl.kubernetes.io/restartedAt': '2026-01-01T00:00:00Z' };
        await patch('/apis/apps/v1/namespaces/default/deployments/restarted', {
          spec: { template: { metadata: { annotations } } },
        });
        const updated = async () => {
          const live = await cluster().read('Deployment', 'restarted', 'default', 'apps/v1');
          const all = ['replicas', 'updatedReplicas', 'availableReplicas'].map((name) => valueAt(live, 'status', name));
          return [...all, valueAt(live, 'status', 'observedGeneration') === valueAt(live, 'metadata', 'generation')];
        };
        await expect.poll(updated, { timeout: 20_000 }).toEqual([1, 1, 1, true]);
      });
      expect(seen).toEqual([undefined, undefined]);
    }, 60_000);

    it('when others add what pai did not apply', async () => {
      const seen = await problemAfter([configMap('settings', { a: '1' })], () =>
        patch(`${maps}/settings`, {
          data: { more: 'x' },
          metadata: { labels: { team: 'a' }, annotations: { note: 'n' } },
        }),
      );
      expect(seen).toEqual([undefined, undefined]);
      expect(await dataOf('ConfigMap', 'settings')).toEqual({ a: '1', more: 'x' });
    });

    it('when others set the same value', async () => {
      const seen = await problemAfter([configMap('settings', { a: '1' })], () =>
        patch(`${maps}/settings`, { data: { a: '1' } }),
      );
      expect(seen).toEqual([undefined, undefined]);
    });

    it('when the API server fills in defaults, and a controller writes status', async () => {
      const spec = { selector: { app: 'x' }, type: 'LoadBalancer', ports: [{ port: 80 }] };
      const seen = await problemAfter([object('v1', 'Service', 'balanced', { spec })], () =>
        patch('/api/v1/namespaces/default/services/balanced/status', {
          status: { loadBalancer: { ingress: [{ ip: '10.9.9.9' }] } },
        }),
      );
      expect(seen).toEqual([undefined, undefined]);
    });

    if (played !== undefined)
      it('when a controller gives accounts their tokens and claims their volumes', async () => {
        const made = [
          object('v1', 'ServiceAccount', 'worker'),
          object('v1', 'PersistentVolume', 'disk', {
            spec: {
              capacity: { storage: '1Gi' },
              accessModes: ['ReadWriteOnce'],
              storageClassName: 'by-hand',
              hostPath: { path: '/data' },
            },
          }),
          object('v1', 'PersistentVolumeClaim', 'disk', {
            spec: {
              accessModes: ['ReadWriteOnce'],
              storageClassName: 'by-hand',
              resources: { requests: { storage: '1Gi' } },
            },
          }),
        ];
        const seen = await problemAfter(made, async () => {
          const phase = async () =>
            valueAt(await cluster().read('PersistentVolumeClaim', 'disk', 'default'), 'status', 'phase');
          await expect.poll(phase, { timeout: 30_000 }).toBe('Bound');
          const tokens = async () => valueAt(await cluster().read('ServiceAccount', 'worker', 'default'), 'secrets');
          await expect.poll(tokens, { timeout: 10_000 }).toHaveLength(1);
        });
        expect(seen).toEqual([undefined, undefined]);
      }, 60_000);

    if (played !== undefined)
      it('when a controller fills in the rules of an aggregated role', async () => {
        const group = 'rbac.authorization.k8s.io/v1';
        const part = {
          apiVersion: group,
          kind: 'ClusterRole',
          metadata: { name: 'part', labels: { 'into-sum': 'true' } },
          rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }],
        };
        const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { 'into-sum': 'true' } }] };
        const sum = object(group, 'ClusterRole', 'sum', { aggregationRule, rules: [] });
        const seen = await problemAfter([part, sum], async () => {
          const rules = async () => valueAt(await cluster().read('ClusterRole', 'sum', undefined, group), 'rules');
          await expect.poll(rules, { timeout: 10_000 }).toHaveLength(1);
        });
        expect(seen).toEqual([undefined, undefined]);
      }, 40_000);

    it('when another target applies the same object in another way', async () => {
      const other = cluster().contextFor('service:other');
      const seen = await problemAfter([configMap('settings', { a: '1', b: '2' })], async () => {
        await cluster()
          .newDriver()
          .apply(work([configMap('settings', { a: '3' })]), other);
      });
      expect(seen).toEqual([undefined, undefined]);
    });
  });
});

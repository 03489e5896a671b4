import { describe, expect, it } from 'vitest';
import { NODES, onEachCluster } from './driver-fixture.js';
import { fakeStamp } from './fake-context.js';
import { configMap, deployment, work } from './objects-fixture.js';
import { TestAuthority } from './test-certificates.js';

onEachCluster('the Kubernetes driver, looking,', (cluster, played) => {
  describe('observe', () => {
    it('of a target that was never applied finds nothing', async () => {
      expect(await cluster().newDriver().observe('service:never')).toEqual({ kind: 'known', present: false });
    });

    it('tells an object that is missing', async () => {
      const driver = cluster().newDriver();
      await driver.apply(work([configMap('lost')]), cluster().contextFor('service:lost'));
      await cluster().objects.remove(
        { apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'lost' },
        'Background',
      );
      expect(await driver.observe('service:lost')).toMatchObject({
        problem: 'ConfigMap default/lost is missing',
        stamp: fakeStamp('service:lost'),
      });
    });

    it('tells a workload that was changed by hand', async () => {
      const driver = cluster().newDriver();
      await driver.apply(work([deployment('scaled')]), cluster().contextFor('service:scaled'));
      await cluster().client.send({
        method: 'PATCH',
        path: '/apis/apps/v1/namespaces/default/deployments/scaled',
        contentType: 'application/merge-patch+json',
        body: { spec: { replicas: 2 } },
        what: 'scale',
      });
      expect(await driver.observe('service:scaled')).toMatchObject({
        problem: 'Deployment default/scaled was changed by hand',
      });
    }, 30_000);

    it('tells a node label that is missing', async () => {
      const driver = cluster().newDriver();
      await driver.apply(work([], { [NODES[0]]: { launcher: 'true' } }), cluster().contextFor('service:label'));
      await cluster().objects.labelNode(NODES[0], { launcher: null });
      expect(await driver.observe('service:label')).toMatchObject({
        problem: `Node ${NODES[0]} lacks the label launcher=true`,
      });
    });

    if (played !== undefined)
      it('tells pods that are not ready any more', async () => {
        const driver = cluster().newDriver();
        await driver.apply(work([deployment('fades')]), cluster().contextFor('service:fades'));
        played().fate('fades', 'not-ready');
        await expect
          .poll(() => driver.observe('service:fades'), { timeout: 10_000 })
          .toMatchObject({
            problem: 'Deployment default/fades: 0 of 1 pod ready',
          });
      }, 30_000);

    if (played !== undefined)
      it('with a certificate of another CA is unknown, and says why', async () => {
        const { folder } = played().real.authority;
        const stranger = await (await TestAuthority.create(folder, 'stranger')).issue(
          'admin',
          '/O=system:masters/CN=admin',
        );
        const seen = await cluster().newDriver(played().real.as(stranger)).observe('service:pylon');
        expect(seen).toMatchObject({
          kind: 'unknown',
          error: { code: 'KUBE_REFUSED', next: expect.stringContaining('pki folder') },
        });
      });

    if (played !== undefined)
      it('with a certificate that may do nothing is unknown, and names what was forbidden', async () => {
        const nobody = await played().real.authority.issue('nobody', '/CN=nobody');
        const seen = await cluster().newDriver(played().real.as(nobody)).observe('service:pylon');
        expect(seen).toMatchObject({
          kind: 'unknown',
          error: {
            code: 'KUBE_REFUSED',
            message: expect.stringContaining('User "nobody" cannot list resource "configmaps"'),
          },
        });
      });
  });
});

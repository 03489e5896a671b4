import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../src/model/drivers.js';
import type { PaiError } from '../../../src/model/errors.js';
import { objectAt, textAt } from '../../../src/model/json-path.js';
import { failureOf, NODES, onEachCluster } from './driver-fixture.js';
import type { Fate } from './fake-kubelet.js';
import { configMap, daemonSet, deployment, object, template, work } from './objects-fixture.js';

onEachCluster('the Kubernetes driver, failing,', (cluster, played) => {
  describe('a manifest that the API server refuses', () => {
    async function refusal(...bad: KubeObject[]): Promise<PaiError> {
      return failureOf(cluster().newDriver().apply(work(bad), cluster().contextFor('service:refused')));
    }

    it('is told with the object, the field and the template', async () => {
      const bad = deployment('bad', {}, { containers: [{ name: 'UPPER', image: 'x' }] });
      const annotated = {
        ...bad,
        metadata: { ...bad.metadata, annotations: { 'pai/template': 'services/bad/bad.yaml.template' } },
      };
      const error = await refusal(annotated);
      expect(error).toMatchObject({ code: 'KUBE_REFUSED', where: 'Deployment default/bad', retryable: false });
      expect(error.details[0]).toContain('spec.template.spec.containers[0].name: Invalid value: "UPPER"');
      expect(error.next).toBe('Correct templates/services/bad/bad.yaml.template and run again.');
    });

    it('for a misspelt field is told with the field', async () => {
      const error = await refusal(deployment('typo', { replica: 2 }));
      expect(error.code).toBe('KUBE_REFUSED');
      expect(error.message).toContain('.spec.replica: field not declared in schema');
    });

    it('for a number where text belongs is told with the field', async () => {
      const env = [{ name: 'PORT', value: 8080 }];
      const error = await refusal(deployment('number', {}, { containers: [{ name: 'main', image: 'x', env }] }));
      expect(error.code).toBe('KUBE_REFUSED');
      expect(error.message).toContain('.value');
    });

    it('for an unknown kind of its own groups is told with the kind', async () => {
      const error = await refusal(object('apps/v1', 'Deploymnet', 'typo'));
      expect(error).toMatchObject({ code: 'KUBE_REFUSED', where: 'Deploymnet default/typo' });
    });

    it('for an unknown kind of another group is told with the kind and the version', async () => {
      const error = await refusal(object('nobody.example/v1', 'Thing', 'x'));
      expect(error.message).toBe('the API server knows no kind Thing in nobody.example/v1');
    }, 20_000);

    it.each([
      ['text that is no base64', { data: { password: 'hunter2 is no base64!' } }],
      ['a number where text belongs', { stringData: { password: 41414141 } }],
    ])('never shows what is in a Secret: %s', async (_, secret) => {
      const error = await refusal(object('v1', 'Secret', 'pull', secret));
      expect(error.code).toBe('KUBE_REFUSED');
      expect(JSON.stringify({ ...error, message: error.message, stack: error.stack })).not.toMatch(/hunter2|4141/);
    });

    it('leaves the target unfinished, and clean removes what was made before', async () => {
      const driver = cluster().newDriver();
      const context = cluster().contextFor('service:half');
      await failureOf(driver.apply(work([configMap('half'), deployment('typo', { replica: 2 })]), context));
      const seen = await driver.observe('service:half');
      expect(seen).toMatchObject({ kind: 'known', present: true });
      expect(seen).not.toHaveProperty('stamp');
      await driver.clean(context);
      expect(await cluster().read('ConfigMap', 'half', 'default')).toBeUndefined();
    });
  });

  describe('a rollout that cannot come up', () => {
    /** What kubelet says of a probe of the newest pod of an app, as soon as there is one that is not on its way out. */
    async function sayOfPod(app: string, message: string): Promise<void> {
      const find = async () => {
        const pods = await cluster().objects.list('v1', 'Pod', { labels: `app=${app}` });
        return pods.filter((pod) => textAt(pod, 'metadata', 'deletionTimestamp') === undefined).at(-1);
      };
      await expect.poll(find, { timeout: 10_000 }).toBeDefined();
      const name = textAt(await find(), 'metadata', 'name') ?? '';
      const involvedObject = { kind: 'Pod', namespace: 'default', name, fieldPath: 'spec.containers{main}' };
      await cluster().client.send({
        method: 'POST',
        path: '/api/v1/namespaces/default/events',
        body: {
          ...{ apiVersion: 'v1', kind: 'Event', metadata: { name: `${name}.1`, namespace: 'default' } },
          ...{ involvedObject, type: 'Warning', reason: 'Unhealthy', message, lastTimestamp: '2026-01-01T00:00:00Z' },
        },
        what: 'tell an event',
      });
    }

    async function rolloutFailure(app: string, how: Fate, made: KubeObject = deployment(app)): Promise<PaiError> {
      played?.().fate(app, how);
      const error = await failureOf(
        cluster()
          .newDriver()
          .apply(work([made]), cluster().contextFor(`service:${app}`)),
      );
      expect(error.code).toBe('ROLLOUT');
      return error;
    }

    if (played !== undefined)
      it('because of its image names the pod, the node and the image', async () => {
        const error = await rolloutFailure('no-image', 'image');
        expect(error.message).toMatch(
          /^Deployment default\/no-image did not come up: pod no-image-\S+ on node 10.0.0.1: container main: ImagePullBackOff: Back-off pulling image "registry.example\/no-image:1"$/,
        );
        expect(error.next).toContain('Push the image');
      }, 30_000);

    if (played !== undefined)
      it('because its container crashes shows the last ten lines of its output', async () => {
        const error = await rolloutFailure('crashes', 'crash');
        expect(error.message).toContain('CrashLoopBackOff: it exited with code 3');
        const output = error.details.filter((line) => line.startsWith('  | '));
        expect(output.at(-1)).toBe('  | line 12');
      }, 30_000);

    if (played !== undefined)
      it('because no node has room tells the message of the scheduler', async () => {
        const error = await rolloutFailure('big', 'unschedulable');
        expect(error.message).toContain('0/2 nodes are available: 2 Insufficient memory.');
      }, 30_000);

    if (played !== undefined)
      it('because no node takes it names the label and the resource that each lacks', async () => {
        const requests = { memory: '64Gi' };
        const containers = [{ name: 'main', image: 'x', resources: { requests } }];
        const spec = { containers, nodeSelector: { 'kubernetes.io/hostname': NODES[1], machinetype: 'gpu' } };
        const error = await rolloutFailure('picky', 'unschedulable', deployment('picky', {}, spec));
        expect(error.details.slice(0, 2)).toEqual([
          `node ${NODES[0]}: lacks the label kubernetes.io/hostname=${NODES[1]} (it is ${NODES[0]}); lacks the label machinetype=gpu; has 0 memory free, and the pod asks for 64Gi`,
          `node ${NODES[1]}: lacks the label machinetype=gpu; has 0 memory free, and the pod asks for 64Gi`,
        ]);
      }, 30_000);

    if (played !== undefined)
      it('because a probe fails names the probe, what it asks and what it got', async () => {
        played().fate('unwell', 'not-ready');
        const readinessProbe = { httpGet: { path: '/healthz', port: 8080 } };
        const made = deployment('unwell', {}, { containers: [{ name: 'main', image: 'x', readinessProbe }] });
        const driver = cluster().newDriver(undefined, { limit: 3 });
        const failure = failureOf(driver.apply(work([made]), cluster().contextFor('service:unwell')));
        await sayOfPod('unwell', 'Readiness probe failed: HTTP probe failed with statuscode: 500');
        const error = await failure;
        expect(error.message).toBe(
          'Deployment default/unwell did not come up within 3 s: 0 of 1 pod ready; its readiness probe of container main (GET :8080/healthz) failed: HTTP probe failed with statuscode: 500',
        );
        expect(error.next).toContain('what keeps the service from answering the probe');
      }, 30_000);

    if (played !== undefined)
      it('because kubelet ends it for its probe names the probe', async () => {
        played().fate('unlive', 'stays-pending');
        const livenessProbe = { tcpSocket: { port: 80 } };
        const made = deployment('unlive', {}, { containers: [{ name: 'main', image: 'x', livenessProbe }] });
        const failure = failureOf(
          cluster()
            .newDriver()
            .apply(work([made]), cluster().contextFor('service:unlive')),
        );
        await sayOfPod('unlive', 'Liveness probe failed: dial tcp 10.1.1.1:80: connect: connection refused');
        played().fate('unlive', 'crash');
        const error = await failure;
        expect(error.message).toContain('its liveness probe of container main (TCP :80) failed: dial tcp');
      }, 30_000);

    if (played !== undefined)
      it('of a StatefulSet does not hold up the next one', async () => {
        const driver = cluster().newDriver();
        const context = cluster().contextFor('service:members');
        const selector = { matchExpressions: [{ key: 'app', operator: 'In', values: ['stuck', 'unstuck'] }] };
        const made = (app: string) => {
          const spec = { serviceName: 'members', replicas: 2, selector, template: template(app) };
          return object('apps/v1', 'StatefulSet', 'members', { spec });
        };
        played().fate('stuck', 'crash');
        await failureOf(driver.apply(work([made('stuck')]), context));
        await driver.apply(work([made('unstuck')]), context);
        expect(context.lines.at(-1)).toBe('StatefulSet default/members: ready');
      }, 60_000);

    if (played !== undefined)
      it('because a Secret is missing names it', async () => {
        const error = await rolloutFailure('no-secret', 'config');
        expect(error.message).toContain('CreateContainerConfigError: secret "nowhere" not found');
      }, 30_000);

    it('because its pods cannot be created tells the event', async () => {
      const error = await rolloutFailure(
        'no-account',
        'ready',
        daemonSet('no-account', {}, { serviceAccountName: 'nobody' }),
      );
      expect(error.message).toContain("its pods can't be created: FailedCreate");
      expect(error.message).toContain('serviceaccount "nobody" not found');
    }, 30_000);

    it('because no node matches names the labels', async () => {
      const error = await rolloutFailure('gpu', 'ready', daemonSet('gpu', { machinetype: 'gpu' }));
      expect(error.message).toBe('DaemonSet default/gpu runs nowhere: no node matches nodeSelector machinetype=gpu');
    }, 30_000);

    if (played !== undefined)
      it('in time is told with how far it came', async () => {
        played().fate('never-ready', 'not-ready');
        const driver = cluster().newDriver(undefined, { limit: 1 });
        const error = await failureOf(
          driver.apply(work([deployment('never-ready')]), cluster().contextFor('service:never-ready')),
        );
        expect(error).toMatchObject({ code: 'ROLLOUT', where: 'Deployment default/never-ready' });
        expect(error.message).toBe('Deployment default/never-ready did not come up within 1 s: 0 of 1 pod ready');
        expect(error.details[0]).toContain('running, but not ready');
      }, 30_000);

    if (played !== undefined)
      it('is tried at once when it is run again after a repair', async () => {
        await rolloutFailure('repaired', 'image');
        const before = await cluster().objects.list('v1', 'Pod', { labels: 'app=repaired' });
        played().fate('repaired', 'stays-pending');
        const context = cluster().contextFor('service:repaired');
        const running = cluster()
          .newDriver()
          .apply(work([deployment('repaired')]), context);
        await expect
          .poll(() => context.lines.join('\n'))
          .toContain('has been in ImagePullBackOff since an earlier try');
        played().fate('repaired', 'ready');
        await running;
        const after = await cluster().objects.list('v1', 'Pod', { labels: 'app=repaired' });
        expect(textAt(after[0], 'metadata', 'name')).not.toBe(textAt(before[0], 'metadata', 'name'));
      }, 40_000);

    if (played !== undefined)
      it('is judged by pods of the new generation only', async () => {
        await rolloutFailure('recovers', 'crash');
        played().fate('recovers', 'crash');
        played().fate('recovers-new', 'ready');
        const better = deployment('recovers', {
          template: {
            metadata: { labels: { app: 'recovers-new', part: 'recovers' } },
            spec: { containers: [{ name: 'main', image: 'x' }] },
          },
        });
        const selector = { matchExpressions: [{ key: 'app', operator: 'In', values: ['recovers', 'recovers-new'] }] };
        const first = object('apps/v1', 'Deployment', 'two', { spec: { selector, template: template('recovers') } });
        const context = cluster().contextFor('service:two');
        await failureOf(
          cluster()
            .newDriver()
            .apply(work([first]), context),
        );
        const spec = { ...objectAt(first, 'spec'), template: objectAt(better, 'spec', 'template') };
        await cluster()
          .newDriver()
          .apply(work([{ ...first, spec }]), context);
        expect(context.lines.at(-1)).toBe('Deployment default/two: ready');
      }, 60_000);
  });
});

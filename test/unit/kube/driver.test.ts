import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { KubeClient, type KubeCredentials } from '../../../src/kube/client.js';
import { createKubeDriver } from '../../../src/kube/driver.js';
import { inventoryId } from '../../../src/kube/inventory.js';
import { listAt, objectAt, textAt, textsAt, valueAt } from '../../../src/kube/json.js';
import { parseManifest } from '../../../src/kube/manifests.js';
import { KubeObjects } from '../../../src/kube/objects.js';
import { ROLLOUT_TIMES } from '../../../src/kube/rollout.js';
import type { KubeDriver, KubeObject, KubeWork } from '../../../src/model/drivers.js';
import type { PaiError } from '../../../src/model/errors.js';
import type { Json, JsonObject } from '../../../src/model/json.js';
import { type FakeContext, fakeContext, fakeStamp } from './fake-context.js';
import { FakeKubelet, type Fate } from './fake-kubelet.js';
import { missingRealServer, RealApiServer } from './real-api-server.js';
import { TestAuthority } from './test-certificates.js';

const NODES = ['10.0.0.1', '10.0.0.2'] as const;
const LOG = Array.from({ length: 12 }, (_, line) => `line ${line + 1}`).join('\n');
const TIMES = {
  limit: 20,
  poll: 0.1,
  graces: { ...ROLLOUT_TIMES.graces, unschedulable: 0.5, image: 0.5, 'container-config': 0.5 },
  noNode: 0.5,
  noPods: 1,
};

/** Ports without protocol, numbers for quantities, octal modes: old API servers stumble over these in server-side apply. */
const EVERYDAY_MANIFEST = `
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: ConfigMap
  metadata: { name: everyday }
  data: { start.sh: "exec true" }
- apiVersion: v1
  kind: Service
  metadata: { name: everyday, labels: { app: everyday } }
  spec:
    selector: { app: everyday }
    ports:
    - { name: http, port: 80, targetPort: http }
    - { name: dns, port: 53, targetPort: 53, protocol: UDP }
    - { name: dns-tcp, port: 53, targetPort: 53 }
---
apiVersion: apps/v1
kind: DaemonSet
metadata: { name: everyday, labels: { app: everyday } }
spec:
  selector: { matchLabels: { app: everyday } }
  template:
    metadata:
      labels: { app: everyday }
      annotations: { scheduler.alpha.kubernetes.io/critical-pod: "" }
    spec:
      hostNetwork: true
      hostPID: false
      initContainers:
      - { name: init, image: "registry.example/busybox:1", command: [sh, -c, "true"], ports: [{ containerPort: 81 }] }
      containers:
      - name: main
        image: registry.example/everyday:1
        command: ["/bin/sh", "/settings/start.sh"]
        ports:
        - { name: http, containerPort: 8080, hostPort: 8080 }
        resources: { limits: { cpu: 1, memory: 512Mi }, requests: { cpu: 0.5, memory: 104857600 } }
        readinessProbe: { httpGet: { path: /, port: 8080 }, initialDelaySeconds: 5 }
        env:
        - { name: POD_NAME, valueFrom: { fieldRef: { fieldPath: metadata.name } } }
        - { name: EMPTY, value: }
        volumeMounts:
        - { name: settings, mountPath: /settings }
        - { name: data, mountPath: /data }
      volumes:
      - { name: settings, configMap: { name: everyday, defaultMode: 0755 } }
      - { name: data, hostPath: { path: /data } }
      - { name: scratch, emptyDir: {} }
      imagePullSecrets: [{ name: pull }]
      tolerations: [{ operator: Exists }]
---
apiVersion: batch/v1beta1
kind: CronJob
metadata: { name: everyday }
spec:
  schedule: "0 3 * * *"
  jobTemplate:
    spec:
      template:
        spec:
          restartPolicy: Never
          containers: [{ name: main, image: "registry.example/everyday:1", ports: [{ containerPort: 80 }] }]
`;

function object(
  apiVersion: string,
  kind: string,
  name: string,
  rest: Record<string, Json> = {},
  namespace?: string,
): KubeObject {
  return { apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) }, ...rest };
}

function configMap(name: string, data: Readonly<Record<string, string>> = {}, namespace?: string): KubeObject {
  return object('v1', 'ConfigMap', name, { data }, namespace);
}

function template(app: string, spec: JsonObject = {}): JsonObject {
  const containers = [{ name: 'main', image: `registry.example/${app}:1` }];
  return { metadata: { labels: { app } }, spec: { containers, ...spec } };
}

function deployment(app: string, rest: JsonObject = {}, spec: JsonObject = {}): KubeObject {
  const selector = { matchLabels: { app } };
  return object('apps/v1', 'Deployment', app, {
    spec: { replicas: 1, selector, template: template(app, spec), ...rest },
  });
}

function daemonSet(app: string, nodeSelector: JsonObject = {}, spec: JsonObject = {}): KubeObject {
  const selector = { matchLabels: { app } };
  return object('apps/v1', 'DaemonSet', app, {
    spec: { selector, template: template(app, { nodeSelector, ...spec }) },
  });
}

function statefulSet(app: string): KubeObject {
  const spec = { serviceName: app, replicas: 2, selector: { matchLabels: { app } }, template: template(app) };
  return object('apps/v1', 'StatefulSet', app, { spec });
}

function job(app: string, image = 'registry.example/job:1'): KubeObject {
  const containers = [{ name: 'main', image }];
  return object('batch/v1', 'Job', app, {
    spec: {
      backoffLimit: 0,
      template: { metadata: { labels: { app } }, spec: { restartPolicy: 'Never', containers } },
    },
  });
}

function work(objects: readonly KubeObject[], nodeLabels: KubeWork['nodeLabels'] = {}): KubeWork {
  return { objects, nodeLabels };
}

// Counted as skipped where no Kubernetes is at hand.
describe.skipIf(missingRealServer !== undefined)(
  `the Kubernetes driver with a real API server${missingRealServer === undefined ? '' : ` (skipped: ${missingRealServer})`}`,
  () => {
    let real: RealApiServer;
    let client: KubeClient;
    let objects: KubeObjects;
    let kubelet: FakeKubelet;
    const drivers: KubeDriver[] = [];
    const applied: FakeContext[] = [];

    beforeAll(async () => {
      real = await RealApiServer.start();
      client = new KubeClient(async () => real.credentials, 10);
      objects = new KubeObjects(client);
      kubelet = await FakeKubelet.start(
        client,
        NODES,
        await real.authority.issue('kubelet', '/CN=kubelet', '127.0.0.1'),
        LOG,
      );
    }, 90_000);

    afterAll(async () => {
      await kubelet?.stop();
      await client?.close();
      await real?.stop();
    });

    afterEach(async () => {
      kubelet.fates.clear();
      const cleaner = newDriver();
      for (const context of applied.splice(0)) await cleaner.clean(context);
      for (const driver of drivers.splice(0)) await driver.close();
    }, 60_000);

    function newDriver(credentials: KubeCredentials = real.credentials): KubeDriver {
      const driver = createKubeDriver({ credentials: async () => credentials, rolloutTimes: TIMES });
      drivers.push(driver);
      return driver;
    }

    /** A context that is cleaned after the test. */
    function contextFor(target: string, signal?: AbortSignal): FakeContext {
      const context = fakeContext(target, signal === undefined ? {} : { signal });
      applied.push(context);
      return context;
    }

    async function failureOf(promise: Promise<unknown>): Promise<PaiError> {
      return promise.then(
        () => expect.fail('it should have failed'),
        (error: PaiError) => error,
      );
    }

    const read = (kind: string, name: string, namespace?: string, apiVersion = 'v1') =>
      objects.get({ apiVersion, kind, name, ...(namespace === undefined ? {} : { namespace }) });
    const nodeLabels = async (name: string) => textsAt(await read('Node', name), 'metadata', 'labels');
    const fate = (app: string, fates: Fate) => kubelet.fates.set(app, fates);

    describe('apply', () => {
      it('makes the objects, marks them, waits for their pods and writes the stamp', async () => {
        const driver = newDriver();
        const context = contextFor('service:pylon');
        const namespace = object('v1', 'Namespace', 'apply-all');
        const stamp = await driver.apply(
          work([
            deployment('pylon'),
            configMap('settings', { a: '1' }, 'apply-all'),
            namespace,
            statefulSet('zookeeper'),
          ]),
          context,
        );
        expect(stamp).toEqual(fakeStamp('service:pylon'));
        expect(await driver.observe('service:pylon')).toEqual({ kind: 'known', present: true, stamp });
        const pylon = await read('Deployment', 'pylon', 'default', 'apps/v1');
        expect(textsAt(pylon, 'metadata', 'labels')).toEqual({ 'app.kubernetes.io/managed-by': 'pai' });
        expect(textsAt(pylon, 'metadata', 'annotations')['pai/target']).toBe('service:pylon');
        expect(valueAt(pylon, 'status', 'availableReplicas')).toBe(1);
        expect(context.lines.filter((line) => line.startsWith('applied'))).toEqual([
          'applied Namespace apply-all',
          'applied ConfigMap apply-all/settings',
          'applied Deployment default/pylon',
          'applied StatefulSet default/zookeeper',
        ]);
        expect(context.lines).toContain('Deployment default/pylon: ready');
      }, 40_000);

      it('takes manifests as people write them', async () => {
        const objects = await parseManifest(EVERYDAY_MANIFEST, 'services/everyday/everyday.yaml');
        const driver = newDriver();
        await driver.apply(work(objects), contextFor('service:everyday'));
        expect(await driver.observe('service:everyday')).not.toHaveProperty('problem');
        const live = await read('DaemonSet', 'everyday', 'default', 'apps/v1');
        const mode = valueAt(listAt(live, 'spec', 'template', 'spec', 'volumes')[0], 'configMap', 'defaultMode');
        expect(mode).toBe(0o755);
      }, 40_000);

      it('run again changes nothing and keeps the generation', async () => {
        const driver = newDriver();
        const context = contextFor('service:again');
        await driver.apply(work([deployment('again')]), context);
        const first = await read('Deployment', 'again', 'default', 'apps/v1');
        await driver.apply(work([deployment('again')]), context);
        const second = await read('Deployment', 'again', 'default', 'apps/v1');
        expect(valueAt(second, 'metadata', 'generation')).toBe(valueAt(first, 'metadata', 'generation'));
        expect(valueAt(second, 'metadata', 'uid')).toBe(valueAt(first, 'metadata', 'uid'));
      }, 40_000);

      it('removes what the last apply had and this one has not', async () => {
        const driver = newDriver();
        const context = contextFor('service:shrinks');
        await driver.apply(work([configMap('stays'), configMap('goes'), deployment('goes-too')]), context);
        await driver.apply(work([configMap('stays')]), context);
        expect(await read('ConfigMap', 'stays', 'default')).toBeDefined();
        expect(await read('ConfigMap', 'goes', 'default')).toBeUndefined();
        expect(await read('Deployment', 'goes-too', 'default', 'apps/v1')).toBeUndefined();
        expect(context.lines).toContain('removed ConfigMap default/goes');
      }, 40_000);

      it('leaves an object that moved to another target', async () => {
        const driver = newDriver();
        const [from, to] = [contextFor('service:from'), contextFor('service:to')];
        await driver.apply(work([configMap('moves'), configMap('from')]), from);
        await driver.apply(work([configMap('moves')]), to);
        await driver.apply(work([configMap('from')]), from);
        expect(await read('ConfigMap', 'moves', 'default')).toBeDefined();
        await driver.clean(from);
        expect(await driver.observe('service:to')).toMatchObject({ present: true, stamp: fakeStamp('service:to') });
      }, 40_000);

      it('sets node labels before the pods that select by them, and takes back what it no longer wants', async () => {
        const driver = newDriver();
        const context = contextFor('service:hadoop');
        const labels = { [NODES[0]]: { hdfsrole: 'master' }, [NODES[1]]: { hdfsrole: 'worker', yarnrole: 'worker' } };
        await driver.apply(work([daemonSet('hdfs', { hdfsrole: 'worker' })], labels), context);
        expect(await nodeLabels(NODES[1])).toMatchObject({ hdfsrole: 'worker', yarnrole: 'worker' });
        await driver.apply(
          work([daemonSet('hdfs', { hdfsrole: 'worker' })], { [NODES[1]]: { hdfsrole: 'worker' } }),
          context,
        );
        expect(await nodeLabels(NODES[0])).not.toHaveProperty('hdfsrole');
        expect(await nodeLabels(NODES[1])).not.toHaveProperty('yarnrole');
        expect(await nodeLabels(NODES[1])).toHaveProperty('kubernetes.io/hostname', NODES[1]);
      }, 40_000);

      it('refuses to label a node that does not exist', async () => {
        const labels = { '10.9.9.9': { pylon: 'true' } };
        const error = await failureOf(newDriver().apply(work([], labels), contextFor('service:nowhere')));
        expect(error).toMatchObject({ code: 'KUBE_REFUSED', where: 'Node 10.9.9.9' });
        expect(error.next).toContain('joined the cluster');
      });

      // Custom resources themselves are tested with a FakeApiServer: the API server 1.20 that Debian's Go builds dies of one.
      it('waits until a new definition is served, and removes it again', async () => {
        const definition = object('apiextensions.k8s.io/v1', 'CustomResourceDefinition', 'frameworks.example.com', {
          spec: {
            group: 'example.com',
            names: { kind: 'Framework', plural: 'frameworks', singular: 'framework', listKind: 'FrameworkList' },
            scope: 'Namespaced',
            versions: [
              {
                name: 'v1',
                served: true,
                storage: true,
                schema: { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } },
              },
            ],
          },
        });
        const driver = newDriver();
        const context = contextFor('addon:framework');
        await driver.apply(work([definition]), context);
        expect(await objects.resource('example.com/v1', 'Framework')).toEqual({
          plural: 'frameworks',
          namespaced: true,
        });
        expect(await driver.observe(context.target)).not.toHaveProperty('problem');
        await driver.clean(context);
        expect(await driver.observe(context.target)).toEqual({ kind: 'known', present: false });
      }, 40_000);

      it('replaces a job whose template changed, and one that failed', async () => {
        const driver = newDriver();
        const context = contextFor('service:one-time');
        fate('one-time', 'succeeds');
        await driver.apply(work([job('one-time')]), context);
        await driver.apply(work([job('one-time', 'registry.example/job:2')]), context);
        expect(context.lines).toContain('replacing Job default/one-time');
        fate('one-time', 'fails');
        const error = await failureOf(driver.apply(work([job('one-time', 'registry.example/job:3')]), context));
        expect(error.code).toBe('ROLLOUT');
        expect(error.message).toContain('Job default/one-time did not come up: the job failed: BackoffLimitExceeded');
        expect(error.details.join('\n')).toContain('line 12');
        fate('one-time', 'succeeds');
        await driver.apply(work([job('one-time', 'registry.example/job:3')]), context);
        expect(await driver.observe(context.target)).not.toHaveProperty('problem');
      }, 60_000);

      it('that is interrupted leaves no stamp, throws the reason, and can be run again', async () => {
        const driver = newDriver();
        const controller = new AbortController();
        const context = contextFor('service:slow', controller.signal);
        fate('slow', 'not-ready');
        const failure = failureOf(driver.apply(work([deployment('slow')]), context));
        await expect.poll(() => context.lines).toContain('Deployment default/slow: 0 of 1 pod ready');
        controller.abort(new Error('second interrupt'));
        expect((await failure).message).toBe('second interrupt');
        applied.pop();
        expect(await driver.observe('service:slow')).toEqual({
          kind: 'known',
          present: true,
          problem: 'Deployment default/slow: 0 of 1 pod ready',
        });
        fate('slow', 'ready');
        await driver.apply(work([deployment('slow')]), contextFor('service:slow'));
        expect(await driver.observe('service:slow')).toHaveProperty('stamp');
      }, 40_000);
    });

    describe('a manifest that the API server refuses', () => {
      async function refusal(...bad: KubeObject[]): Promise<PaiError> {
        return failureOf(newDriver().apply(work(bad), contextFor('service:refused')));
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

      it('for a namespace that is not there says to add it', async () => {
        const error = await refusal(configMap('lost', {}, 'nowhere'));
        expect(error.code).toBe('KUBE_REFUSED');
        expect(error.next).toContain('Add the Namespace');
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
        const driver = newDriver();
        const context = contextFor('service:half');
        await failureOf(driver.apply(work([configMap('half'), deployment('typo', { replica: 2 })]), context));
        const seen = await driver.observe('service:half');
        expect(seen).toMatchObject({ kind: 'known', present: true });
        expect(seen).not.toHaveProperty('stamp');
        await driver.clean(context);
        expect(await read('ConfigMap', 'half', 'default')).toBeUndefined();
      });
    });

    describe('a rollout that cannot come up', () => {
      async function rolloutFailure(app: string, how: Fate, made: KubeObject = deployment(app)): Promise<PaiError> {
        fate(app, how);
        const error = await failureOf(newDriver().apply(work([made]), contextFor(`service:${app}`)));
        expect(error.code).toBe('ROLLOUT');
        return error;
      }

      it('because of its image names the pod, the node and the image', async () => {
        const error = await rolloutFailure('no-image', 'image');
        expect(error.message).toMatch(
          /^Deployment default\/no-image did not come up: pod no-image-\S+ on node 10.0.0.1: container main: ImagePullBackOff: Back-off pulling image "registry.example\/no-image:1"$/,
        );
        expect(error.next).toContain('Push the image');
      }, 30_000);

      it('because its container crashes shows the last ten lines of its output', async () => {
        const error = await rolloutFailure('crashes', 'crash');
        expect(error.message).toContain('CrashLoopBackOff: it exited with code 3');
        const output = error.details.filter((line) => line.startsWith('  | '));
        expect(output.at(-1)).toBe('  | line 12');
      }, 30_000);

      it('because no node has room tells the message of the scheduler', async () => {
        const error = await rolloutFailure('big', 'unschedulable');
        expect(error.message).toContain('0/2 nodes are available: 2 Insufficient memory.');
      }, 30_000);

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

      it('in time is told with how far it came', async () => {
        fate('never-ready', 'not-ready');
        const driver = createKubeDriver({
          credentials: async () => real.credentials,
          rolloutTimes: { ...TIMES, limit: 1 },
        });
        drivers.push(driver);
        const error = await failureOf(
          driver.apply(work([deployment('never-ready')]), contextFor('service:never-ready')),
        );
        expect(error).toMatchObject({ code: 'ROLLOUT', where: 'Deployment default/never-ready' });
        expect(error.message).toBe('Deployment default/never-ready did not come up within 1 s: 0 of 1 pod ready');
        expect(error.details[0]).toContain('running, but not ready');
      }, 30_000);

      it('is tried at once when it is run again after a repair', async () => {
        await rolloutFailure('repaired', 'image');
        const before = await objects.list('v1', 'Pod', { labels: 'app=repaired' });
        fate('repaired', 'stays-pending');
        const context = contextFor('service:repaired');
        const running = newDriver().apply(work([deployment('repaired')]), context);
        await expect
          .poll(() => context.lines.join('\n'))
          .toContain('has been in ImagePullBackOff since an earlier try');
        fate('repaired', 'ready');
        await running;
        const after = await objects.list('v1', 'Pod', { labels: 'app=repaired' });
        expect(textAt(after[0], 'metadata', 'name')).not.toBe(textAt(before[0], 'metadata', 'name'));
      }, 40_000);

      it('is judged by pods of the new generation only', async () => {
        await rolloutFailure('recovers', 'crash');
        fate('recovers', 'crash');
        fate('recovers-new', 'ready');
        const better = deployment('recovers', {
          template: {
            metadata: { labels: { app: 'recovers-new', part: 'recovers' } },
            spec: { containers: [{ name: 'main', image: 'x' }] },
          },
        });
        const selector = { matchExpressions: [{ key: 'app', operator: 'In', values: ['recovers', 'recovers-new'] }] };
        const first = object('apps/v1', 'Deployment', 'two', { spec: { selector, template: template('recovers') } });
        const context = contextFor('service:two');
        await failureOf(newDriver().apply(work([first]), context));
        const spec = { ...objectAt(first, 'spec'), template: objectAt(better, 'spec', 'template') };
        await newDriver().apply(work([{ ...first, spec }]), context);
        expect(context.lines.at(-1)).toBe('Deployment default/two: ready');
      }, 60_000);
    });

    describe('observe', () => {
      it('of a target that was never applied finds nothing', async () => {
        expect(await newDriver().observe('service:never')).toEqual({ kind: 'known', present: false });
      });

      it('tells an object that is missing', async () => {
        const driver = newDriver();
        await driver.apply(work([configMap('lost')]), contextFor('service:lost'));
        await objects.remove({ apiVersion: 'v1', kind: 'ConfigMap', namespace: 'default', name: 'lost' }, 'Background');
        expect(await driver.observe('service:lost')).toMatchObject({
          problem: 'ConfigMap default/lost is missing',
          stamp: fakeStamp('service:lost'),
        });
      });

      it('tells a workload that was changed by hand', async () => {
        const driver = newDriver();
        await driver.apply(work([deployment('scaled')]), contextFor('service:scaled'));
        await client.send({
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
        const driver = newDriver();
        await driver.apply(work([], { [NODES[0]]: { launcher: 'true' } }), contextFor('service:label'));
        await objects.labelNode(NODES[0], { launcher: null });
        expect(await driver.observe('service:label')).toMatchObject({
          problem: `Node ${NODES[0]} lacks the label launcher=true`,
        });
      });

      it('tells pods that are not ready any more', async () => {
        const driver = newDriver();
        await driver.apply(work([deployment('fades')]), contextFor('service:fades'));
        fate('fades', 'not-ready');
        await expect
          .poll(() => driver.observe('service:fades'), { timeout: 10_000 })
          .toMatchObject({
            problem: 'Deployment default/fades: 0 of 1 pod ready',
          });
      }, 30_000);

      it('with a certificate of another CA is unknown, and says why', async () => {
        const { folder } = real.authority;
        const stranger = await (await TestAuthority.create(folder, 'stranger')).issue(
          'admin',
          '/O=system:masters/CN=admin',
        );
        const seen = await newDriver(real.as(stranger)).observe('service:pylon');
        expect(seen).toMatchObject({
          kind: 'unknown',
          error: { code: 'KUBE_REFUSED', next: expect.stringContaining('pki folder') },
        });
      });

      it('with a certificate that may do nothing is unknown, and names what was forbidden', async () => {
        const nobody = await real.authority.issue('nobody', '/CN=nobody');
        const seen = await newDriver(real.as(nobody)).observe('service:pylon');
        expect(seen).toMatchObject({
          kind: 'unknown',
          error: {
            code: 'KUBE_REFUSED',
            message: expect.stringContaining('User "nobody" cannot list resource "configmaps"'),
          },
        });
      });
    });

    describe('clean', () => {
      it('removes objects, pods, labels and the inventory, the namespace last; again is no error', async () => {
        const driver = newDriver();
        const context = contextFor('service:gone');
        const inside = { ...deployment('gone'), metadata: { name: 'gone', namespace: 'gone-space' } };
        await driver.apply(
          work([object('v1', 'Namespace', 'gone-space'), inside], { [NODES[0]]: { gone: 'true' } }),
          context,
        );
        await driver.clean(context);
        expect(await objects.list('v1', 'Pod', { labels: 'app=gone' })).toEqual([]);
        expect(await read('Namespace', 'gone-space')).toBeUndefined();
        expect(await nodeLabels(NODES[0])).not.toHaveProperty('gone');
        expect(await objects.get(inventoryId('service:gone'))).toBeUndefined();
        expect(context.lines.filter((line) => line.startsWith('removed'))).toEqual([
          'removed Deployment gone-space/gone',
          'removed Namespace gone-space',
        ]);
        await driver.clean(context);
      }, 60_000);

      it('keeps a label that another target wants', async () => {
        const driver = newDriver();
        const [one, two] = [contextFor('service:one'), contextFor('service:two')];
        await driver.apply(work([], { [NODES[0]]: { shared: 'true' } }), one);
        await driver.apply(work([], { [NODES[0]]: { shared: 'true' } }), two);
        await driver.clean(one);
        expect(await nodeLabels(NODES[0])).toHaveProperty('shared', 'true');
        await driver.clean(two);
        expect(await nodeLabels(NODES[0])).not.toHaveProperty('shared');
      });

      it('never removes a namespace of Kubernetes itself', async () => {
        const context = contextFor('service:system');
        await newDriver().apply(work([object('v1', 'Namespace', 'kube-system')]), context);
        await newDriver().clean(context);
        expect(await read('Namespace', 'kube-system')).toBeDefined();
      });
    });

    describe('deleteNode', () => {
      it('deletes a node; one that is not there is no error', async () => {
        await kubelet.register('10.0.0.9');
        const driver = newDriver();
        await driver.deleteNode('10.0.0.9', fakeContext('worker:h9'));
        expect(await read('Node', '10.0.0.9')).toBeUndefined();
        await driver.deleteNode('10.0.0.9', fakeContext('worker:h9'));
      });
    });
  },
);

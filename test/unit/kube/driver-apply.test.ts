import { describe, expect, it, vi } from 'vitest';
import { inventoryId } from '../../../src/kube/inventory.js';
import { parseManifest } from '../../../src/kube/manifests.js';
import type { KubeObject } from '../../../src/model/drivers.js';
import { listAt, textAt, textsAt, valueAt } from '../../../src/model/json-path.js';
import { failureOf, NODES, onEachCluster } from './driver-fixture.js';
import { fakeContext, fakeStamp } from './fake-context.js';
import { configMap, daemonSet, deployment, job, object, statefulSet, work } from './objects-fixture.js';

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

onEachCluster('the Kubernetes driver, applying and cleaning,', (cluster, played) => {
  describe('apply', () => {
    it('makes the objects, marks them, waits for their pods and writes the stamp', async () => {
      const driver = cluster().newDriver();
      const context = cluster().contextFor('service:pylon');
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
      const pylon = await cluster().read('Deployment', 'pylon', 'default', 'apps/v1');
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

    it('makes a namespace that no manifest has, once, and leaves it when its objects go', async () => {
      const driver = cluster().newDriver();
      const context = cluster().contextFor('service:elsewhere');
      await driver.apply(work([configMap('settings', { a: '1' }, 'elsewhere')]), context);
      await driver.apply(work([configMap('settings', { a: '2' }, 'elsewhere')]), context);
      expect(context.lines.filter((line) => line.includes('Namespace'))).toEqual([
        'made Namespace elsewhere, which no manifest has',
      ]);
      await driver.clean(context);
      expect(await cluster().read('ConfigMap', 'settings', 'elsewhere')).toBeUndefined();
      expect(await cluster().read('Namespace', 'elsewhere')).toBeDefined();
    }, 30_000);

    it('waits for the pods of a numbered manifest before it applies the workloads of the next', async () => {
      const driver = cluster().newDriver();
      const context = cluster().contextFor('service:parts');
      const inFile = (one: KubeObject, file: string): KubeObject => ({
        ...one,
        metadata: { ...one.metadata, annotations: { 'pai/template': `services/parts/${file}` } },
      });
      const objects = [
        inFile(deployment('tenth'), '10-last.yaml'),
        inFile(configMap('parts'), '10-last.yaml'),
        inFile(deployment('second'), '2-second.yaml.template'),
        inFile(deployment('beside'), '2-beside.yaml'),
        inFile(deployment('unnumbered'), 'parts.yaml'),
      ];
      await driver.apply(work(objects), context);
      const told = context.lines.filter((line) => line.startsWith('applied') || line.endsWith(': ready'));
      const each = (...names: readonly string[]) => names.map((name) => `applied Deployment default/${name}`);
      const ready = (...names: readonly string[]) => names.map((name) => `Deployment default/${name}: ready`);
      expect(told.slice(0, 7).toSorted()).toEqual(
        [
          'applied ConfigMap default/parts',
          ...each('unnumbered', 'second', 'beside'),
          ...ready('unnumbered', 'second', 'beside'),
        ].toSorted(),
      );
      expect(told.slice(0, 4)).toEqual([
        'applied ConfigMap default/parts',
        ...each('unnumbered'),
        ...ready('unnumbered'),
        ...each('second'),
      ]);
      expect(told.slice(7)).toEqual([...each('tenth'), ...ready('tenth')]);
    }, 40_000);

    it('takes manifests as people write them', async () => {
      const objects = await parseManifest(EVERYDAY_MANIFEST, 'services/everyday/everyday.yaml');
      const driver = cluster().newDriver();
      await driver.apply(work(objects), cluster().contextFor('service:everyday'));
      expect(await driver.observe('service:everyday')).not.toHaveProperty('problem');
      const live = await cluster().read('DaemonSet', 'everyday', 'default', 'apps/v1');
      const mode = valueAt(listAt(live, 'spec', 'template', 'spec', 'volumes')[0], 'configMap', 'defaultMode');
      expect(mode).toBe(0o755);
    }, 40_000);

    it('run again changes nothing and keeps the generation', async () => {
      const driver = cluster().newDriver();
      const context = cluster().contextFor('service:again');
      await driver.apply(work([deployment('again')]), context);
      const first = await cluster().read('Deployment', 'again', 'default', 'apps/v1');
      await driver.apply(work([deployment('again')]), context);
      const second = await cluster().read('Deployment', 'again', 'default', 'apps/v1');
      expect(valueAt(second, 'metadata', 'generation')).toBe(valueAt(first, 'metadata', 'generation'));
      expect(valueAt(second, 'metadata', 'uid')).toBe(valueAt(first, 'metadata', 'uid'));
    }, 40_000);

    it('removes what the last apply had and this one has not', async () => {
      const driver = cluster().newDriver();
      const context = cluster().contextFor('service:shrinks');
      await driver.apply(work([configMap('stays'), configMap('goes'), deployment('goes-too')]), context);
      await driver.apply(work([configMap('stays')]), context);
      expect(await cluster().read('ConfigMap', 'stays', 'default')).toBeDefined();
      expect(await cluster().read('ConfigMap', 'goes', 'default')).toBeUndefined();
      expect(await cluster().read('Deployment', 'goes-too', 'default', 'apps/v1')).toBeUndefined();
      expect(context.lines).toContain('removed ConfigMap default/goes');
    }, 40_000);

    it('leaves an object that moved to another target', async () => {
      const driver = cluster().newDriver();
      const [from, to] = [cluster().contextFor('service:from'), cluster().contextFor('service:to')];
      await driver.apply(work([configMap('moves'), configMap('from')]), from);
      await driver.apply(work([configMap('moves')]), to);
      await driver.apply(work([configMap('from')]), from);
      expect(await cluster().read('ConfigMap', 'moves', 'default')).toBeDefined();
      await driver.clean(from);
      expect(await driver.observe('service:to')).toMatchObject({ present: true, stamp: fakeStamp('service:to') });
    }, 40_000);

    it('sets node labels before the pods that select by them, and takes back what it no longer wants', async () => {
      const driver = cluster().newDriver();
      const context = cluster().contextFor('service:hadoop');
      const labels = { [NODES[0]]: { hdfsrole: 'master' }, [NODES[1]]: { hdfsrole: 'worker', yarnrole: 'worker' } };
      await driver.apply(work([daemonSet('hdfs', { hdfsrole: 'worker' })], labels), context);
      expect(await cluster().nodeLabels(NODES[1])).toMatchObject({ hdfsrole: 'worker', yarnrole: 'worker' });
      await driver.apply(
        work([daemonSet('hdfs', { hdfsrole: 'worker' })], { [NODES[1]]: { hdfsrole: 'worker' } }),
        context,
      );
      expect(await cluster().nodeLabels(NODES[0])).not.toHaveProperty('hdfsrole');
      expect(await cluster().nodeLabels(NODES[1])).not.toHaveProperty('yarnrole');
      expect(await cluster().nodeLabels(NODES[1])).toHaveProperty('kubernetes.io/hostname', NODES[1]);
    }, 40_000);

    it('refuses to label a node that does not exist', async () => {
      const labels = { '10.9.9.9': { pylon: 'true' } };
      const error = await failureOf(
        cluster().newDriver().apply(work([], labels), cluster().contextFor('service:nowhere')),
      );
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
      const driver = cluster().newDriver();
      const context = cluster().contextFor('addon:framework');
      await driver.apply(work([definition]), context);
      expect(await cluster().objects.resource('example.com/v1', 'Framework')).toEqual({
        plural: 'frameworks',
        namespaced: true,
      });
      expect(await driver.observe(context.target)).not.toHaveProperty('problem');
      await driver.clean(context);
      expect(await driver.observe(context.target)).toEqual({ kind: 'known', present: false });
    }, 40_000);

    if (played !== undefined)
      it('replaces a job whose template changed, and one that failed', async () => {
        const driver = cluster().newDriver();
        const context = cluster().contextFor('service:one-time');
        played().fate('one-time', 'succeeds');
        await driver.apply(work([job('one-time')]), context);
        await driver.apply(work([job('one-time', 'registry.example/job:2')]), context);
        expect(context.lines).toContain('replacing Job default/one-time');
        played().fate('one-time', 'fails');
        const error = await failureOf(driver.apply(work([job('one-time', 'registry.example/job:3')]), context));
        expect(error.code).toBe('ROLLOUT');
        expect(error.message).toContain('Job default/one-time did not come up: the job failed: BackoffLimitExceeded');
        expect(error.details.join('\n')).toContain('line 12');
        played().fate('one-time', 'succeeds');
        await driver.apply(work([job('one-time', 'registry.example/job:3')]), context);
        expect(await driver.observe(context.target)).not.toHaveProperty('problem');
      }, 60_000);

    if (played !== undefined)
      it('that is interrupted leaves no stamp, throws the reason, and can be run again', async () => {
        const driver = cluster().newDriver();
        const controller = new AbortController();
        const context = cluster().contextFor('service:slow', controller.signal);
        played().fate('slow', 'not-ready');
        const failure = failureOf(driver.apply(work([deployment('slow')]), context));
        await expect.poll(() => context.lines).toContain('Deployment default/slow: 0 of 1 pod ready');
        controller.abort(new Error('second interrupt'));
        expect((await failure).message).toBe('second interrupt');
        cluster().applied.pop();
        expect(await driver.observe('service:slow')).toEqual({
          kind: 'known',
          present: true,
          problem: 'Deployment default/slow: 0 of 1 pod ready',
        });
        played().fate('slow', 'ready');
        await driver.apply(work([deployment('slow')]), cluster().contextFor('service:slow'));
        expect(await driver.observe('service:slow')).toHaveProperty('stamp');
      }, 40_000);
  });

  describe('clean', () => {
    it('removes objects, pods, labels and the inventory, the namespace last; again is no error', async () => {
      const driver = cluster().newDriver();
      const context = cluster().contextFor('service:gone');
      const inside = { ...deployment('gone'), metadata: { name: 'gone', namespace: 'gone-space' } };
      await driver.apply(
        work([object('v1', 'Namespace', 'gone-space'), inside], { [NODES[0]]: { gone: 'true' } }),
        context,
      );
      await driver.clean(context);
      expect(await cluster().objects.list('v1', 'Pod', { labels: 'app=gone' })).toEqual([]);
      expect(await cluster().read('Namespace', 'gone-space')).toBeUndefined();
      expect(await cluster().nodeLabels(NODES[0])).not.toHaveProperty('gone');
      expect(await cluster().objects.get(inventoryId('service:gone'))).toBeUndefined();
      expect(context.lines.filter((line) => line.startsWith('removed'))).toEqual([
        'removed Deployment gone-space/gone',
        'removed Namespace gone-space',
      ]);
      await driver.clean(context);
    }, 60_000);

    if (played !== undefined)
      it('does not wait for pods on a node that is away, but for all others', async () => {
        const driver = cluster().newDriver();
        const context = cluster().contextFor('service:everywhere');
        await driver.apply(work([daemonSet('everywhere')]), context);
        await played().kubelet.goAway(NODES[1]);
        try {
          await driver.clean(context);
          const left = await cluster().objects.list('v1', 'Pod', { labels: 'app=everywhere' });
          expect(left.map((pod) => textAt(pod, 'spec', 'nodeName'))).toEqual([NODES[1]]);
          expect(await cluster().read('DaemonSet', 'everywhere', 'default', 'apps/v1')).toBeUndefined();
          expect(context.lines).toContainEqual(expect.stringMatching(/^node 10\.0\.0\.2 is not Ready: .*everywhere/));
        } finally {
          await played().kubelet.comeBack(NODES[1]);
        }
        const gone = async () =>
          expect(await cluster().objects.list('v1', 'Pod', { labels: 'app=everywhere' })).toEqual([]);
        await vi.waitFor(gone, { timeout: 20_000, interval: 500 });
      }, 60_000);

    it('keeps a label that another target wants', async () => {
      const driver = cluster().newDriver();
      const [one, two] = [cluster().contextFor('service:one'), cluster().contextFor('service:two')];
      await driver.apply(work([], { [NODES[0]]: { shared: 'true' } }), one);
      await driver.apply(work([], { [NODES[0]]: { shared: 'true' } }), two);
      await driver.clean(one);
      expect(await cluster().nodeLabels(NODES[0])).toHaveProperty('shared', 'true');
      await driver.clean(two);
      expect(await cluster().nodeLabels(NODES[0])).not.toHaveProperty('shared');
    });

    it('never removes a namespace of Kubernetes itself', async () => {
      const context = cluster().contextFor('service:system');
      await cluster()
        .newDriver()
        .apply(work([object('v1', 'Namespace', 'kube-system')]), context);
      await cluster().newDriver().clean(context);
      expect(await cluster().read('Namespace', 'kube-system')).toBeDefined();
    });
  });

  if (played !== undefined)
    describe('deleteNode', () => {
      it('deletes a node; one that is not there is no error', async () => {
        await played().kubelet.register('10.0.0.9');
        const driver = cluster().newDriver();
        await driver.deleteNode('10.0.0.9', fakeContext('worker:h9'));
        expect(await cluster().read('Node', '10.0.0.9')).toBeUndefined();
        await driver.deleteNode('10.0.0.9', fakeContext('worker:h9'));
      });
    });
});

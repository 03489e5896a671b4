import { describe, expect, it } from 'vitest';
import { createKubeDriver } from '../../../src/kube/driver.js';
import { listAt, textAt, textsAt } from '../../../src/model/json-path.js';
import { RegistryStorage } from '../../../src/sandbox/registry/storage.js';
import { fakeContext } from '../kube/fake-context.js';
import { daemonSet, deployment, job, object, work } from '../kube/objects-fixture.js';
import { useKubernetes } from './kubernetes-fixture.js';

const { now, get, apply, problemOf } = useKubernetes();

describe('a node of the sandbox', () => {
  const nodes = async () =>
    Object.fromEntries(
      listAt(await get('/api/v1/nodes'), 'items').map((node) => {
        const ready = listAt(node, 'status', 'conditions').find((one) => textAt(one, 'type') === 'Ready');
        return [textAt(node, 'metadata', 'name') ?? '', textAt(ready, 'status')];
      }),
    );

  it('is Ready while its kubelet runs, and keeps its labels', async () => {
    await apply([], { '10.0.0.5': { pylon: 'true' } });
    now().fixture.kubelet('w1', 'exited');
    expect(await nodes()).toMatchObject({ '10.0.0.1': 'True', '10.0.0.5': 'Unknown', '10.0.0.6': 'True' });
    now().fixture.kubelet('w1', 'running');
    expect(await nodes()).toMatchObject({ '10.0.0.5': 'True' });
    expect(textsAt(await get('/api/v1/nodes/10.0.0.5'), 'metadata', 'labels')).toMatchObject({
      pylon: 'true',
      'kubernetes.io/hostname': '10.0.0.5',
    });
  });

  it('that was deleted stays away until its kubelet starts again', async () => {
    expect(await nodes()).toHaveProperty(['10.0.0.6']);
    await now().driver.deleteNode('10.0.0.6', fakeContext('worker:w2'));
    expect(await nodes()).not.toHaveProperty(['10.0.0.6']);
    now().fixture.kubelet('w2', 'exited');
    expect(await nodes()).not.toHaveProperty(['10.0.0.6']);
    now().fixture.kubelet('w2', 'running');
    expect(await nodes()).toHaveProperty(['10.0.0.6'], 'True');
    await now().driver.deleteNode('10.9.9.9', fakeContext('worker:w9'));
  });

  it('does not exist before its kubelet knows where the API is', async () => {
    now().fixture.wipe('w2');
    await now().driver.deleteNode('10.0.0.6', fakeContext('worker:w2'));
    now().fixture.kubelet('w2', 'running');
    expect(await nodes()).not.toHaveProperty(['10.0.0.6']);
  });

  it('shows the static pods that it runs', async () => {
    const pods = await get('/api/v1/namespaces/kube-system/pods');
    const names = listAt(pods, 'items').map((pod) => textAt(pod, 'metadata', 'name'));
    expect(names).toEqual(expect.arrayContaining(['etcd-10.0.0.1', 'kube-apiserver-10.0.0.3', 'haproxy-10.0.0.4']));
  });
});

describe('pods of the sandbox', () => {
  const image = 'registry.sandbox:5000/ns/pylon:v1';
  const push = () =>
    new RegistryStorage(now().fixture.layout.registry).putManifest('ns/pylon', 'v1', 'x', Buffer.from('{}'));
  const imagePullSecrets = [{ name: 'pull' }];
  const spec = { imagePullSecrets, containers: [{ name: 'main', image }] };
  const pullSecret = (password = 'push') => {
    const config = JSON.stringify({ auths: { 'registry.sandbox:5000': { username: 'pai', password } } });
    const data = { '.dockerconfigjson': Buffer.from(config).toString('base64') };
    return object('v1', 'Secret', 'pull', { type: 'kubernetes.io/dockerconfigjson', data });
  };
  const withImage = () => deployment('pylon', {}, spec);
  const pods = async () => listAt(await get('/api/v1/namespaces/default/pods'), 'items');

  it('come up a moment after they are applied, which is told', async () => {
    const context = fakeContext('service:x');
    await now().driver.apply(work([deployment('pylon', { replicas: 3 })]), context);
    const told = context.lines.filter((line) => line.startsWith('Deployment'));
    expect(told[0]).toBe('Deployment default/pylon: 0 of 3 pods ready');
    expect(told.at(-1)).toBe('Deployment default/pylon: ready');
    expect(new Set((await pods()).map((pod) => textAt(pod, 'spec', 'nodeName'))).size).toBe(3);
  });

  it('do not come up while the registry has not their image, and do after it was pushed', async () => {
    await expect(apply([pullSecret(), withImage()])).rejects.toMatchObject({
      code: 'ROLLOUT',
      message: expect.stringMatching(
        /container main: ImagePullBackOff: Back-off pulling image "registry\.sandbox:5000\/ns\/pylon:v1"$/,
      ),
      details: expect.arrayContaining([expect.stringContaining('manifest unknown')]),
    });
    push();
    await apply([pullSecret(), withImage()]);
    expect(await problemOf()).toBeUndefined();
  });

  it('pull from the registry with its password only', async () => {
    push();
    await expect(apply([pullSecret('wrong'), withImage()])).rejects.toMatchObject({
      code: 'ROLLOUT',
      message: expect.stringContaining('ImagePullBackOff'),
      details: expect.arrayContaining([expect.stringContaining('unauthorized: authentication required')]),
    });
    await apply([pullSecret(), withImage()]);
    expect(await problemOf()).toBeUndefined();
  });

  it('go on when the registry is down or has lost their image, but a new node gets none', async () => {
    push();
    const onWorkers = daemonSet('pylon', {}, spec);
    await apply([pullSecret(), onWorkers]);
    now().fixture.fault('registry-down');
    expect(await problemOf()).toBeUndefined();
    now().fixture.wipe('w2');
    now().fixture.start('w2');
    expect(await problemOf()).toBe('DaemonSet default/pylon: 5 of 6 pods ready');
    now().fixture.lift('registry-down');
    expect(await problemOf()).toBeUndefined();
  });

  it('of a Deployment move to nodes that are Ready, those of a DaemonSet are not waited for on others', async () => {
    await apply([deployment('moves', { replicas: 6 }), daemonSet('stays', {})]);
    now().fixture.kubelet('w1', 'exited');
    expect(await problemOf()).toBeUndefined();
    const moved = (await pods()).filter((pod) => textsAt(pod, 'metadata', 'labels').app === 'moves');
    expect(moved.map((pod) => textAt(pod, 'spec', 'nodeName'))).not.toContain('10.0.0.5');
    now().fixture.kubelet('w1', 'running');
    expect(await problemOf()).toBeUndefined();
  });

  it('run where nodeSelector says', async () => {
    await apply([daemonSet('hdfs', { hdfsrole: 'worker' })], { '10.0.0.5': { hdfsrole: 'worker' } });
    expect((await pods()).map((pod) => textAt(pod, 'spec', 'nodeName'))).toEqual(['10.0.0.5']);
  });

  it('wait for a Secret that their environment needs, and name it', async () => {
    const env = [{ name: 'PASSWORD', valueFrom: { secretKeyRef: { name: 'nowhere', key: 'password' } } }];
    const needy = deployment('needy', {}, { containers: [{ name: 'main', image: 'x', env }] });
    await expect(apply([needy])).rejects.toMatchObject({
      code: 'ROLLOUT',
      message: expect.stringContaining('CreateContainerConfigError: secret "nowhere" not found'),
    });
  });

  it('wait for a ConfigMap that they mount, which an event tells', async () => {
    const mounting = {
      containers: [{ name: 'main', image: 'x', volumeMounts: [{ name: 'files', mountPath: '/files' }] }],
      volumes: [{ name: 'files', configMap: { name: 'nowhere' } }],
    };
    const credentials = await now().fixture.credentials(now().api);
    const hurried = createKubeDriver({ credentials: async () => credentials, rolloutTimeoutSeconds: 1 });
    await expect(
      hurried.apply(work([deployment('needy', {}, mounting)]), fakeContext('service:x')),
    ).rejects.toMatchObject({
      code: 'ROLLOUT',
      details: expect.arrayContaining([expect.stringContaining('FailedMount')]),
    });
    await hurried.close();
  });

  it('that cannot be scheduled say so', async () => {
    const picky = deployment('picky', {}, { nodeSelector: { gpu: 'yes' }, containers: [{ name: 'main', image: 'x' }] });
    await expect(apply([picky])).rejects.toMatchObject({
      message: expect.stringContaining("0/6 nodes are available: 6 node(s) didn't match node selector"),
    });
  });

  it('of a job run to their end', async () => {
    await apply([job('once')]);
    expect(await problemOf()).toBeUndefined();
    expect((await pods()).map((pod) => textAt(pod, 'status', 'phase'))).toEqual(['Succeeded']);
  });

  it('that are deleted are replaced, and go with their workload', async () => {
    await apply([deployment('pylon')]);
    const [before] = await pods();
    const place = `/api/v1/namespaces/default/pods/${textAt(before, 'metadata', 'name')}`;
    await now().client.send({ method: 'DELETE', path: place, what: 'delete' });
    expect(await get(place)).toBeUndefined();
    expect(await pods()).toHaveLength(1);
    await now().driver.clean(fakeContext('service:x'));
    expect(await pods()).toEqual([]);
  });

  it('have a log of one line that says that nothing runs', async () => {
    await apply([deployment('pylon')]);
    const [pod] = await pods();
    const path = `/api/v1/namespaces/default/pods/${textAt(pod, 'metadata', 'name')}/log`;
    expect(await now().client.text({ method: 'GET', path, what: 'read' })).toBe(
      `(simulated) container main of pod default/${textAt(pod, 'metadata', 'name')}: no process runs here\n`,
    );
  });
});

import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, readdirSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KubeClient } from '../../../src/kube/client.js';
import { createKubeDriver } from '../../../src/kube/driver.js';
import type { KubeDriver } from '../../../src/model/drivers.js';
import type { JsonObject } from '../../../src/model/json.js';
import { listAt, textAt, textsAt, valueAt } from '../../../src/model/json-path.js';
import type { SandboxKubernetes } from '../../../src/sandbox/kubernetes.js';
import { RegistryStorage } from '../../../src/sandbox/registry/storage.js';
import { fakeContext } from '../kube/fake-context.js';
import { configMap, daemonSet, deployment, job, object, work } from '../kube/objects-fixture.js';
import { SandboxFixture } from './sandbox-fixture.js';

const ROLLOUT_TIMES = { limit: 5, poll: 0.05, noNode: 0.2, noPods: 0.2 };
const GRACES = { unschedulable: 0.2, image: 0.2, 'bad-image-name': 0, 'container-config': 0.2 };

let fixture: SandboxFixture;
let api: SandboxKubernetes;
let driver: KubeDriver;
let client: KubeClient;

/** Opens the API and a driver for it, as another command of pai does. */
async function open(): Promise<void> {
  api = fixture.open();
  const credentials = await fixture.credentials(api);
  client = new KubeClient(async () => credentials, 5);
  driver = createKubeDriver({
    credentials: async () => credentials,
    rolloutTimes: { ...ROLLOUT_TIMES, graces: GRACES },
  });
}

async function close(): Promise<void> {
  await driver.close();
  await client.close();
  await api.close();
}

const codeOf = (error: Error): unknown => ('code' in error ? error.code : undefined);
const get = (place: string): Promise<JsonObject | undefined> =>
  client.send({ method: 'GET', path: place, what: 'look' });
const settings = () => get('/api/v1/namespaces/default/configmaps/settings');
const apply = (...given: Parameters<typeof work>) => driver.apply(work(...given), fakeContext('service:x'));
const problemOf = async () => {
  const seen = await driver.observe('service:x');
  return seen.kind === 'known' ? seen.problem : codeOf(seen.error);
};

beforeEach(async () => {
  fixture = SandboxFixture.running({
    m1: 'master',
    m2: 'master',
    m3: 'master',
    proxy: 'proxy',
    w1: 'worker',
    w2: 'worker',
  });
  await open();
});
afterEach(async () => {
  await close();
  await fixture.remove();
});

describe("the sandbox's API answers", () => {
  const isUp = () =>
    driver
      .observe('service:x')
      .then((seen) => (seen.kind === 'known' ? true : codeOf(seen.error) === 'KUBE_UNREACHABLE' ? false : seen));

  it('while most members of etcd run, and again when they are back, with what was stored', async () => {
    await apply([configMap('settings', { a: '1' })]);
    fixture.fault('etcd-dead', 'm1');
    expect(await isUp()).toBe(true);
    fixture.fault('etcd-dead', 'm2');
    expect(await isUp()).toBe(false);
    fixture.lift('etcd-dead', 'm1');
    expect(await isUp()).toBe(true);
    expect(valueAt(await settings(), 'data')).toEqual({ a: '1' });
  }, 20_000);

  it('while one API server runs, and not without haproxy', async () => {
    fixture.withdraw('m1', 'kube-apiserver');
    fixture.kubelet('m2', 'exited');
    expect(await isUp()).toBe(true);
    fixture.withdraw('proxy', 'haproxy');
    expect(await isUp()).toBe(false);
  }, 20_000);

  it('through the master whose address it has, when that is the address of one', async () => {
    await close();
    await fixture.remove();
    fixture = SandboxFixture.running({ m1: 'master', m2: 'master', m3: 'master' });
    await open();
    expect(await isUp()).toBe(true);
    fixture.withdraw('m1', 'kube-apiserver');
    expect(await isUp()).toBe(false);
  }, 20_000);

  it('not while the fault api-down is on, and says so as a dead server does', async () => {
    fixture.fault('api-down');
    expect(await driver.observe('service:x')).toMatchObject({
      kind: 'unknown',
      error: { code: 'KUBE_UNREACHABLE', message: expect.stringContaining('the connection was') },
    });
    fixture.lift('api-down');
    expect(await isUp()).toBe(true);
  }, 20_000);

  it('nobody without a certificate of its CA', async () => {
    const stranger = await fixture.credentials(api, { stranger: true });
    const other = createKubeDriver({ credentials: async () => stranger });
    expect(await other.observe('service:x')).toMatchObject({
      kind: 'unknown',
      error: { code: 'KUBE_REFUSED', next: expect.stringContaining('pki folder') },
    });
    await other.close();
  });

  it('those whom a binding names, and no others', async () => {
    const operator = { commonName: 'ann', organizations: ['pai:administrators'] };
    const credentials = await fixture.credentials(api, operator);
    const theirs = createKubeDriver({ credentials: async () => credentials });
    expect(await theirs.observe('service:x')).toMatchObject({
      error: { message: expect.stringContaining('User "ann" cannot list resource "configmaps"') },
    });
    const binding = object('rbac.authorization.k8s.io/v1', 'ClusterRoleBinding', 'administrators', {
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'cluster-admin' },
      subjects: [{ kind: 'Group', apiGroup: 'rbac.authorization.k8s.io', name: 'pai:administrators' }],
    });
    await apply([binding]);
    expect(await theirs.observe('service:x')).toMatchObject({ kind: 'known' });
    await theirs.close();
  });

  it('with the certificate of its master, which may be exchanged', async () => {
    await apply([configMap('settings')]);
    fixture.renewAuthority();
    for (const name of ['m1', 'm2', 'm3']) fixture.certificates(name);
    expect(await driver.observe('service:x')).toMatchObject({
      kind: 'unknown',
      error: { code: 'KUBE_UNREACHABLE', message: expect.stringContaining("the cluster's CA did not sign") },
    });
    const credentials = await fixture.credentials(api);
    const renewed = createKubeDriver({ credentials: async () => credentials });
    expect(await renewed.observe('service:x')).toMatchObject({ kind: 'known', present: true });
    await renewed.close();
  }, 20_000);

  it.each(['/healthz', '/readyz'])('%s', async (place) => {
    expect(await client.text({ method: 'GET', path: place, what: 'ask' })).toBe('ok');
  });

  it('with the version of its image, and that it is simulated', async () => {
    expect(await get('/version')).toMatchObject({ gitVersion: 'v1.19.16+simulated', major: '1', minor: '19' });
  });
});

describe('what the sandbox stores', () => {
  it('is there for the next process, and survives one that died while it wrote', async () => {
    await apply([configMap('settings', { a: '1' })]);
    const before = await settings();
    await close();
    const [store = ''] = readdirSync(fixture.layout.kubernetes);
    appendFileSync(path.join(fixture.layout.kubernetes, store), '{"revision":999,"key":"/configmaps/default/sett');
    await open();
    expect(await settings()).toEqual(before);
    await apply([configMap('settings', { a: '2' })]);
    expect(valueAt(await settings(), 'data')).toEqual({ a: '2' });
    await close();
    await open();
    expect(valueAt(await settings(), 'data')).toEqual({ a: '2' });
  });

  it('is seen by another process that has it open', async () => {
    const other = fixture.open();
    const credentials = await fixture.credentials(other);
    const theirs = createKubeDriver({ credentials: async () => credentials });
    expect(await theirs.observe('service:x')).toMatchObject({ present: false });
    await apply([configMap('settings')]);
    expect(await theirs.observe('service:x')).toMatchObject({ present: true });
    await theirs.close();
  });

  it('comes back to a master that was wiped', async () => {
    await apply([configMap('settings', { a: '1' })]);
    fixture.wipe('m1');
    fixture.start('m1');
    await driver.observe('service:x');
    fixture.wipe('m2');
    fixture.start('m2');
    fixture.wipe('m3');
    fixture.start('m3');
    expect(valueAt(await settings(), 'data')).toEqual({ a: '1' });
  }, 20_000);

  it('is that of most members: one that was away while the others began anew goes with them', async () => {
    await apply([configMap('settings', { a: '1' })]);
    fixture.fault('etcd-dead', 'm1');
    for (const name of ['m2', 'm3']) fixture.wipe(name);
    for (const name of ['m2', 'm3']) fixture.start(name);
    expect(await settings()).toBeUndefined();
    fixture.lift('etcd-dead', 'm1');
    expect(await settings()).toBeUndefined();
    fixture.fault('etcd-dead', 'm3');
    expect(await settings()).toBeUndefined();
  }, 20_000);

  it('is lost with the last member of etcd', async () => {
    await apply([configMap('settings', { a: '1' })]);
    const uid = valueAt(await get('/api/v1/namespaces/default'), 'metadata', 'uid');
    for (const name of ['m1', 'm2', 'm3']) fixture.wipe(name);
    for (const name of ['m1', 'm2', 'm3']) fixture.start(name);
    expect(await driver.observe('service:x')).toEqual({ kind: 'known', present: false });
    expect(valueAt(await get('/api/v1/namespaces/default'), 'metadata', 'uid')).not.toBe(uid);
    expect(readdirSync(fixture.layout.kubernetes)).toHaveLength(1);
  }, 20_000);
});

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
    fixture.kubelet('w1', 'exited');
    expect(await nodes()).toMatchObject({ '10.0.0.1': 'True', '10.0.0.5': 'Unknown', '10.0.0.6': 'True' });
    fixture.kubelet('w1', 'running');
    expect(await nodes()).toMatchObject({ '10.0.0.5': 'True' });
    expect(textsAt(await get('/api/v1/nodes/10.0.0.5'), 'metadata', 'labels')).toMatchObject({
      pylon: 'true',
      'kubernetes.io/hostname': '10.0.0.5',
    });
  });

  it('that was deleted stays away until its kubelet starts again', async () => {
    expect(await nodes()).toHaveProperty(['10.0.0.6']);
    await driver.deleteNode('10.0.0.6', fakeContext('worker:w2'));
    expect(await nodes()).not.toHaveProperty(['10.0.0.6']);
    fixture.kubelet('w2', 'exited');
    expect(await nodes()).not.toHaveProperty(['10.0.0.6']);
    fixture.kubelet('w2', 'running');
    expect(await nodes()).toHaveProperty(['10.0.0.6'], 'True');
    await driver.deleteNode('10.9.9.9', fakeContext('worker:w9'));
  });

  it('does not exist before its kubelet knows where the API is', async () => {
    fixture.wipe('w2');
    await driver.deleteNode('10.0.0.6', fakeContext('worker:w2'));
    fixture.kubelet('w2', 'running');
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
  const push = () => new RegistryStorage(fixture.layout.registry).putManifest('ns/pylon', 'v1', 'x', Buffer.from('{}'));
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
    await driver.apply(work([deployment('pylon', { replicas: 3 })]), context);
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
    fixture.fault('registry-down');
    expect(await problemOf()).toBeUndefined();
    fixture.wipe('w2');
    fixture.start('w2');
    expect(await problemOf()).toBe('DaemonSet default/pylon: 5 of 6 pods ready');
    fixture.lift('registry-down');
    expect(await problemOf()).toBeUndefined();
  });

  it('of a Deployment move to nodes that are Ready, those of a DaemonSet wait for theirs', async () => {
    await apply([deployment('moves', { replicas: 6 }), daemonSet('stays', {})]);
    fixture.kubelet('w1', 'exited');
    expect(await problemOf()).toBe('DaemonSet default/stays: 5 of 6 pods ready');
    const moved = (await pods()).filter((pod) => textsAt(pod, 'metadata', 'labels').app === 'moves');
    expect(moved.map((pod) => textAt(pod, 'spec', 'nodeName'))).not.toContain('10.0.0.5');
    fixture.kubelet('w1', 'running');
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
    const credentials = await fixture.credentials(api);
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
    await client.send({ method: 'DELETE', path: place, what: 'delete' });
    expect(await get(place)).toBeUndefined();
    expect(await pods()).toHaveLength(1);
    await driver.clean(fakeContext('service:x'));
    expect(await pods()).toEqual([]);
  });

  it('have a log of one line that says that nothing runs', async () => {
    await apply([deployment('pylon')]);
    const [pod] = await pods();
    const path = `/api/v1/namespaces/default/pods/${textAt(pod, 'metadata', 'name')}/log`;
    expect(await client.text({ method: 'GET', path, what: 'read' })).toBe(
      `(simulated) container main of pod default/${textAt(pod, 'metadata', 'name')}: no process runs here\n`,
    );
  });
});

describe('a watch of the sandbox', () => {
  it('tells what is there, what changes, and breaks off with the API', async () => {
    const { server, ca, certificate: cert, key } = await fixture.credentials(api);
    const events: string[] = [];
    const ended = new Promise<string>((resolve) => {
      const place = `${server}/api/v1/namespaces/default/configmaps?watch=true`;
      const request = https.get(place, { ca, cert, key }, (response) => {
        response.on('data', (chunk: Buffer) => {
          for (const line of chunk.toString().trim().split('\n')) {
            const { type, object: one } = JSON.parse(line) as { type: string; object: JsonObject };
            events.push(`${type} ${textAt(one, 'metadata', 'name')}`);
          }
        });
        response.on('error', (error) => resolve(error.message));
      });
      request.on('error', (error) => resolve(error.message));
    });
    await apply([configMap('settings', { a: '1' })]);
    await expect.poll(() => events).toEqual(['ADDED settings']);
    await apply([configMap('settings', { a: '2' })]);
    await expect.poll(() => events.at(-1)).toBe('MODIFIED settings');
    await driver.clean(fakeContext('service:x'));
    await expect.poll(() => events.at(-1)).toBe('DELETED settings');
    fixture.fault('api-down');
    expect(await ended).toBe('aborted');
  });
});

describe('kubectl', () => {
  const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;

  it.skipIf(!hasKubectl)(
    'reads from and writes to the sandbox (skipped without kubectl)',
    async () => {
      const { server, ca, certificate, key } = await fixture.credentials(api);
      const encode = (text: string) => Buffer.from(text).toString('base64');
      const config = {
        apiVersion: 'v1',
        kind: 'Config',
        clusters: [{ name: 'c', cluster: { server, 'certificate-authority-data': encode(ca) } }],
        users: [
          { name: 'u', user: { 'client-certificate-data': encode(certificate), 'client-key-data': encode(key) } },
        ],
        contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
        'current-context': 'x',
      };
      const file = path.join(fixture.layout.directory, 'kubeconfig');
      writeFileSync(file, JSON.stringify(config));
      const kubectl = (input: string, ...given: readonly string[]): Promise<string> =>
        new Promise((resolve) => {
          const options = [`--kubeconfig=${file}`, `--cache-dir=${fixture.layout.directory}/cache`];
          const child = spawn('kubectl', [...options, ...given]);
          let output = '';
          for (const stream of [child.stdout, child.stderr]) {
            stream.on('data', (chunk: Buffer) => {
              output += chunk.toString();
            });
          }
          child.on('close', () => resolve(output));
          child.stdin.end(input);
        });
      expect(await kubectl('', 'get', 'nodes', '-o', 'name')).toContain('node/10.0.0.6');
      const manifest = JSON.stringify(configMap('settings', { a: '1' }));
      expect(await kubectl(manifest, 'apply', '--server-side', '--validate=false', '-f', '-')).toContain(
        'configmap/settings serverside-applied',
      );
      expect(await kubectl('', 'label', 'configmap', 'settings', 'team=a')).toContain('configmap/settings labeled');
      expect(textsAt(await settings(), 'metadata', 'labels')).toEqual({ team: 'a' });
      expect(await kubectl('', 'delete', 'configmap', 'settings')).toContain('configmap "settings" deleted');
    },
    60_000,
  );
});

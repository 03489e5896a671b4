import { spawn, spawnSync } from 'node:child_process';
import { appendFileSync, readdirSync, writeFileSync } from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { createKubeDriver } from '../../../src/kube/driver.js';
import type { JsonObject } from '../../../src/model/json.js';
import { textAt, textsAt, valueAt } from '../../../src/model/json-path.js';
import { fakeContext } from '../kube/fake-context.js';
import { configMap, object } from '../kube/objects-fixture.js';
import { codeOf, useKubernetes } from './kubernetes-fixture.js';
import { SandboxFixture } from './sandbox-fixture.js';

const { now, open, close, get, settings, apply } = useKubernetes();

describe("the sandbox's API answers", () => {
  const isUp = () =>
    now()
      .driver.observe('service:x')
      .then((seen) => (seen.kind === 'known' ? true : codeOf(seen.error) === 'KUBE_UNREACHABLE' ? false : seen));

  it('while most members of etcd run, and again when they are back, with what was stored', async () => {
    await apply([configMap('settings', { a: '1' })]);
    now().fixture.fault('etcd-dead', 'm1');
    expect(await isUp()).toBe(true);
    now().fixture.fault('etcd-dead', 'm2');
    expect(await isUp()).toBe(false);
    now().fixture.lift('etcd-dead', 'm1');
    expect(await isUp()).toBe(true);
    expect(valueAt(await settings(), 'data')).toEqual({ a: '1' });
  }, 20_000);

  it('while one API server runs, and not without haproxy', async () => {
    now().fixture.withdraw('m1', 'kube-apiserver');
    now().fixture.kubelet('m2', 'exited');
    expect(await isUp()).toBe(true);
    now().fixture.withdraw('proxy', 'haproxy');
    expect(await isUp()).toBe(false);
  }, 20_000);

  it('through the master whose address it has, when that is the address of one', async () => {
    await close();
    await now().fixture.remove();
    await open(SandboxFixture.running({ m1: 'master', m2: 'master', m3: 'master' }));
    expect(await isUp()).toBe(true);
    now().fixture.withdraw('m1', 'kube-apiserver');
    expect(await isUp()).toBe(false);
  }, 20_000);

  it('not while the fault api-down is on, and says so as a dead server does', async () => {
    now().fixture.fault('api-down');
    expect(await now().driver.observe('service:x')).toMatchObject({
      kind: 'unknown',
      error: { code: 'KUBE_UNREACHABLE', message: expect.stringContaining('the connection was') },
    });
    now().fixture.lift('api-down');
    expect(await isUp()).toBe(true);
  }, 20_000);

  it('nobody without a certificate of its CA', async () => {
    const stranger = await now().fixture.credentials(now().api, { stranger: true });
    const other = createKubeDriver({ credentials: async () => stranger });
    expect(await other.observe('service:x')).toMatchObject({
      kind: 'unknown',
      error: { code: 'KUBE_REFUSED', next: expect.stringContaining('pki folder') },
    });
    await other.close();
  });

  it('those whom a binding names, and no others', async () => {
    const operator = { commonName: 'ann', organizations: ['pai:administrators'] };
    const credentials = await now().fixture.credentials(now().api, operator);
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
    now().fixture.renewAuthority();
    for (const name of ['m1', 'm2', 'm3']) now().fixture.certificates(name);
    expect(await now().driver.observe('service:x')).toMatchObject({
      kind: 'unknown',
      error: { code: 'KUBE_UNREACHABLE', message: expect.stringContaining("the cluster's CA did not sign") },
    });
    const credentials = await now().fixture.credentials(now().api);
    const renewed = createKubeDriver({ credentials: async () => credentials });
    expect(await renewed.observe('service:x')).toMatchObject({ kind: 'known', present: true });
    await renewed.close();
  }, 20_000);

  it.each(['/healthz', '/readyz'])('%s', async (place) => {
    expect(await now().client.text({ method: 'GET', path: place, what: 'ask' })).toBe('ok');
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
    const [store = ''] = readdirSync(now().fixture.layout.kubernetes);
    appendFileSync(
      path.join(now().fixture.layout.kubernetes, store),
      '{"revision":999,"key":"/configmaps/default/sett',
    );
    await open();
    expect(await settings()).toEqual(before);
    await apply([configMap('settings', { a: '2' })]);
    expect(valueAt(await settings(), 'data')).toEqual({ a: '2' });
    await close();
    await open();
    expect(valueAt(await settings(), 'data')).toEqual({ a: '2' });
  });

  it('is seen by another process that has it open', async () => {
    const other = now().fixture.open();
    const credentials = await now().fixture.credentials(other);
    const theirs = createKubeDriver({ credentials: async () => credentials });
    expect(await theirs.observe('service:x')).toMatchObject({ present: false });
    await apply([configMap('settings')]);
    expect(await theirs.observe('service:x')).toMatchObject({ present: true });
    await theirs.close();
  });

  it('comes back to a master that was wiped', async () => {
    await apply([configMap('settings', { a: '1' })]);
    now().fixture.wipe('m1');
    now().fixture.start('m1');
    await now().driver.observe('service:x');
    now().fixture.wipe('m2');
    now().fixture.start('m2');
    now().fixture.wipe('m3');
    now().fixture.start('m3');
    expect(valueAt(await settings(), 'data')).toEqual({ a: '1' });
  }, 20_000);

  it('is that of most members: one that was away while the others began anew goes with them', async () => {
    await apply([configMap('settings', { a: '1' })]);
    now().fixture.fault('etcd-dead', 'm1');
    for (const name of ['m2', 'm3']) now().fixture.wipe(name);
    for (const name of ['m2', 'm3']) now().fixture.start(name);
    expect(await settings()).toBeUndefined();
    now().fixture.lift('etcd-dead', 'm1');
    expect(await settings()).toBeUndefined();
    now().fixture.fault('etcd-dead', 'm3');
    expect(await settings()).toBeUndefined();
  }, 20_000);

  it('is lost with the last member of etcd', async () => {
    await apply([configMap('settings', { a: '1' })]);
    const uid = valueAt(await get('/api/v1/namespaces/default'), 'metadata', 'uid');
    for (const name of ['m1', 'm2', 'm3']) now().fixture.wipe(name);
    for (const name of ['m1', 'm2', 'm3']) now().fixture.start(name);
    expect(await now().driver.observe('service:x')).toEqual({ kind: 'known', present: false });
    expect(valueAt(await get('/api/v1/namespaces/default'), 'metadata', 'uid')).not.toBe(uid);
    expect(readdirSync(now().fixture.layout.kubernetes)).toHaveLength(1);
  }, 20_000);
});

describe('a watch of the sandbox', () => {
  it('tells what is there, what changes, and breaks off with the API', async () => {
    const { server, ca, certificate: cert, key } = await now().fixture.credentials(now().api);
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
    await now().driver.clean(fakeContext('service:x'));
    await expect.poll(() => events.at(-1)).toBe('DELETED settings');
    now().fixture.fault('api-down');
    expect(await ended).toBe('aborted');
  });
});

describe('kubectl', () => {
  const hasKubectl = spawnSync('kubectl', ['version', '--client']).status === 0;

  it.skipIf(!hasKubectl)(
    'reads from and writes to the sandbox (skipped without kubectl)',
    async () => {
      const { server, ca, certificate, key } = await now().fixture.credentials(now().api);
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
      const file = path.join(now().fixture.layout.directory, 'kubeconfig');
      writeFileSync(file, JSON.stringify(config));
      const kubectl = (input: string, ...given: readonly string[]): Promise<string> =>
        new Promise((resolve) => {
          const options = [`--kubeconfig=${file}`, `--cache-dir=${now().fixture.layout.directory}/cache`];
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

import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import { KubeClient } from '../../../src/kube/client.js';
import { textAt } from '../../../src/model/json-path.js';
import type { LogLine } from '../../../src/model/workloads.js';
import { failureOf, NODES, onEachCluster } from './driver-fixture.js';
import { fakeStamp } from './fake-context.js';
import { configMap, daemonSet, deployment, work } from './objects-fixture.js';
import { TestAuthority } from './test-certificates.js';

const never = new AbortController().signal;

onEachCluster('the Kubernetes driver, operating services,', (cluster, played) => {
  const podNames = async (app: string): Promise<readonly string[]> =>
    (await cluster().objects.list('v1', 'Pod', { namespace: 'default', labels: `app=${app}` }))
      .filter((pod) => textAt(pod, 'metadata', 'deletionTimestamp') === undefined)
      .map((pod) => textAt(pod, 'metadata', 'name') ?? '');

  describe('targets', () => {
    it('are those for which anything was applied', async () => {
      const driver = cluster().newDriver();
      await driver.apply(work([configMap('one')]), cluster().contextFor('service:one'));
      await driver.apply(work([], { [NODES[0]]: { pylon: 'true' } }), cluster().contextFor('service:two'));
      expect(await driver.targets()).toEqual(['service:one', 'service:two']);
      await driver.clean(cluster().contextFor('service:one'));
      expect(await driver.targets()).toEqual(['service:two']);
    }, 30_000);
  });

  describe('states', () => {
    it('tell pods, nodes and images of what was applied, and leave out what was not', async () => {
      const driver = cluster().newDriver();
      await driver.apply(work([configMap('seen'), deployment('seen')]), cluster().contextFor('service:seen'));
      const states = await driver.states(['service:seen', 'service:never'], never);
      expect(states).toHaveLength(1);
      expect(states[0]).toMatchObject({ target: 'service:seen', stopped: false, finished: true, objects: 2 });
      const [workload, ...others] = states[0]?.workloads ?? [];
      expect(others).toEqual([]);
      expect(workload).toMatchObject({ kind: 'Deployment', name: 'seen', desired: 1, ready: 1, complete: true });
      expect(workload?.images).toHaveLength(1);
      expect(workload?.pods).toHaveLength(1);
      expect(workload?.pods[0]).toMatchObject({ ready: true, restarts: 0, problems: [] });
      expect(NODES).toContain(workload?.pods[0]?.node);
    }, 30_000);

    it('tell what is missing', async () => {
      const driver = cluster().newDriver();
      await driver.apply(work([deployment('lost')]), cluster().contextFor('service:lost'));
      const id = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name: 'lost' };
      await cluster().objects.remove(id, 'Foreground');
      await cluster().objects.waitGone(id, 20);
      const [state] = await driver.states(['service:lost'], never);
      expect(state?.workloads[0]).toMatchObject({
        complete: false,
        problem: 'Deployment default/lost is missing',
        pods: [],
      });
    }, 30_000);

    if (played !== undefined)
      it('tell why pods are not ready, with the warnings about them', async () => {
        const driver = cluster().newDriver();
        await driver.apply(work([deployment('fails')]), cluster().contextFor('service:fails'));
        played().fate('fails', 'not-ready');
        const problems = async () =>
          (await driver.states(['service:fails'], never))[0]?.workloads[0]?.pods[0]?.problems;
        await expect
          .poll(problems, { timeout: 10_000 })
          .toEqual([expect.stringMatching(/^pod fails-\S+ on node 10\.0\.0\.1: running, but not ready$/)]);
        played().fate('fails', 'crash');
        await expect
          .poll(async () => (await problems())?.[0], { timeout: 10_000 })
          .toMatch(/^pod fails-\S+ on node 10\.0\.0\.1: container \S+: CrashLoopBackOff: it exited with code 3$/);
        const [state] = await driver.states(['service:fails'], never);
        expect(state?.workloads[0]).toMatchObject({ complete: false, ready: 0, problem: '0 of 1 pod ready' });
        expect(state?.workloads[0]?.pods[0]?.restarts).toBeGreaterThan(0);
      }, 30_000);
  });

  describe('stop', () => {
    it('takes workloads and their pods away, keeps the rest, and is told by the next look until it is applied again', async () => {
      const driver = cluster().newDriver();
      const context = cluster().contextFor('service:stops');
      const labels = { [NODES[0]]: { pylon: 'true' } };
      await driver.apply(work([configMap('stops'), deployment('stops')], labels), context);
      await driver.stop(context);
      expect(await cluster().read('Deployment', 'stops', 'default', 'apps/v1')).toBeUndefined();
      expect(await cluster().read('ConfigMap', 'stops', 'default')).toBeDefined();
      expect(await cluster().nodeLabels(NODES[0])).toMatchObject({ pylon: 'true' });
      expect(await podNames('stops')).toEqual([]);
      expect(await driver.observe('service:stops')).toEqual({
        kind: 'known',
        present: true,
        stamp: fakeStamp('service:stops'),
        problem: 'it was stopped by pai service stop',
      });
      expect(await driver.states(['service:stops'], never)).toMatchObject([{ stopped: true, workloads: [] }]);
      await driver.stop(context);
      await driver.apply(work([configMap('stops'), deployment('stops')], labels), context);
      expect(await driver.observe('service:stops')).not.toHaveProperty('problem');
    }, 60_000);

    it('leaves what has no pods as it is, unless something else of it was stopped', async () => {
      const driver = cluster().newDriver();
      const context = cluster().contextFor('service:plain');
      await driver.stop(context);
      await driver.apply(work([configMap('plain')]), context);
      await driver.stop(context);
      expect(context.lines).toContain('it has no pods: nothing to stop');
      expect(await driver.observe('service:plain')).not.toHaveProperty('problem');
      await driver.stop(context, true);
      expect(await driver.observe('service:plain')).toMatchObject({ problem: 'it was stopped by pai service stop' });
    }, 30_000);

    it('is cleaned away like any other', async () => {
      const driver = cluster().newDriver();
      const context = cluster().contextFor('service:gone');
      await driver.apply(work([configMap('gone'), deployment('gone')]), context);
      await driver.stop(context);
      await driver.clean(context);
      expect(await cluster().read('ConfigMap', 'gone', 'default')).toBeUndefined();
      expect(await driver.observe('service:gone')).toEqual({ kind: 'known', present: false });
    }, 60_000);
  });

  describe('restart', () => {
    it('makes pods anew, waits for them, and leaves the target fresh', async () => {
      const driver = cluster().newDriver();
      const context = cluster().contextFor('service:again');
      const objects = work([deployment('again')]);
      await driver.apply(objects, context);
      const before = await podNames('again');
      await driver.restart(context);
      const after = await podNames('again');
      expect(after).toHaveLength(1);
      expect(after).not.toEqual(before);
      expect(await driver.observe('service:again')).toEqual({
        kind: 'known',
        present: true,
        stamp: fakeStamp('service:again'),
      });
      // An apply of the same does not make them anew once more.
      await driver.apply(objects, context);
      expect(await podNames('again')).toEqual(after);
      expect(await driver.observe('service:again')).not.toHaveProperty('problem');
    }, 60_000);

    it('goes from one workload to the next, each ready before', async () => {
      const driver = cluster().newDriver();
      const context = cluster().contextFor('service:parts');
      await driver.apply(work([deployment('one'), deployment('two')]), context);
      const told = context.lines.length;
      await driver.restart(context);
      const lines = context.lines.slice(told).filter((line) => /^restarting|: ready$/.test(line));
      expect(lines).toEqual([
        'restarting Deployment default/one',
        'Deployment default/one: ready',
        'restarting Deployment default/two',
        'Deployment default/two: ready',
      ]);
    }, 60_000);

    it('does not hide what somebody changed by hand', async () => {
      const driver = cluster().newDriver();
      const context = cluster().contextFor('service:edited');
      await driver.apply(work([deployment('edited')]), context);
      const id = { apiVersion: 'apps/v1', kind: 'Deployment', namespace: 'default', name: 'edited' };
      await cluster().objects.merge(id, { spec: { replicas: 2 } }, 'somebody');
      await driver.restart(context);
      expect(await driver.observe('service:edited')).toMatchObject({
        problem: 'Deployment default/edited was changed by hand',
      });
    }, 60_000);

    it('is refused for what is stopped or was never applied', async () => {
      const driver = cluster().newDriver();
      const context = cluster().contextFor('service:idle');
      expect(await failureOf(driver.restart(context))).toMatchObject({
        code: 'REFUSED',
        message: 'service:idle was never deployed',
      });
      await driver.apply(work([deployment('idle')]), context);
      await driver.stop(context);
      expect(await failureOf(driver.restart(context))).toMatchObject({
        code: 'REFUSED',
        message: 'service:idle is stopped',
      });
    }, 60_000);

    if (played !== undefined) {
      it('leaves the target without a stamp when the new pods do not come up', async () => {
        const driver = cluster().newDriver();
        const context = cluster().contextFor('service:breaks');
        await driver.apply(work([deployment('breaks')]), context);
        played().fate('breaks', 'crash');
        expect(await failureOf(driver.restart(context))).toMatchObject({ code: 'ROLLOUT' });
        expect(await driver.observe('service:breaks')).not.toHaveProperty('stamp');
      }, 60_000);

      it('deletes pods that their DaemonSet replaces only then', async () => {
        const driver = cluster().newDriver();
        const context = cluster().contextFor('service:by-hand');
        const one = daemonSet('by-hand');
        const spec = { ...(one.spec as object), updateStrategy: { type: 'OnDelete' } };
        await driver.apply(work([{ ...one, spec }]), context);
        const before = await podNames('by-hand');
        await driver.restart(context);
        await expect.poll(() => podNames('by-hand'), { timeout: 10_000 }).toHaveLength(before.length);
        expect((await podNames('by-hand')).filter((name) => before.includes(name))).toEqual([]);
      }, 60_000);
    }
  });

  describe('relabel', () => {
    it('gives nodes back the labels that they lost, and takes those away that are no longer wanted', async () => {
      const driver = cluster().newDriver();
      const context = cluster().contextFor('service:labels');
      expect(await driver.relabel({ [NODES[0]]: { grafana: 'true' } }, context)).toBe(false);
      expect(await cluster().nodeLabels(NODES[0])).not.toHaveProperty('grafana');
      await driver.apply(work([], { [NODES[0]]: { grafana: 'true', launcher: 'true' } }), context);
      await cluster().objects.labelNode(NODES[0], { grafana: null });
      expect(await driver.relabel({ [NODES[0]]: { grafana: 'true' } }, context)).toBe(true);
      const labels = await cluster().nodeLabels(NODES[0]);
      expect(labels).toMatchObject({ grafana: 'true' });
      expect(labels).not.toHaveProperty('launcher');
      expect(await driver.observe('service:labels')).not.toHaveProperty('problem');
    }, 30_000);
  });

  describe('logs', () => {
    const read = async (target: string, container?: string): Promise<readonly LogLine[]> => {
      const lines: LogLine[] = [];
      const wanted = { tail: 5, ...(container !== undefined && { container }) };
      await cluster()
        .newDriver()
        .logs(target, wanted, (line) => lines.push(line), never);
      return lines;
    };

    it('are told line by line, with the pod and the container', async () => {
      const driver = cluster().newDriver();
      await driver.apply(work([deployment('talks')]), cluster().contextFor('service:talks'));
      const lines = await read('service:talks');
      expect(lines.length).toBeGreaterThan(0);
      const [pod] = await podNames('talks');
      for (const line of lines) expect(line).toMatchObject({ pod });
      expect(lines.at(-1)?.line).toMatch(played === undefined ? /^\(simulated\)/ : /^line 12$/);
    }, 30_000);

    it('of a container that there is not are an error that names those that there are', async () => {
      const driver = cluster().newDriver();
      await driver.apply(work([deployment('one')]), cluster().contextFor('service:one'));
      const [container = ''] =
        (await driver.states(['service:one'], never))[0]?.workloads[0]?.pods[0]?.containers ?? [];
      expect((await read('service:one', container)).length).toBeGreaterThan(0);
      const failure = await failureOf(read('service:one', `${container}x`));
      expect(failure).toMatchObject({ code: 'UNKNOWN_NAME', next: `There are: ${container}.` });
    }, 30_000);

    it('that are followed end with the signal', async () => {
      const driver = cluster().newDriver();
      await driver.apply(work([deployment('follows')]), cluster().contextFor('service:follows'));
      const stop = new AbortController();
      const lines: LogLine[] = [];
      const followed = driver.logs(
        'service:follows',
        { tail: 5, follow: true },
        (line) => lines.push(line),
        stop.signal,
      );
      await expect.poll(() => lines.length, { timeout: 10_000 }).toBeGreaterThan(0);
      stop.abort();
      expect(await followed).toBeGreaterThan(0);
    }, 30_000);

    it('that are followed go on with pods that come into being, and tell no line twice', async () => {
      const driver = cluster().newDriver();
      const context = cluster().contextFor('service:moves');
      await driver.apply(work([deployment('moves')]), context);
      const stop = new AbortController();
      const lines: LogLine[] = [];
      const followed = driver.logs('service:moves', { tail: 1, follow: true }, (line) => lines.push(line), stop.signal);
      const pods = () => [...new Set(lines.map(({ pod }) => pod))];
      await expect.poll(() => pods().length, { timeout: 10_000 }).toBe(1);
      await driver.restart(context);
      await expect.poll(() => pods().length, { timeout: 10_000 }).toBe(2);
      stop.abort();
      await followed;
      if (played === undefined) expect(lines).toHaveLength(2);
    }, 60_000);
  });

  const kubectl = path.join(process.env.PAI_TEST_KUBERNETES ?? '', 'kubectl');
  if (played !== undefined && existsSync(kubectl))
    it('a kubeconfig is one that kubectl takes', async () => {
      const folder = await mkdtemp(path.join(tmpdir(), 'pai-kubeconfig-'));
      const file = path.join(folder, 'kubeconfig');
      await writeFile(file, await cluster().newDriver().kubeconfig(), { mode: 0o600 });
      const env = { PATH: '', HOME: folder, KUBECONFIG: file };
      const { stdout } = await promisify(execFile)(kubectl, ['get', 'nodes', '-o', 'name'], { env });
      expect(stdout.trim().split('\n')).toEqual(NODES.map((node) => `node/${node}`));
      await rm(folder, { recursive: true });
    }, 30_000);

  it('a kubeconfig has the credentials, whole', async () => {
    const { ca, certificate, key, server } = cluster().credentials;
    const text = await cluster().newDriver().kubeconfig();
    const read = JSON.parse(text) as {
      clusters: [{ cluster: Record<string, string> }];
      users: [{ user: Record<string, string> }];
    };
    const decoded = (value: string | undefined) => Buffer.from(value ?? '', 'base64').toString();
    expect(read.clusters[0].cluster.server).toBe(cluster().credentials.url ?? server);
    expect(decoded(read.clusters[0].cluster['certificate-authority-data'])).toBe(ca);
    expect(decoded(read.users[0].user['client-certificate-data'])).toBe(certificate);
    expect(decoded(read.users[0].user['client-key-data'])).toBe(key);
  });
});

describe('a long answer', () => {
  it('is told as it comes, line by line, and letters that chunks divide stay whole', async () => {
    const folder = await mkdtemp(path.join(tmpdir(), 'pai-long-answer-'));
    const authority = await TestAuthority.create(folder, 'test-ca');
    const serving = await authority.issue('api', '/CN=api', '127.0.0.1');
    const client = await authority.issue('client', '/CN=client');
    let more = (): void => undefined;
    const server = createServer({ cert: serving.certificate, key: serving.key }, (request, response) => {
      if (request.url?.startsWith('/no')) return response.writeHead(403).end('{"message":"forbidden"}');
      const letter = Buffer.from('ä');
      response.write(Buffer.concat([Buffer.from('one\ntw'), letter.subarray(0, 1)]));
      more = () => response.end(Buffer.concat([letter.subarray(1), Buffer.from('o\nlast')]));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const asking = new KubeClient(
      async () => ({ server: url, ca: authority.ca.certificate, certificate: client.certificate, key: client.key }),
      5,
    );
    const lines: string[] = [];
    for await (const line of asking.lines({ path: '/log', what: 'read', signal: never })) {
      lines.push(line);
      if (lines.length === 1) more();
    }
    expect(lines).toEqual(['one', 'twäo', 'last']);
    const refused = async () => {
      for await (const _ of asking.lines({ path: '/no', what: 'read the log', signal: never }));
    };
    await expect(refused()).rejects.toMatchObject({ code: 'KUBE_REFUSED' });
    server.closeAllConnections();
    server.close();
    await rm(folder, { recursive: true });
  });
});

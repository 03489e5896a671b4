import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { ShimUse } from '../../../src/sandbox/command-files.js';
import { SANDBOX, sandboxBed } from './hosts-fixture.js';
import {
  apply,
  clean,
  etcdTarget,
  masterTarget,
  prepareTarget,
  proxyTarget,
  type ScriptedTarget,
  workerTarget,
} from './hosts-scripts.js';

const MASTERS = ['m1', 'm2', 'm3'];
const ALL = [...MASTERS, 'w1', 'p1'];

/** The scripts of templates/host in the order of the tasks: up, well, and down again. */
export function scriptStory(subject: string, shims: ShimUse, sandbox = SANDBOX): void {
  const bed = sandboxBed({ shims }, sandbox);

  describe(subject, () => {
    const problem = async (name: string, target: string, { probe }: ScriptedTarget) => {
      const observation = await bed().driver().observe(bed().login(name), target, probe);
      if (observation.kind === 'unknown') throw observation.error;
      return observation.problem;
    };

    it('makes bare hosts ready, and finds nothing to do the second time', async () => {
      const { login, driver } = bed();
      const shared = driver();
      const prepare = (name: string) => apply(shared, login(name), `host:${name}`, prepareTarget(name));
      const [lines] = await Promise.all(ALL.map(prepare));
      expect(lines).toContain('docker.io installed (simulated)');
      expect(lines).toContain('docker started (simulated)');
      expect(await prepare('m1')).toEqual(['waiting for Docker']);
      expect(await problem('m1', 'host:m1', prepareTarget('m1'))).toBeUndefined();
    });

    it('brings members of etcd up together: none is healthy before more than half are there', async () => {
      const { login, driver } = bed();
      const shared = driver();
      const lines = await Promise.all(
        MASTERS.map((name) => apply(shared, login(name), `etcd:${name}`, etcdTarget(name))),
      );
      expect(lines[0]).toContain('starting kubelet');
      expect(await problem('m2', 'etcd:m2', etcdTarget('m2'))).toBeUndefined();
    });

    it('brings the control plane up, and kubectl for operators', async () => {
      const { login, driver, hosts } = bed();
      const shared = driver();
      await Promise.all(MASTERS.map((name) => apply(shared, login(name), `master:${name}`, masterTarget(name))));
      expect(await problem('m3', 'master:m3', masterTarget('m3'))).toBeUndefined();
      const kubectl = await hosts.exec('m1', 'sh var/lib/pai/bin/kubectl get nodes');
      expect(kubectl).toMatchObject({ code: 1, stderr: expect.stringContaining('simulated') });
    });

    it('brings the proxy up, with haproxy as a static pod', async () => {
      const { login, driver } = bed();
      expect(await apply(driver(), login('p1'), 'proxy:p1', proxyTarget('p1'))).toContain(
        'waiting for haproxy on 10.99.0.31',
      );
      expect(await problem('p1', 'proxy:p1', proxyTarget('p1'))).toBeUndefined();
    });

    it('joins a worker, whose kubelet is not started again', async () => {
      const { login, driver } = bed();
      const shared = driver();
      expect(await apply(shared, login('w1'), 'worker:w1', workerTarget('w1'))).toContain('starting kubelet');
      expect(await apply(shared, login('w1'), 'worker:w1', workerTarget('w1'))).not.toContain('starting kubelet');
      expect(await problem('w1', 'worker:w1', workerTarget('w1'))).toBeUndefined();
    });

    it('notices what was edited by hand', async () => {
      const { hosts } = bed();
      await hosts.exec('w1', 'echo more >> etc/kubernetes/kubelet.yaml');
      expect(await problem('w1', 'worker:w1', workerTarget('w1'))).toMatch(
        /kubelet.yaml was changed or removed by hand/,
      );
    });

    it('needs more than half of the members of etcd, at every step above it', async () => {
      const { hosts } = bed();
      await hosts.exec('m1', 'docker stop kubelet');
      expect(await problem('m2', 'etcd:m2', etcdTarget('m2'))).toBeUndefined();
      expect(await problem('m1', 'etcd:m1', etcdTarget('m1'))).toBe('the kubelet container is not running');
      await hosts.exec('m3', 'docker stop kubelet');
      expect(await problem('m2', 'etcd:m2', etcdTarget('m2'))).toMatch(/etcd is not healthy/);
      expect(await problem('m2', 'master:m2', masterTarget('m2'))).toMatch(/the API server is not ready.*etcd failed/);
      const node = 'docker exec kubelet /hyperkube kubectl get --raw /api/v1/nodes/10.99.0.11';
      expect(await hosts.exec('m2', node)).toMatchObject({ code: 1, stderr: expect.stringMatching(/was refused/) });
      await hosts.exec('m3', 'docker start kubelet');
      expect(await hosts.exec('m2', node)).toMatchObject({ stdout: expect.stringContaining('"status":"Unknown"') });
      await hosts.exec('m1', 'docker start kubelet');
      expect(await hosts.exec('m2', node)).toMatchObject({ stdout: expect.stringContaining('"status":"True"') });
    });

    it('takes everything down again', async () => {
      const { login, driver, hosts, file } = bed();
      const shared = driver();
      await clean(shared, login('w1'), 'worker:w1', workerTarget('w1'));
      await clean(shared, login('p1'), 'proxy:p1', proxyTarget('p1'));
      await Promise.all(MASTERS.map((name) => clean(shared, login(name), `master:${name}`, masterTarget(name))));
      await Promise.all(MASTERS.map((name) => clean(shared, login(name), `etcd:${name}`, etcdTarget(name))));
      await Promise.all(ALL.map((name) => clean(shared, login(name), `host:${name}`, prepareTarget(name))));
      for (const name of ALL) {
        expect(existsSync(file(name, 'etc/kubernetes'))).toBe(false);
        expect((await hosts.exec(name, 'docker ps -aq')).stdout).toBe('');
        expect(
          (await hosts.exec(name, 'ls var/lib/pai/stamps var/lib/pai/unfinished var/lib/pai/files')).stdout,
        ).not.toMatch(/%3A|sha256/);
      }
    });
  });
}

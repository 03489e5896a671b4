import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { expectEnd } from '../../whole/project.js';
import { eventually, type RigCluster } from '../cluster.js';
import { onHost } from '../rig.js';

/** Its data are gone, and so is the process that had them open. */
const DESTROY = 'rm -rf /var/lib/etcd/data; docker rm -f $(docker ps -qf name=^/k8s_etcd_)';

/** The members of etcd: looked at, saved, replaced, and all of them made anew. */
export function tellEtcd(cluster: () => RigCluster): void {
  describe('etcd of three masters', () => {
    const master = (index: number): string => cluster().masters[index] ?? '';
    let folder: string;
    let snapshot: string;

    it('tells how every member is, and refuses what would do harm', async () => {
      const { project } = cluster();
      const status = await project.pai('etcd', 'status');
      expect(status.code, status.text).toBe(0);
      expect(status.end).toMatchObject({ serves: true, quorum: 2, healthy: 3, mayFail: 1, problems: [] });
      const refusals: readonly (readonly [string, string])[] = [
        [master(0), 'is healthy'],
        [cluster().workers[0] ?? '', 'is a worker'],
        ['h99', "no host 'h99'"],
      ];
      for (const [host, words] of refusals) {
        const refused = await project.pai('etcd', 'fix', host);
        expect(refused.code, host).toBe(2);
        expect(refused.text, host).toContain(words);
      }
    });

    it('is saved to a file for its owner only, and only where none is', async () => {
      folder = await mkdtemp(path.join(tmpdir(), 'pai-rig-etcd-'));
      snapshot = path.join(folder, 'snapshot.db');
      await cluster().kubectl('create namespace before-the-backup');
      expectEnd(await cluster().project.pai('etcd', 'backup', '-f', snapshot), { failed: 0 });
      expect((await stat(snapshot)).mode & 0o777).toBe(0o600);
      expect((await cluster().project.pai('etcd', 'backup', '-f', snapshot)).code).toBe(2);
    });

    it('gets a new member in place of one that lost its data, also when pai is killed meanwhile', async () => {
      const { project } = cluster();
      await onHost(master(2), DESTROY);
      await eventually(async () => expect((await project.pai('etcd', 'status')).code).toBe(1));
      await killedIn(cluster(), `etcd-join:${master(2)}`, 'etcd', 'fix', master(2));
      // What ran on the host goes on; the next try takes over, or finds that nothing is left to do.
      const again = await project.pai('etcd', 'fix', master(2));
      if (again.code !== 0) expect(again.text).toContain('is healthy');
      await eventually(async () => expect((await project.pai('etcd', 'status')).code).toBe(0));
      expect(await cluster().etcdctl(master(2), 'get --keys-only --prefix /registry/namespaces/before')).toContain(
        '/registry/namespaces/before-the-backup',
      );
      // It can't come back under its ID if it loses its data again.
      expect(await onHost(master(2), 'cat /etc/kubernetes/manifests/etcd.yaml')).toContain('cluster-state=new');
      expect((await readdir(path.join(project.configuration, 'etcd-backups'))).length).toBeGreaterThan(1);
    });

    it('is made anew of a snapshot when most members have lost their data, and Kubernetes has what was written before', async () => {
      const { project } = cluster();
      await cluster().kubectl('create namespace after-the-backup');
      for (const host of [master(1), master(2)]) await onHost(host, DESTROY);
      await eventually(async () => expect((await project.pai('etcd', 'status')).end).toMatchObject({ serves: false }));
      const refused = await project.pai('etcd', 'fix', master(2));
      expect(refused.code).toBe(2);
      expect(refused.text).toContain('pai etcd restore');
      const damaged = path.join(folder, 'damaged.db');
      await writeFile(damaged, 'x'.repeat(4096 + 32));
      expect((await project.pai('etcd', 'restore', '-f', damaged, '--yes')).code).toBe(2);
      expectEnd(await project.pai('etcd', 'restore', '-f', snapshot, '--yes'), { failed: 0, skipped: 0 });
      await eventually(async () => {
        const namespaces = await cluster().kubectl('get namespaces -o name');
        expect(namespaces).toContain('before-the-backup');
        expect(namespaces).not.toContain('after-the-backup');
      });
      expect((await project.pai('etcd', 'status')).code).toBe(0);
      await cluster().kubectl('delete namespace before-the-backup --wait=false');
      await rm(folder, { recursive: true });
      await eventually(async () => {
        expectEnd(await project.pai('run', 'services'), { ran: 0, failed: 0, skipped: 0 });
      }, 300);
    });
  });
}

/** Kills pai (-9) two seconds after a step of a command has begun. */
async function killedIn({ project }: RigCluster, step: string, ...words: readonly string[]): Promise<void> {
  const child = project.start(...words);
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  let text = '';
  child.stdout?.on('data', (chunk: Buffer | string) => {
    text += chunk.toString();
    if (text.includes(`run   ${step}`)) setTimeout(() => child.kill('SIGKILL'), 2000);
  });
  await ended;
  expect(text).toContain(`run   ${step}`);
}

import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { load } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { expectEnd } from '../../whole/project.js';
import { whileAsking } from '../asking.js';
import { eventually, type RigCluster } from '../cluster.js';
import { hostAddress, onHost } from '../rig.js';

type Machine = Readonly<Record<string, string>>;

/** The first of three masters behind something: it goes, comes back, dies, and comes back with what it had. Afterwards it is the last of the list. */
export function tellFirstMaster(cluster: () => RigCluster): void {
  describe('the first master', () => {
    const pai = (...words: string[]) => cluster().project.pai(...words);
    const first = (): string => cluster().masters[0] ?? '';
    const second = (): string => cluster().masters[1] ?? '';
    const file = () => path.join(cluster().project.configuration, 'cluster-configuration.yaml');
    const list = () => path.join(cluster().project.configuration, 'first-master.yaml');
    const members = async () => {
      const told = await cluster().etcdctl(second(), 'member list');
      return told.split('\n').filter((line) => line.includes('started'));
    };
    const hasMember = async () => (await members()).some((line) => line.includes(`//${hostAddress(first())}:`));

    it('is kept while services count on it, and goes once another one has that part: the others and the API go on', async () => {
      const refused = await pai('nodes', 'remove', first());
      expect(refused.code, refused.text).toBe(2);
      expect(refused.text).toContain('pai-master');
      expect(await members()).toHaveLength(3);

      const configured = load(await readFile(file(), 'utf8')) as { readonly 'machine-list': readonly Machine[] };
      const own = configured['machine-list'].find(({ hostname }) => hostname === first()) ?? {};
      const { 'pai-master': _master, zkid: _zookeeper, ...rest } = own;
      const machines = configured['machine-list'].map((machine) => {
        if (machine.hostname === first()) return rest;
        return machine.hostname === second() ? { ...machine, 'pai-master': 'true', zkid: '1' } : machine;
      });
      await writeFile(file(), JSON.stringify({ ...configured, 'machine-list': machines }, null, 2));
      await writeFile(list(), JSON.stringify({ 'machine-list': [rest] }));
      expectEnd(await pai('run', 'services'), { failed: 0, skipped: 0 });

      const { asked, failed, outage } = await whileAsking(cluster(), async () => {
        const removed = await pai('nodes', 'remove', '-f', list());
        expectEnd(removed, { failed: 0, skipped: 0 });
      });
      // etcd may have to elect a leader, and the proxy starts once with another list: moments.
      const told = failed.map(({ message }) => message.trim().split('\n').at(-1)).join('\n');
      process.stderr.write(
        `first master removed: ${failed.length} of ${asked} requests failed, for ${outage} ms\n${told}\n`,
      );
      expect(outage, told).toBeLessThan(10_000);
      expect(await members()).toHaveLength(2);
      expect(await hasMember()).toBe(false);
      expect(await onHost(first(), 'docker ps -aq; ls -A /etc/kubernetes 2> /dev/null')).toBe('');
      expect(await cluster().kubectl('get nodes -o name')).not.toContain(hostAddress(first()));
      expect(await readFile(file(), 'utf8')).not.toContain(`"${first()}"`);
    });

    it('is not there for a second removal, and no run finds anything to do', async () => {
      const again = await pai('nodes', 'remove', '-f', list());
      expect(again.code, again.text).toBe(0);
      expect(again.text).toContain('is not in the configuration: nothing to do');
      expectEnd(await pai('run', 'services'), { failed: 0, skipped: 0 });
      expectEnd(await pai('run', 'services', 'kubernetes'), { ran: 0, failed: 0, skipped: 0 });
      expect((await pai('etcd', 'status')).end).toMatchObject({ serves: true, healthy: 2, problems: [] });
    });

    it('comes back as one of three', async () => {
      expectEnd(await pai('nodes', 'add', '-f', list()), { failed: 0, skipped: 0 });
      expect(await members()).toHaveLength(3);
      expect(await hasMember()).toBe(true);
      expectEnd(await pai('run', 'kubernetes'), { ran: 0, failed: 0, skipped: 0 });
    });

    it('whose host is dead is removed; when the host comes back with the data of a member that is none any more, it can be added again', async () => {
      await cluster().stop(first());
      await eventually(async () => {
        expect(await cluster().kubectl(`get node ${hostAddress(first())}`)).toContain('NotReady');
      }, 300);
      const removed = await pai('nodes', 'remove', first());
      expectEnd(removed, { failed: 0, skipped: 0 });
      expect(removed.text).toMatch(/can't be reached .* so it is not cleaned/);
      expect(await members()).toHaveLength(2);

      await cluster().start(first());
      // Its kubelet starts its old member, which is told that it is none, and ends, and so on.
      await eventually(async () => {
        const ended = "docker ps -aq --filter 'name=^/k8s_etcd_' --filter status=exited";
        expect(await onHost(first(), ended)).not.toBe('');
      }, 300);
      expect(await onHost(first(), 'ls /var/lib/etcd')).toContain('data\n');
      await cluster().kubectl('create configmap written-without-first');

      const added = await pai('nodes', 'add', '-f', list());
      expectEnd(added, { failed: 0, skipped: 0 });
      expect(added.text).toContain(`the member of etcd on ${first()} was taken out of the members`);
      expect(added.text).toMatch(/moving the data of etcd to \/var\/lib\/etcd\/data\.\d+T\d+Z/);
      expect(await onHost(first(), 'ls /var/lib/etcd')).toMatch(
        /^cluster-id\ndata\ndata\.\d+T\d+Z\n$|^data\ndata\.\d+T\d+Z\n$/,
      );
      expect(await members()).toHaveLength(3);
      expect(await hasMember()).toBe(true);
      const key = '/registry/configmaps/default/written-without-first';
      expect(await cluster().etcdctl(first(), `get --keys-only ${key}`)).toContain(key);
      expectEnd(await pai('run', 'services', 'kubernetes'), { failed: 0, skipped: 0 });
      expectEnd(await pai('run', 'services', 'kubernetes'), { ran: 0, failed: 0, skipped: 0 });
    });
  });
}

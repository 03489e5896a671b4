import { afterAll, beforeAll, expect, it } from 'vitest';
import { expectEnd, expectFailure } from '../whole/project.js';
import { SandboxProject } from './sandbox.js';

/** Data in a clean, and hosts that are down. Tests go in order. */
let project: SandboxProject;

beforeAll(async () => {
  project = await SandboxProject.create({ masters: 1, workers: 2, proxy: false });
  expectEnd(await project.pai('run', 'workers'), { failed: 0, skipped: 0 });
});
afterAll(() => project.remove());

const kept = () => project.onHost('master1', 'ls $ROOT/var/lib/etcd $ROOT/var/lib/pai/pki 2>/dev/null | wc -l');

it('shows before what goes and what stays', async () => {
  const stays = await project.says('clean', 'kubernetes', '--dry-run', '--sandbox');
  expect(stays.stdout).toMatch(/^keep {4}etcd:master1: \/var\/lib\/etcd, \/var\/lib\/pai\/pki, \/datastorage$/m);
  const goes = await project.says('clean', 'kubernetes', '--dry-run', '--delete-data', '--sandbox');
  expect(goes.stdout).toMatch(/^delete {2}worker:worker1: \/datastorage$/m);
});

it('refuses to delete data of targets that have none', async () => {
  const refused = await project.pai('clean', 'hosts', '--delete-data', '--yes');
  expect(refused.code).toBe(2);
  expect(refused.text).toContain('none of these targets keeps data that could be deleted');
  expect(refused.text).toContain('etcd:master1');
});

it('cleans the others when a host is down, which is told', async () => {
  await project.sandbox('fault', 'worker2', 'down');
  const result = await project.pai('clean', 'kubernetes');
  expectFailure(result, 'worker:worker2', 'HOST_UNREACHABLE', /worker2/);
  expect(result.ran).toEqual(expect.arrayContaining(['worker:worker1', 'master:master1', 'etcd:master1']));
  await project.sandbox('lift', 'worker2');
  expect((await project.pai('clean', 'kubernetes')).ran).toEqual(['worker:worker2']);
  expect(Number(await kept())).toBeGreaterThan(3);
});

it('deletes what an earlier clean has kept, once that is confirmed, and nothing of pai is left', async () => {
  await project.onHost('worker1', 'mkdir -p $ROOT/datastorage/a && echo b > $ROOT/datastorage/a/b');
  const refused = await project.pai('clean', 'kubernetes', 'hosts', '--delete-data');
  expect(refused.code).toBe(2);
  expect(refused.text).toContain('NOT_CONFIRMED');
  expect(Number(await kept())).toBeGreaterThan(3);
  expectEnd(await project.pai('clean', 'kubernetes', 'hosts', '--delete-data', '--yes'), { failed: 0, skipped: 0 });
  for (const host of ['master1', 'worker1', 'worker2']) {
    const left = 'ls -d $ROOT/var/lib/etcd $ROOT/var/lib/pai $ROOT/datastorage $ROOT/etc/kubernetes 2>/dev/null';
    expect(await project.onHost(host, left), host).toBe('');
  }
});

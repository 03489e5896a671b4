import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';

const script = path.resolve(import.meta.dirname, '../../../templates/host/etcd-join.sh');

/** How a master is found whose member may have been taken out of etcd while its host was away. */
interface Found {
  readonly data?: boolean;
  /** Its container runs at this moment. */
  readonly running?: boolean;
  readonly healthy?: boolean;
  /** Another member commits. */
  readonly partner?: boolean;
  /** What that one says of this host: its line in the list, none when it is no member, undefined when there is no answer. */
  readonly entry?: string | undefined;
}

let work: string;
beforeEach(() => {
  work = mkdtempSync(path.join(tmpdir(), 'pai-etcd-join-'));
});
afterEach(() => rmSync(work, { recursive: true }));

/** Runs the function with stand-ins for what it asks. Gives the folders of etcd afterwards, and which of the stand-ins was called that acts. */
function forget({ data = true, running = false, healthy = false, partner = true, entry }: Found) {
  const etcd = path.join(work, 'root/var/lib/etcd');
  mkdirSync(path.join(etcd, 'data'), { recursive: true });
  if (data) writeFileSync(path.join(etcd, 'data/wal'), 'what it knew');
  writeFileSync(path.join(work, 'partners'), 'served https://10.0.0.2:2379\n');
  const answer = (yes: boolean): string => (yes ? 'true' : 'false');
  const text = `set -eu
    ROOT=${work}/root HOST_NAME=m1
    say() { :; }
    . ${script}
    pod_container() { ${running ? 'echo container' : ':'}; }
    etcd_healthy() { ${answer(healthy)}; }
    etcd_partner() { partner=https://10.0.0.2:2379; ${answer(partner)}; }
    etcd_entry() { ${entry === undefined ? 'return 1' : `printf '%s' '${entry}'`}; }
    stop_pod() { echo "stops $1"; }
    etcd_forget_removed`;
  const { stdout, stderr, status } = spawnSync('sh', ['-c', text], { cwd: work, encoding: 'utf8' });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return { said: stdout, folders: readdirSync(etcd) };
}

const MOVED = expect.stringMatching(/^data\.\d{8}T\d{6}Z$/);
const MEMBER = 'a1, started, e1, https://10.0.0.1:2380, https://10.0.0.1:2379, false';

describe('data of a member that was taken out of etcd while its host was away', () => {
  test('are moved aside, not deleted', () => {
    expect(forget({ entry: '' }).folders).toEqual([MOVED]);
  });

  test('are moved aside also in a moment in which kubelet has started that member once more: it is stopped before', () => {
    expect(forget({ running: true, entry: '' })).toEqual({ said: 'stops etcd\n', folders: [MOVED] });
  });

  test.each<[string, Found]>([
    ['while its member is one', { entry: MEMBER }],
    ['while it commits', { running: true, healthy: true, entry: '' }],
    ['while no other member commits', { partner: false, entry: '' }],
    ['while the others do not tell who the members are', {}],
  ])('stay %s', (_when, found) => {
    expect(forget(found)).toEqual({ said: '', folders: ['data'] });
  });
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectEnd } from '../whole/project.js';
import { RigCluster, shape } from './cluster.js';
import { tellEtcd } from './parts/etcd.js';
import { tellFirstMaster } from './parts/first-master.js';
import { tellLostMaster } from './parts/lost-master.js';
import { tellNodes } from './parts/nodes.js';
import { tellPki } from './parts/pki.js';
import { tellRolling } from './parts/rolling.js';
import { onHost } from './rig.js';

/**
 * What operators do to a cluster of three masters behind a proxy, and a worker, in its life. Tests go in order; each part starts from a healthy cluster
 * and leaves one. `PAI_RIG_PARTS=etcd,nodes` tells only these. Needs `npm run rig:up`; takes a quarter of an hour on two cores.
 */
const PARTS: Readonly<Record<string, (cluster: () => RigCluster) => void>> = {
  rolling: tellRolling,
  'lost-master': tellLostMaster,
  pki: tellPki,
  etcd: tellEtcd,
  nodes: tellNodes,
  'first-master': tellFirstMaster,
};
const chosen = process.env.PAI_RIG_PARTS?.split(',') ?? Object.keys(PARTS);
let cluster: RigCluster;

beforeAll(async () => {
  cluster = await RigCluster.create(shape(5, 3, 1, 1));
});
afterAll(() => cluster.remove());

describe('the life of a cluster', () => {
  it('begins on bare hosts', async () => {
    expectEnd(await cluster.project.pai('run', 'services'), { failed: 0, skipped: 0 });
  });

  for (const part of chosen) PARTS[part]?.(() => cluster);

  it('ends with hosts on which nothing of it runs', async () => {
    expectEnd(await cluster.project.pai('clean', 'kubernetes'), { failed: 0, skipped: 0 });
    for (const host of cluster.hosts)
      expect(await onHost(host, 'docker ps -aq; ls -A /etc/kubernetes 2>/dev/null'), host).toBe('');
  });
});

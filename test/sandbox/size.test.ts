import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectEnd } from '../whole/project.js';
import { SandboxProject } from './sandbox.js';

describe('a hundred workers, simulated without shells', () => {
  const workers = 100;
  // host: and worker: of each; host:, etcd: and master: of the masters; host: and proxy: of the proxy; seven of the cluster.
  const targets = 2 * workers + 3 * 3 + 2 + 7;
  let project: SandboxProject;

  beforeAll(async () => {
    project = await SandboxProject.create({ masters: 3, workers, proxy: true, inProcess: true });
  });
  afterAll(() => project.remove());

  it('come up in one run, without a warning', async () => {
    const result = await project.pai('run', 'services');
    expectEnd(result, { ran: targets, fresh: 0, failed: 0, skipped: 0 });
    expect(result.text).not.toMatch(/Warning/);
    const status = await project.sandbox('status');
    expect(status.match(/^ {2}worker\d+ +10\.\S+ +kubelet runs$/gm)).toHaveLength(workers);
    expect(status).toContain('hosts (simulated)       in process, without a shell');
  });

  it('have nothing to do a second time', async () => {
    expectEnd(await project.pai('run', 'services'), { ran: 0, fresh: targets, failed: 0, skipped: 0 });
  });

  it('become more: only what is new runs, and the service that has the machines in its configuration', async () => {
    expect(await project.sandbox('grow', '--workers', '2')).toContain('102 workers');
    const result = await project.pai('run', 'services');
    expectEnd(result, { failed: 0, skipped: 0 });
    expect([...result.ran].sort()).toEqual([
      'host:worker101',
      'host:worker102',
      'service:cluster-configuration',
      'worker:worker101',
      'worker:worker102',
    ]);
  });

  it('are repaired where one is broken', async () => {
    await project.sandbox('fault', 'worker77', 'kubelet-dead');
    await project.sandbox('fault', 'worker50', 'wipe');
    const result = await project.pai('run', 'services');
    expectEnd(result, { failed: 0, skipped: 0 });
    expect([...result.ran].sort()).toEqual(['host:worker50', 'worker:worker50', 'worker:worker77']);
  });
});

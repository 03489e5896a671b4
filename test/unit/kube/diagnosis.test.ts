import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KubeClient } from '../../../src/kube/client.js';
import { describePods } from '../../../src/kube/diagnosis.js';
import { KubeObjects } from '../../../src/kube/objects.js';
import { FakeApiServer } from './fake-api-server.js';

let folder: string;
let server: FakeApiServer;

beforeEach(async () => {
  folder = await mkdtemp(path.join(tmpdir(), 'pai-kube-test-'));
});

afterEach(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const REMOVED = 'unable to retrieve container logs for docker://0123';

const crashing = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'pylon-1', namespace: 'default' },
  spec: { nodeName: '10.0.0.1' },
  status: {
    phase: 'Running',
    containerStatuses: [
      {
        name: 'pylon',
        ready: false,
        restartCount: 2,
        state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } },
        lastState: { terminated: { exitCode: 1, reason: 'Error' } },
      },
    ],
  },
};

/** Describes the pod, with these logs, one an answer; the last stays. Events: none. */
async function describeWith(...logs: readonly string[]): Promise<readonly string[]> {
  let asked = 0;
  server = await FakeApiServer.start(folder, ({ path: place }) => {
    if (place.endsWith('/log')) return { body: logs[Math.min(asked++, logs.length - 1)] ?? '' };
    return { body: { kind: 'EventList', apiVersion: 'v1', items: [] } };
  });
  const client = new KubeClient(async () => server.credentials, 5);
  try {
    return await describePods(new KubeObjects(client), [crashing], new AbortController().signal);
  } finally {
    await client.close();
  }
}

describe('the description of a pod that does not come up', () => {
  it('has the last lines of its container', async () => {
    const lines = await describeWith('one\ntwo\n');
    expect(lines.slice(1)).toEqual(['  | one', '  | two']);
  });

  it('asks again when kubelet removed the container between the question and the answer', async () => {
    const lines = await describeWith(REMOVED, REMOVED, 'the reason\n');
    expect(lines.slice(1)).toEqual(['  | the reason']);
  });

  it('has no lines when the container stays removed, and still says why it is not ready', async () => {
    const lines = await describeWith(REMOVED);
    expect(lines).toHaveLength(1);
    expect(lines[0]).toContain('pod pylon-1 on node 10.0.0.1: container pylon');
  });
});

import { describe, expect, it } from 'vitest';
import { rolloutOf } from '../../../src/kube/rollout-status.js';
import type { JsonObject } from '../../../src/model/json.js';

function workload(kind: string, spec: JsonObject, status: JsonObject, generation = 1): JsonObject {
  return { kind, metadata: { generation }, spec, status: { observedGeneration: 1, ...status } };
}

const progressOf = (object: JsonObject) => {
  const rollout = rolloutOf(object);
  return rollout.state === 'waiting' ? rollout.progress : rollout.state;
};

describe('the rollout of a Deployment', () => {
  it('waits for its controller to see the newest generation', () => {
    const complete = { replicas: 1, updatedReplicas: 1, availableReplicas: 1 };
    expect(progressOf(workload('Deployment', { replicas: 1 }, complete, 2))).toBe('not yet seen by its controller');
  });

  it.each([
    [{ replicas: 2, updatedReplicas: 1, availableReplicas: 2 }, '1 of 2 pods updated'],
    [{ replicas: 2, updatedReplicas: 2, availableReplicas: 1 }, '1 of 2 pods ready'],
    [{ replicas: 3, updatedReplicas: 2, availableReplicas: 2 }, '1 old pod left'],
    [{ replicas: 2, updatedReplicas: 2, availableReplicas: 2 }, 'complete'],
    [{}, '0 of 2 pods updated'],
  ])('with status %j is: %s', (status, progress) => {
    expect(progressOf(workload('Deployment', { replicas: 2 }, status))).toBe(progress);
  });

  it('without a number of replicas has one', () => {
    expect(progressOf(workload('Deployment', {}, {}))).toBe('0 of 1 pod updated');
  });

  it('with no replicas wanted is complete', () => {
    expect(progressOf(workload('Deployment', { replicas: 0 }, {}))).toBe('complete');
  });
});

describe('the rollout of a DaemonSet', () => {
  const status = { desiredNumberScheduled: 3, updatedNumberScheduled: 3, numberAvailable: 3 };

  it('is complete when the pod of every node is updated and ready', () => {
    expect(progressOf(workload('DaemonSet', {}, status))).toBe('complete');
    expect(progressOf(workload('DaemonSet', {}, { ...status, updatedNumberScheduled: 1 }))).toBe('1 of 3 pods updated');
    expect(progressOf(workload('DaemonSet', {}, { ...status, numberAvailable: 0 }))).toBe('0 of 3 pods ready');
  });

  it('does not wait for updates that its author leaves to others', () => {
    const spec = { updateStrategy: { type: 'OnDelete' } };
    expect(progressOf(workload('DaemonSet', spec, { ...status, updatedNumberScheduled: 0 }))).toBe('complete');
  });

  it.each([
    [{ nodeSelector: { machinetype: 'gpu', zone: 'a' } }, 'no node matches nodeSelector machinetype=gpu,zone=a'],
    [{ affinity: { nodeAffinity: {} } }, 'no node matches its nodeAffinity'],
    [{}, 'no node can run it'],
  ])('for which no node matches %j says: %s', (podSpec, problem) => {
    const spec = { template: { spec: podSpec } };
    expect(rolloutOf(workload('DaemonSet', spec, {}))).toEqual({ state: 'empty', problem });
  });
});

describe('the rollout of a StatefulSet', () => {
  const current = { currentRevision: 'a', updateRevision: 'a' };
  const updating = { currentRevision: 'a', updateRevision: 'b' };

  it.each([
    [{ ...current, readyReplicas: 2 }, 'complete'],
    [{ ...current, readyReplicas: 1 }, '1 of 2 pods ready'],
    [{ ...updating, updatedReplicas: 1, readyReplicas: 2 }, '1 of 2 pods updated'],
    [{ ...updating, updatedReplicas: 2, readyReplicas: 2 }, 'complete'],
  ])('with status %j is: %s', (status, progress) => {
    expect(progressOf(workload('StatefulSet', { replicas: 2 }, status))).toBe(progress);
  });

  it('stops at its partition', () => {
    const spec = { replicas: 3, updateStrategy: { rollingUpdate: { partition: 2 } } };
    expect(progressOf(workload('StatefulSet', spec, { ...updating, updatedReplicas: 1, readyReplicas: 3 }))).toBe(
      'complete',
    );
  });
});

describe('the rollout of a Job', () => {
  it('is complete when the job is', () => {
    const conditions = [{ type: 'Complete', status: 'True' }];
    expect(progressOf(workload('Job', {}, { conditions }))).toBe('complete');
  });

  it('tells done and failed tries while it runs', () => {
    expect(progressOf(workload('Job', { completions: 3 }, { succeeded: 1, failed: 2 }))).toBe(
      '1 of 3 pods done, 2 failed',
    );
  });

  it('that failed says why', () => {
    const conditions = [{ type: 'Failed', status: 'True', reason: 'DeadlineExceeded', message: 'too long' }];
    expect(rolloutOf(workload('Job', {}, { conditions }))).toEqual({
      state: 'failed',
      problem: 'the job failed: DeadlineExceeded: too long',
    });
  });
});

describe('the rollout of anything else', () => {
  it('of a Pod is complete when it is ready or succeeded', () => {
    const conditions = [{ type: 'Ready', status: 'True' }];
    expect(progressOf({ kind: 'Pod', status: { phase: 'Running', conditions } })).toBe('complete');
    expect(progressOf({ kind: 'Pod', status: { phase: 'Succeeded' } })).toBe('complete');
    expect(progressOf({ kind: 'Pod', status: { phase: 'Running' } })).toBe('0 of 1 pod ready');
    expect(progressOf({ kind: 'Pod', status: { phase: 'Failed' } })).toBe('failed');
  });

  it('of what has no pods is complete', () => {
    expect(progressOf({ kind: 'ConfigMap' })).toBe('complete');
  });
});

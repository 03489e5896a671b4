import { describe, expect, it } from 'vitest';
import { isFatal, podTrouble, type Trouble } from '../../../src/kube/pod-trouble.js';
import { ROLLOUT_TIMES } from '../../../src/kube/rollout.js';
import type { JsonObject } from '../../../src/model/json.js';

const { graces } = ROLLOUT_TIMES;

function podWith(status: JsonObject): JsonObject {
  return { status: { containerStatuses: [{ name: 'main', restartCount: 0, ...status }] } };
}

const waiting = (reason: string, message: string) => podWith({ state: { waiting: { reason, message } } });

describe('the trouble of a pod', () => {
  it.each([
    ['ErrImagePull', 'image'],
    ['ImagePullBackOff', 'image'],
    ['InvalidImageName', 'bad-image-name'],
    ['ErrImageNeverPull', 'bad-image-name'],
    ['CreateContainerConfigError', 'container-config'],
    ['RunContainerError', 'container-config'],
    ['CrashLoopBackOff', 'crash'],
  ])('that waits because of %s is of kind %s', (reason, kind) => {
    expect(podTrouble(waiting(reason, 'why'))).toMatchObject({ kind, reason, container: 'main' });
  });

  it('that is only being created is none', () => {
    expect(podTrouble(waiting('ContainerCreating', ''))).toBeUndefined();
    expect(podTrouble(waiting('PodInitializing', ''))).toBeUndefined();
    expect(podTrouble({})).toBeUndefined();
  });

  it('whose kubelet has not heard of the services yet is none: it will', () => {
    const message = 'services have not yet been read at least once, cannot construct envvars';
    expect(podTrouble(waiting('CreateContainerConfigError', message))).toBeUndefined();
  });

  it('of a container that finished well is none', () => {
    expect(podTrouble(podWith({ state: { terminated: { exitCode: 0, reason: 'Completed' } } }))).toBeUndefined();
  });

  it('of an init container is found too', () => {
    const status = { name: 'setup', restartCount: 1, state: { terminated: { exitCode: 2, reason: 'Error' } } };
    expect(podTrouble({ status: { initContainerStatuses: [status] } })).toMatchObject({
      kind: 'crash',
      container: 'setup',
      restarts: 1,
    });
  });

  it.each([
    [{ exitCode: 1 }, 'it exited with code 1'],
    [{ exitCode: 1, message: 'no config\n' }, 'it exited with code 1: no config'],
    [{ exitCode: 137, signal: 9 }, 'it was ended by signal 9'],
    [{ exitCode: 137, reason: 'OOMKilled' }, 'it exited with code 137 (out of memory: OOMKilled)'],
  ])('after the end %j says: %s', (terminated, message) => {
    const pod = podWith({
      state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } },
      lastState: { terminated },
    });
    expect(podTrouble(pod)?.message).toBe(message);
  });

  it('that no node takes carries the message of the scheduler', () => {
    const message = '0/2 nodes are available';
    const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message }];
    expect(podTrouble({ status: { conditions } })).toMatchObject({ kind: 'unschedulable', message });
  });
});

describe('trouble is fatal', () => {
  const trouble = (kind: Trouble['kind'], restarts = 0): Trouble => ({ kind, reason: '', message: '', restarts });

  it('for an image after 25 seconds, because registries have bad moments', () => {
    expect(isFatal(trouble('image'), 24, 0, graces)).toBe(false);
    expect(isFatal(trouble('image'), 25, 0, graces)).toBe(true);
  });

  it('for scheduling after 30 seconds', () => {
    expect(isFatal(trouble('unschedulable'), 29, 0, graces)).toBe(false);
    expect(isFatal(trouble('unschedulable'), 30, 0, graces)).toBe(true);
  });

  it('at once for a name that is none', () => {
    expect(isFatal(trouble('bad-image-name'), 0, 0, graces)).toBe(true);
  });

  it('for a crash at the second restart, and only if that happened under our eyes', () => {
    expect(isFatal(trouble('crash', 1), 100, 0, graces)).toBe(false);
    expect(isFatal(trouble('crash', 2), 0, 0, graces)).toBe(true);
    expect(isFatal(trouble('crash', 7), 100, 7, graces)).toBe(false);
    expect(isFatal(trouble('crash', 8), 0, 7, graces)).toBe(true);
  });
});

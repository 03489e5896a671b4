import { describe, expect, test } from 'vitest';
import { awayNodes } from '../../../src/kube/away-nodes.js';
import { rolloutOf } from '../../../src/kube/rollout-status.js';
import type { JsonObject } from '../../../src/model/json.js';

const node = (ready: string, labels: Record<string, string> = {}): JsonObject => ({
  metadata: { labels },
  status: { conditions: [{ type: 'Ready', status: ready }] },
});

function daemonSet(wanted: number, ready: number, spec: JsonObject = {}): JsonObject {
  const status = { desiredNumberScheduled: wanted, updatedNumberScheduled: ready, numberAvailable: ready };
  return { kind: 'DaemonSet', metadata: {}, spec: { template: { spec } }, status };
}

describe('pods of a DaemonSet on nodes that are not Ready', () => {
  test('are not waited for, and all others are', () => {
    const nodes = [node('True'), node('True'), node('Unknown')];
    const state = (ready: number) => {
      const object = daemonSet(3, ready);
      return rolloutOf(object, awayNodes(object, nodes)).state;
    };
    expect([state(3), state(2), state(1)]).toEqual(['complete', 'complete', 'waiting']);
    expect(rolloutOf(daemonSet(3, 2)).state).toBe('waiting');
  });

  test('count only where it wants a pod', () => {
    const nodes = [node('False', { gpu: 'yes' }), node('Unknown'), node('True', { gpu: 'yes' })];
    expect(awayNodes(daemonSet(3, 1), nodes)).toBe(2);
    expect(awayNodes(daemonSet(2, 1, { nodeSelector: { gpu: 'yes' } }), nodes)).toBe(1);
    expect(awayNodes(daemonSet(2, 1, { affinity: { nodeAffinity: {} } }), nodes)).toBe(0);
  });

  test('of which no node can run any, nothing is fine', () => {
    expect(rolloutOf(daemonSet(0, 0), 2).state).toBe('empty');
  });
});

import { describe, expect, it } from 'vitest';
import { whyUnschedulable } from '../../../src/kube/unschedulable.js';
import type { JsonObject } from '../../../src/model/json.js';

const conditions = [{ type: 'Ready', status: 'True' }];
const node = (name: string, more: { labels?: JsonObject; spec?: JsonObject; allocatable?: JsonObject } = {}) => ({
  metadata: { name, labels: more.labels ?? {} },
  spec: more.spec ?? {},
  status: { conditions, allocatable: { cpu: '4', memory: '8Gi', pods: '110', ...more.allocatable } },
});
const pod = (spec: JsonObject = {}) => ({ metadata: { name: 'p' }, spec });
const asking = (requests: JsonObject, nodeName?: string) =>
  pod({ containers: [{ resources: { requests } }], ...(nodeName === undefined ? {} : { nodeName }) });
const affinity = (...terms: readonly JsonObject[]) => {
  const required = { nodeSelectorTerms: [...terms] };
  return pod({ affinity: { nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: required } } });
};

describe('why no node takes a pod', () => {
  it('is a label that is missing, or another value of it', () => {
    const lines = whyUnschedulable(
      pod({ nodeSelector: { type: 'gpu' } }),
      [node('n1'), node('n2', { labels: { type: 'cpu' } }), node('n3')],
      [],
    );
    expect(lines).toEqual(['nodes n1, n3: lacks the label type=gpu', 'node n2: lacks the label type=gpu (it is cpu)']);
  });

  it('is an affinity that does not match; one of several terms is enough', () => {
    const term = (operator: string, ...values: string[]) => ({ matchExpressions: [{ key: 'type', operator, values }] });
    const nodes = [node('n1', { labels: { type: 'cpu' } })];
    expect(whyUnschedulable(affinity(term('In', 'gpu')), nodes, [])).toEqual([
      'node n1: lacks the label type=gpu (it is cpu)',
    ]);
    expect(whyUnschedulable(affinity(term('NotIn', 'cpu', 'x')), nodes, [])).toEqual([
      'node n1: lacks the label type NotIn cpu, x (it is cpu)',
    ]);
    expect(whyUnschedulable(affinity(term('In', 'gpu'), term('Exists')), nodes, [])).toEqual([
      'node n1: nothing of this is missing',
    ]);
  });

  it('is a taint that the pod does not tolerate', () => {
    const taints = [
      { key: 'dedicated', value: 'infra', effect: 'NoSchedule' },
      { key: 'soft', effect: 'PreferNoSchedule' },
    ];
    const why = (tolerations: readonly JsonObject[]) =>
      whyUnschedulable(pod({ tolerations: [...tolerations] }), [node('n1', { spec: { taints } })], []);
    const told = ['node n1: has the taint dedicated=infra:NoSchedule, which the pod does not tolerate'];
    expect(why([])).toEqual(told);
    expect(why([{ key: 'dedicated', value: 'other' }])).toEqual(told);
    expect(why([{ key: 'dedicated', operator: 'Exists', effect: 'NoExecute' }])).toEqual(told);
    const none = ['node n1: nothing of this is missing'];
    expect(why([{ operator: 'Exists' }])).toEqual(none);
    expect(why([{ key: 'dedicated', value: 'infra', effect: 'NoSchedule' }])).toEqual(none);
  });

  it('is a resource of which too little is free, with what other pods took', () => {
    const nodes = [node('n1'), node('n2')];
    const ended = { ...asking({ memory: '8Gi' }, 'n2'), status: { phase: 'Succeeded' } };
    const pods = [asking({ memory: '6Gi', cpu: '500m' }, 'n1'), ended];
    expect(whyUnschedulable(asking({ memory: '4Gi', cpu: 2 }), nodes, pods)).toEqual([
      'node n1: has 2Gi memory free, and the pod asks for 4Gi',
      'node n2: nothing of this is missing',
    ]);
    expect(whyUnschedulable(asking({ 'nvidia.com/gpu': '1' }), nodes.slice(0, 1), [])).toEqual([
      'node n1: has 0 nvidia.com/gpu free, and the pod asks for 1',
    ]);
  });

  it('is a node that is full, cordoned or not Ready', () => {
    const nodes = [
      node('full', { allocatable: { pods: '1' } }),
      node('cordoned', {
        spec: { unschedulable: true, taints: [{ key: 'node.kubernetes.io/unschedulable', effect: 'NoSchedule' }] },
      }),
      { ...node('away'), status: { conditions: [{ type: 'Ready', status: 'Unknown' }] } },
    ];
    expect(whyUnschedulable(pod(), nodes, [asking({}, 'full')])).toEqual([
      'node full: runs 1 pods, the most that it may',
      'node cordoned: takes no new pods (cordoned)',
      'node away: is not Ready',
    ]);
  });

  it('of a pod of a DaemonSet is asked of its node only', () => {
    const term = { matchFields: [{ key: 'metadata.name', operator: 'In', values: ['n2'] }] };
    expect(whyUnschedulable(affinity(term), [node('n1'), node('n2', { spec: { unschedulable: true } })], [])).toEqual([
      'node n2: takes no new pods (cordoned)',
    ]);
  });

  it('stays on one screen', () => {
    const nodes = Array.from({ length: 30 }, (_, index) => node(`n${index}`, { labels: { type: `t${index % 20}` } }));
    const lines = whyUnschedulable(pod({ nodeSelector: { type: 'x' } }), nodes, []);
    expect(lines).toHaveLength(9);
    expect(lines.at(-1)).toBe('and 12 more reasons');
  });
});

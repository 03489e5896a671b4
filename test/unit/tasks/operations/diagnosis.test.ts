import type { Host, PlanEntry, Reason } from 'pai';
import { describe, expect, test } from 'vitest';
import { diagnose, targetsOf } from '../../../../tasks/operations/diagnosis.js';

const host = (name: string, role: Host['role']): Host => ({ name, role, nodeName: `10.0.0.${name.slice(1)}` }) as Host;
const masters = ['m1', 'm2', 'm3'].map((name) => host(name, 'master'));
const worker = host('w9', 'worker');

const unhealthy = (problem: string): Reason => ({ kind: 'unhealthy', problem });
const entry = (name: string, ...reasons: Reason[]): PlanEntry => {
  const isUnknown = reasons.some(({ kind }) => kind === 'unreachable');
  return { name, reasons, mayBeCutOff: false, state: isUnknown ? 'unknown' : reasons.length > 0 ? 'stale' : 'fresh' };
};

/** What is found, as `target: cure`, when these targets are not fresh and all others are. */
function found(
  open: readonly PlanEntry[],
  nodes: { notReady?: readonly string[]; known?: readonly string[] } = {},
): string[] {
  const hosts = [...masters, worker];
  const byName = new Map(open.map((one) => [one.name, one]));
  const entries = hosts.flatMap(targetsOf).map((name) => byName.get(name) ?? entry(name));
  const known = new Set(nodes.known ?? hosts.map(({ nodeName }) => nodeName));
  const findings = diagnose({ hosts, entries, notReady: new Set(nodes.notReady), known, members: 3 });
  return findings.map(({ target, cure, newKubelet, quorum }) => {
    return `${target}: ${cure}${newKubelet ? ', new kubelet' : ''}${quorum === false ? ', no quorum' : ''}`;
  });
}

describe('a diagnosis', () => {
  test('finds nothing where all is well', () => {
    expect(found([])).toEqual([]);
  });

  test('leaves what is only to be changed to a run', () => {
    expect(found([entry('worker:w9', { kind: 'changed', parts: [] })])).toEqual(['worker:w9: change']);
    expect(found([entry('worker:w9', { kind: 'need-stale', target: 'pki' })])).toEqual([]);
  });

  test('repairs what is unhealthy or unfinished', () => {
    expect(
      found([
        entry('master:m1', unhealthy('/etc/kubernetes/manifests/kube-apiserver.yaml was changed or removed by hand')),
        entry('worker:w9', { kind: 'unfinished' }),
      ]),
    ).toEqual(['master:m1: repair', 'worker:w9: repair']);
  });

  test('takes a kubelet away that runs while its node is not Ready, be the probe content or not', () => {
    const { nodeName } = worker;
    expect(found([], { notReady: [nodeName] })).toEqual(['worker:w9: repair, new kubelet']);
    expect(found([entry('worker:w9', unhealthy(`node ${nodeName} is not Ready: PLEG`))])).toEqual([
      'worker:w9: repair, new kubelet',
    ]);
    expect(found([], { notReady: ['10.0.0.2'] })).toEqual(['etcd:m2: repair, new kubelet']);
    const down = entry('worker:w9', unhealthy('the kubelet container is not running'));
    expect(found([down], { notReady: [nodeName] })).toEqual(['worker:w9: repair']);
  });

  test('leaves a broken member of etcd alone, and the control plane beside it', () => {
    const broken = (name: string) =>
      entry(`etcd:${name}`, unhealthy('error: etcd is not healthy: context deadline exceeded'));
    const api = entry('master:m2', unhealthy('the API server is not ready'));
    expect(found([broken('m2'), api])).toEqual(['etcd:m2: etcd', 'master:m2: wait']);
    expect(found([broken('m1'), broken('m2')])).toEqual(['etcd:m1: etcd, no quorum', 'etcd:m2: etcd, no quorum']);
    // Its kubelet is gone, its data is not.
    expect(found([entry('etcd:m2', unhealthy('the kubelet container is not running'))])).toEqual(['etcd:m2: repair']);
  });

  test('tells a host that lost everything from one that was never set up', () => {
    const gone = [entry('host:w9', { kind: 'never-applied' }), entry('worker:w9', { kind: 'never-applied' })];
    expect(found(gone)).toEqual(['host:w9: repair', 'worker:w9: repair']);
    expect(found(gone, { known: [] })).toEqual(['host:w9: change', 'worker:w9: change']);
    // An empty member must not start again as the one that the others remember.
    expect(found([entry('etcd:m1', { kind: 'never-applied' })])).toEqual(['etcd:m1: etcd']);
  });

  test('tells what is out of reach', () => {
    const reason: Reason = { kind: 'unreachable', problem: 'no route' };
    expect(found([entry('host:w9', reason)], { notReady: [worker.nodeName] })).toEqual([
      'host:w9: unreachable',
      'worker:w9: repair, new kubelet',
    ]);
    expect(found([entry('host:w9', reason), entry('worker:w9', reason)], { notReady: [worker.nodeName] })).toEqual([
      'host:w9: unreachable',
      'worker:w9: unreachable',
    ]);
  });
});

import type { Action, ApplyContext, Drivers, Host, Observation, Stamp } from 'pai';
import { PaiError } from 'pai';
import { describe, expect, test } from 'vitest';
import { drained } from '../../../tasks/drained.js';

const host = { name: 'w1', nodeName: '10.0.0.1' } as Host;
const stamp = (parts: Record<string, string>): Stamp => {
  return { format: 1, target: 'worker:w1', fingerprint: JSON.stringify(parts), output: '', parts, run: 'r' };
};

/** What happened, in order, when a target of these parts is applied over what was seen. */
async function apply(
  seen: Observation,
  parts: Record<string, string>,
  fails: { drain?: PaiError; apply?: Error; uncordon?: PaiError } = {},
): Promise<{ story: string[]; error?: unknown }> {
  const story: string[] = [];
  const step = (name: keyof typeof fails) => {
    story.push(name);
    const error = fails[name];
    if (error !== undefined) throw error;
  };
  const kube = {
    drain: async (_: string, { by }: { by?: string }) => {
      expect(by).toBe('worker:w1');
      step('drain');
    },
    uncordon: async (_: string, __: unknown, by?: string) => {
      expect(by).toBe('worker:w1');
      step('uncordon');
    },
  };
  const action = {
    pools: [],
    observe: async () => seen,
    desired: async () => ({
      parts: [],
      apply: async (context: ApplyContext) => {
        step('apply');
        return context.stamp();
      },
    }),
    clean: async () => undefined,
  } satisfies Action;
  const context = {
    target: 'worker:w1',
    drivers: { kube } as unknown as Drivers,
    outputs: new Map(),
    signal: new AbortController().signal,
    log: () => undefined,
    stamp: () => stamp(parts),
  } satisfies ApplyContext;
  const desired = await drained(action, host).desired(context);
  return desired.apply(context).then(
    () => ({ story }),
    (error) => ({ story, error }),
  );
}

const seen = (more: object = {}): Observation => ({ kind: 'known', present: true, stamp: stamp({ a: '1' }), ...more });

describe('a change of kubelet', () => {
  test('on a node that is well: its pods leave before, and it takes pods again after', async () => {
    expect((await apply(seen(), { a: '2' })).story).toEqual(['drain', 'apply', 'uncordon']);
  });

  test('that fails: the node takes pods again, and the failure is told', async () => {
    const failure = new Error('no space');
    expect(await apply(seen(), { a: '2' }, { apply: failure })).toEqual({
      story: ['drain', 'apply', 'uncordon'],
      error: failure,
    });
  });

  test('whose pods do not leave is not made', async () => {
    const drain = new PaiError('TIMEOUT', 'a pod did not leave', { details: ['pod a/b: its budget'], next: '--force' });
    const { story, error } = await apply(seen(), { a: '2' }, { drain });
    expect(story).toEqual(['drain', 'uncordon']);
    expect(error).toMatchObject({ code: 'TIMEOUT', message: drain.message, details: drain.details });
    // A run has no --force for this.
    expect((error as PaiError).next).not.toContain('--force');
  });

  test('on a node that is new, or not well, is made at once', async () => {
    expect((await apply({ kind: 'known', present: false }, { a: '2' })).story).toEqual(['apply']);
    expect((await apply(seen({ problem: 'not running' }), { a: '2' })).story).toEqual(['apply', 'uncordon']);
  });

  test('after a try that was cut off ends what that began, if there is a Kubernetes to ask', async () => {
    const unfinished: Observation = { kind: 'known', present: true };
    expect((await apply(unfinished, { a: '2' })).story).toEqual(['apply', 'uncordon']);
    const uncordon = new PaiError('KUBE_UNREACHABLE', 'no answer');
    expect(await apply(unfinished, { a: '2' }, { uncordon })).toEqual({ story: ['apply', 'uncordon'] });
  });

  test('is none when only etcd or haproxy beside it is another', async () => {
    const etcd = 'file root/etc/kubernetes/manifests/etcd.yaml';
    const before: Observation = { kind: 'known', present: true, stamp: stamp({ a: '1', [etcd]: '1' }) };
    expect((await apply(before, { a: '1', [etcd]: '2' })).story).toEqual(['apply']);
    expect((await apply(before, { a: '2', [etcd]: '2' })).story).toEqual(['drain', 'apply', 'uncordon']);
  });
});

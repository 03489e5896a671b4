import type { Drivers, KubeNode, OperationContext, OperationOptions, OperationPlan } from 'pai';
import { describe, expect, it } from 'vitest';
import { PaiError } from '../../../../src/model/errors.js';
import { nodeOperations } from '../../../../tasks/operations/nodes.js';
import { pruneOperations } from '../../../../tasks/operations/prune.js';
import { FIXTURE, load } from '../../cluster/configuration-fixture.js';

const dead = new PaiError('HOST_UNREACHABLE', 'w1 (10.1.0.11) does not answer');

interface World {
  readonly nodes: readonly Partial<KubeNode>[];
  /** For which anything was applied; the paifile has `service:pylon`. */
  readonly targets?: readonly string[];
  /** What a host says when it is asked; by default it is well. */
  readonly trouble?: PaiError;
  readonly options?: OperationOptions;
  readonly words?: readonly string[];
}

/** A context whose drivers are fakes that only look. */
function contextOf({ nodes, targets = [], trouble, options = {}, words = ['w1'] }: World): OperationContext {
  const drivers = {
    kube: {
      nodes: async () => nodes.map((node) => ({ ready: true, unschedulable: false, labels: {}, ...node })),
      targets: async () => targets,
    },
    hosts: {
      ask: async () => {
        if (trouble !== undefined) throw trouble;
        return '';
      },
    },
    templates: { read: async () => new Uint8Array() },
  };
  return {
    drivers: drivers as unknown as Drivers,
    words,
    options,
    assess: async () => [],
    isTarget: (name) => name === 'service:pylon',
    print: () => undefined,
    signal: new AbortController().signal,
    log: () => undefined,
  } as OperationContext;
}

async function planOf(operation: 'nodes remove' | 'prune', world: World): Promise<OperationPlan> {
  // Tasks see the types of the build, which are the same by another name.
  const cluster = (await load(FIXTURE)) as unknown as Parameters<typeof nodeOperations>[0];
  const found = [...nodeOperations(cluster), ...pruneOperations(cluster)].find(({ name }) => name === operation);
  if (found === undefined || !('plan' in found)) throw new Error(`no operation ${operation}`);
  return found.plan(contextOf(world));
}

const stepsOf = ({ steps }: OperationPlan): readonly string[] => steps.map(({ name }) => name);

describe('removing a machine', () => {
  it('drains, cleans in the order of dependence, and deletes the node last', async () => {
    const plan = await planOf('nodes remove', { nodes: [{ name: '10.1.0.11' }] });
    expect(stepsOf(plan)).toEqual(['drain:w1', 'clean-worker:w1', 'clean-host:w1', 'node:w1']);
    expect(plan.notes).toEqual([]);
    expect(stepsOf(await planOf('nodes remove', { nodes: [], words: ['p1'] }))).toContain('clean-proxy:p1');
  });

  it('gives a drain the time that it is told', async () => {
    const { steps } = await planOf('nodes remove', { nodes: [], options: { timeout: 7 } });
    expect(steps[0]?.timeoutSeconds).toBeGreaterThan(7);
    expect(steps[0]?.timeoutSeconds).toBeLessThan(300);
  });

  it('leaves a dead host alone, and tells what that means', async () => {
    const plan = await planOf('nodes remove', { nodes: [{ name: '10.1.0.11', ready: false }], trouble: dead });
    expect(stepsOf(plan)).toEqual(['node:w1']);
    expect(plan.notes?.join()).toMatch(/w1 can't be reached .*not cleaned/);
  });

  it('refuses a host that can not be reached and runs, unless forced', async () => {
    const world = { nodes: [{ name: '10.1.0.11' }], trouble: dead };
    await expect(planOf('nodes remove', world)).rejects.toMatchObject({ code: 'HOST_UNREACHABLE', where: 'host w1' });
    expect(stepsOf(await planOf('nodes remove', { ...world, options: { force: true } }))).toEqual(['node:w1']);
  });

  it('refuses a wrong password as what it is', async () => {
    const trouble = new PaiError('SSH_AUTH', 'w1 does not take the password');
    await expect(planOf('nodes remove', { nodes: [], trouble })).rejects.toBe(trouble);
  });

  it('refuses a master while etcd has no quorum', async () => {
    const world = { nodes: [], words: ['m2'], trouble: dead };
    await expect(planOf('nodes remove', world)).rejects.toMatchObject({
      where: 'host m2',
      message: /can't be removed: etcd/,
    });
  });
});

describe('pruning', () => {
  it('asks about nodes that the configuration does not have, and of no others', async () => {
    const plan = await planOf('prune', { nodes: [{ name: '10.1.0.11' }, { name: '10.1.0.99', ready: false }] });
    expect(plan.question).toBe('drain and delete node 10.1.0.99');
    expect(stepsOf(plan)).toEqual(['drain:10.1.0.99', 'node:10.1.0.99']);
    expect(plan.notes?.join()).toContain('10.1.0.99 (not Ready)');
  });

  it('asks about what was applied for targets that are gone, and removes that whatever becomes of nodes', async () => {
    const nodes = [{ name: '10.1.0.11' }, { name: '10.1.0.99' }];
    const plan = await planOf('prune', { nodes, targets: ['service:grafana', 'service:pylon'] });
    expect(plan.question).toBe('remove service:grafana; drain and delete node 10.1.0.99');
    expect(plan.steps.map(({ name, needs }) => [name, needs])).toEqual([
      ['remove-service:grafana', []],
      ['drain:10.1.0.99', []],
      ['node:10.1.0.99', ['drain:10.1.0.99']],
    ]);
    expect(plan.notes?.join()).toContain('service:grafana was applied and is not declared any more');
  });

  it('has nothing to do when there are none', async () => {
    const plan = await planOf('prune', { nodes: [{ name: '10.1.0.11' }], targets: ['service:pylon'] });
    expect([plan.question, plan.steps]).toEqual([undefined, []]);
    expect(plan.notes?.join()).toContain('nothing to prune');
  });
});

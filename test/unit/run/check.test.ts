import { describe, expect, test } from 'vitest';
import { buildGraph } from '../../../src/graph/graph.js';
import { PaiError } from '../../../src/model/errors.js';
import type { Allowance } from '../../../src/model/target.js';
import { checkRun } from '../../../src/run/check.js';
import { type FakeDeclared, FakeWorld, fakeDeclaration, fakeGraph } from './fakes.js';
import { planOf, run } from './helpers.js';

const member: FakeDeclared = { rolling: true, groups: ['masters'] };
const MEMBERS = { m1: member, m2: member, m3: member };

async function refusal(
  world: FakeWorld,
  graph: ReturnType<typeof fakeGraph>,
  patterns: readonly string[] = ['*'],
  allow: readonly Allowance[] = [],
): Promise<PaiError | undefined> {
  const plan = await planOf(world, graph, patterns);
  const { entries } = plan;
  const signal = new AbortController().signal;
  return checkRun({ graph, plan, entries, drivers: world.drivers(), signal, allow: new Set(allow) }).then(
    () => undefined,
    (thrown: PaiError) => thrown,
  );
}

async function applied(): Promise<{ world: FakeWorld; graph: ReturnType<typeof fakeGraph> }> {
  const world = new FakeWorld();
  const graph = fakeGraph(world, { ...MEMBERS, other: {} });
  await run(world, graph);
  return { world, graph };
}

describe('a run that changes a member of a group', () => {
  test('is refused while another one can not be looked at, with exit code 2 and what to do', async () => {
    const { world, graph } = await applied();
    world.thing('m1').input = 'second';
    world.thing('m3').unreachable = new PaiError('HOST_UNREACHABLE', 'no route');
    const error = await refusal(world, graph);
    expect(error).toMatchObject({ code: 'REFUSED', exitCode: 2, details: ['m3: no route'] });
    expect(error?.message).toContain('m1 would be changed');
    expect(error?.next).toContain('--allow unhealthy');
    expect(await refusal(world, graph, ['*'], ['unhealthy'])).toBeUndefined();
  });

  test('is refused when one that it does not cover is not well', async () => {
    const { world, graph } = await applied();
    world.thing('m1').input = 'second';
    world.thing('m2').problem = 'not running';
    expect(await refusal(world, graph, ['m1'])).toMatchObject({ details: ['m2: not running'] });
    // All of them: the run repairs m2 before it touches m1.
    expect(await refusal(world, graph)).toBeUndefined();
  });

  test('is not refused for members that are not there yet, nor when it only repairs', async () => {
    const world = new FakeWorld();
    const graph = fakeGraph(world, MEMBERS);
    await run(world, graph, ['m1', 'm2']);
    world.thing('m1').input = 'second';
    expect(await refusal(world, graph, ['m1'])).toBeUndefined();
    world.thing('m1').input = 'first';
    world.thing('m1').problem = 'not running';
    world.thing('m2').unreachable = new PaiError('HOST_UNREACHABLE', 'no route');
    expect(await refusal(world, graph)).toBeUndefined();
  });

  test('is not refused for what is no member of a group', async () => {
    const { world, graph } = await applied();
    world.thing('other').input = 'second';
    world.thing('m3').unreachable = new PaiError('HOST_UNREACHABLE', 'no route');
    expect(await refusal(world, graph)).toBeUndefined();
  });
});

describe('checks of targets', () => {
  async function checked(reasons: Readonly<Record<string, string>>): Promise<{
    world: FakeWorld;
    graph: ReturnType<typeof fakeGraph>;
    asked: string[];
  }> {
    const world = new FakeWorld();
    const asked: string[] = [];
    const declaration = fakeDeclaration(world, { a: {}, b: {}, c: {} });
    const targets = declaration.targets.map((target) => ({
      ...target,
      action: {
        ...target.action,
        check: async (): Promise<void> => {
          asked.push(target.name);
          const reason = reasons[target.name];
          if (reason !== undefined) throw new PaiError('REFUSED', reason, { next: 'Do otherwise.' });
        },
      },
    }));
    const graph = buildGraph({ ...declaration, targets });
    await run(world, graph, ['a', 'b']);
    return { world, graph, asked };
  }

  test('are made for what was applied and would change, and for nothing else', async () => {
    const { world, graph, asked } = await checked({});
    world.thing('b').input = 'second';
    expect(await refusal(world, graph)).toBeUndefined();
    // a is fresh, c was never applied.
    expect(asked).toEqual(['b']);
  });

  test('tell every reason once', async () => {
    const { world, graph } = await checked({ a: 'too new', b: 'too old' });
    for (const name of ['a', 'b']) world.thing(name).input = 'second';
    expect(await refusal(world, graph)).toMatchObject({ details: ['too new', 'too old'], next: 'Do otherwise.' });
    const same = await checked({ a: 'too new', b: 'too new' });
    for (const name of ['a', 'b']) same.world.thing(name).input = 'second';
    expect((await refusal(same.world, same.graph))?.message).toBe('too new');
  });
});

import { describe, expect, test } from 'vitest';
import { buildGraph } from '../../../src/graph/graph.js';
import type { RunEvent } from '../../../src/model/events.js';
import type { Target } from '../../../src/model/target.js';
import { planClean } from '../../../src/plan/clean.js';
import { planRun } from '../../../src/plan/plan.js';
import { executeClean } from '../../../src/run/clean.js';
import type { RunOptions, RunSummary } from '../../../src/run/context.js';
import { executePlan } from '../../../src/run/execute.js';
import { createLook } from '../../../src/run/look.js';
import { FakeClock, FakeWorld, fakeTarget } from './fakes.js';
import { turn } from './turn.js';

interface Went {
  readonly summary: RunSummary;
  readonly events: readonly RunEvent[];
}

async function go(world: FakeWorld, targets: Target[], terminal: boolean, options: RunOptions = {}): Promise<Went> {
  const graph = buildGraph({ targets, groups: [] });
  const events: RunEvent[] = [];
  const emit = (event: RunEvent): void => void events.push(event);
  const context = { run: 'run-1', drivers: world.drivers(), emit, clock: new FakeClock(), terminal };
  const plan = await planRun(graph, graph.order, createLook(context.drivers));
  return { summary: await executePlan(plan, graph, context, options), events };
}

describe('an interactive target', () => {
  test('is told from when to when it has the terminal, and no two have it at once', async () => {
    const world = new FakeWorld();
    const given: (true | undefined)[] = [];
    for (const name of ['a', 'b', 'c']) {
      world.thing(name).during = async (context) => {
        given.push(context.terminal);
        await turn();
      };
    }
    const targets = ['a', 'b', 'c'].map((name) => ({ ...fakeTarget(world, name), interactive: name !== 'c' }));
    const { events, summary } = await go(world, targets, true);
    expect(summary.ran).toBe(3);
    expect(given.sort()).toEqual([true, true, undefined]);
    const terminal = events.filter((event) => event.type.startsWith('terminal-')).map((event) => event.type);
    expect(terminal).toEqual(['terminal-taken', 'terminal-released', 'terminal-taken', 'terminal-released']);
  });

  test('gives the terminal back when it fails', async () => {
    const world = new FakeWorld();
    world.thing('a').failures = { times: 1, error: new Error('no') };
    const { events } = await go(world, [{ ...fakeTarget(world, 'a'), interactive: true }], true);
    expect(events.map((event) => event.type)).toContain('terminal-released');
  });

  test('fails where there is no terminal', async () => {
    const world = new FakeWorld();
    const { summary } = await go(world, [{ ...fakeTarget(world, 'a'), interactive: true }], false);
    expect(summary.results.get('a')?.error).toMatchObject({ code: 'NO_TERMINAL' });
    expect(world.applied).toEqual([]);
  });
});

describe('a target that asks', () => {
  const ask = (world: FakeWorld): Target[] => [{ ...fakeTarget(world, 'a'), confirm: 'Sure?' }];

  test('never runs without an answer', async () => {
    const world = new FakeWorld();
    const { summary } = await go(world, ask(world), false);
    expect(summary.results.get('a')?.error).toMatchObject({ code: 'NOT_CONFIRMED', details: ['a: Sure?'] });
    expect(world.applied).toEqual([]);
    expect((await go(world, ask(world), false, { confirmed: new Set(['a']) })).summary.ran).toBe(1);
  });

  test('is never cleaned without one', async () => {
    const world = new FakeWorld();
    await go(world, ask(world), false, { confirmed: new Set(['a']) });
    const graph = buildGraph({ targets: ask(world), groups: [] });
    const plan = await planClean(graph, ['a'], createLook(world.drivers()));
    const context = { run: 'run-2', drivers: world.drivers(), emit: () => undefined };
    expect((await executeClean(plan, graph, context)).failed).toBe(1);
    expect(world.cleaned).toEqual([]);
  });
});

test('a target is tried again as often as it says', async () => {
  const world = new FakeWorld();
  world.thing('a').failures = { times: 2, error: new Error('flaky') };
  const { summary, events } = await go(world, [{ ...fakeTarget(world, 'a'), retries: 2 }], false);
  expect(summary.ran).toBe(1);
  expect(events.filter((event) => event.type === 'target-log').length).toBe(2);
});

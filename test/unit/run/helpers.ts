import type { Graph } from '../../../src/graph/graph.js';
import { select } from '../../../src/graph/select.js';
import type { RunEvent } from '../../../src/model/events.js';
import { type CleanOptions, planClean } from '../../../src/plan/clean.js';
import { type Plan, planRun } from '../../../src/plan/plan.js';
import { executeClean } from '../../../src/run/clean.js';
import type { RunContext, RunOptions, RunSummary } from '../../../src/run/context.js';
import { executePlan } from '../../../src/run/execute.js';
import { createLook } from '../../../src/run/look.js';
import type { Rolling } from '../../../src/run/rolling.js';
import { FakeClock, type FakeWorld } from './fakes.js';

/** What a run gave. */
export interface Ran {
  readonly plan: Plan;
  readonly summary: RunSummary;
  readonly events: readonly RunEvent[];
  readonly clock: FakeClock;
  readonly notes: readonly string[];
}

/** More than a run is usually given. */
export interface RunFakes extends RunOptions, Rolling {
  readonly force?: readonly string[];
  readonly clock?: FakeClock;
  /** Happens between the plan and the run. */
  readonly between?: () => void;
}

/** A plan of the world as it is. */
export function planOf(
  world: FakeWorld,
  graph: Graph,
  patterns: readonly string[] = ['*'],
  force: readonly string[] = [],
): Promise<Plan> {
  const names = select(graph, patterns).map((target) => target.name);
  return planRun(graph, names, createLook(world.drivers()), { force });
}

/** Plans and runs. */
export async function run(
  world: FakeWorld,
  graph: Graph,
  patterns: readonly string[] = ['*'],
  fakes: RunFakes = {},
): Promise<Ran> {
  const plan = await planOf(world, graph, patterns, fakes.force);
  fakes.between?.();
  const clock = fakes.clock ?? new FakeClock();
  const { context, events, notes } = fakeContext(world, clock);
  const summary = await executePlan(plan, graph, context, fakes);
  return { plan, summary, events, clock, notes };
}

/** Cleans. */
export async function clean(
  world: FakeWorld,
  graph: Graph,
  patterns: readonly string[],
  options: CleanOptions = {},
): Promise<{ summary: RunSummary; events: readonly RunEvent[] }> {
  const { context, events } = fakeContext(world, new FakeClock());
  const names = select(graph, patterns).map((target) => target.name);
  const plan = await planClean(graph, names, createLook(world.drivers()), options);
  return { summary: await executeClean(plan, graph, context, options), events };
}

/** Outcomes by target. */
export function outcomes(summary: RunSummary): Record<string, string> {
  return Object.fromEntries(Array.from(summary.results, ([name, result]) => [name, result.outcome]));
}

function fakeContext(world: FakeWorld, clock: FakeClock): { context: RunContext; events: RunEvent[]; notes: string[] } {
  const events: RunEvent[] = [];
  const notes: string[] = [];
  const journal = {
    logPath: (target: string) => `/logs/${target}.log`,
    note: (_target: string, text: string) => notes.push(text),
  };
  const emit = (event: RunEvent): void => {
    events.push(event);
  };
  return { context: { run: 'run-1', drivers: world.drivers(), emit, clock, journal }, events, notes };
}

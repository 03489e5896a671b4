import { buildGraph, type Graph } from '../../src/graph/graph.js';
import { longestRemaining, project } from '../../src/graph/order.js';
import type { Drivers } from '../../src/model/drivers.js';
import type { Stamp } from '../../src/model/stamp.js';
import type { Action, Target } from '../../src/model/target.js';
import { planRun } from '../../src/plan/plan.js';
import { executePlan } from '../../src/run/execute.js';
import { createLook } from '../../src/run/look.js';
import { createPools } from '../../src/run/pools.js';
import { walkLinear, walkWithPGraph } from '../../src/run/walk.js';

const LAYERS = 10;
const NEEDS = 3;

/** Everything is in memory and done at once, so that only the engine's own work is left. */
function world(): { readonly action: Action; readonly quick: Action } {
  const stamps = new Map<string, Stamp>();
  const action: Action = {
    pools: ['cpu'],
    observe: async ({ target }) => {
      const stamp = stamps.get(target);
      return stamp === undefined ? { kind: 'known', present: false } : { kind: 'known', present: true, stamp };
    },
    desired: async () => ({
      parts: [{ name: 'command', value: 'true' }],
      apply: async (context) => {
        const stamp = context.stamp();
        stamps.set(context.target, stamp);
        return stamp;
      },
    }),
    clean: async () => undefined,
  };
  // As local targets do: nothing is computed while all is as it was.
  return { action, quick: { ...action, peek: ({ target }) => stamps.get(target) } };
}

/** `count` targets in layers, each needing three of the layer before; the same at every call. */
function targets(count: number, action: Action): Target[] {
  const width = count / LAYERS;
  let seed = 1;
  const random = (below: number): number => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  return Array.from({ length: count }, (_, index) => {
    const layer = Math.floor(index / width);
    const needs = new Set(
      layer === 0 ? [] : Array.from({ length: NEEDS }, () => `t${Math.floor((layer - 1) * width) + random(width)}`),
    );
    return {
      name: `t${index}`,
      description: '',
      groups: [],
      needs: Array.from(needs, (target) => ({ target, order: false })),
      through: [],
      rolling: false,
      timeoutSeconds: 60,
      retries: 0,
      pools: [],
      interactive: false,
      manual: false,
      action,
    };
  });
}

/** CPU seconds by what was done. */
type Costs = Map<string, number[]>;

async function measure<Result>(costs: Costs, what: string, work: () => Result | Promise<Result>): Promise<Result> {
  global.gc?.();
  const before = process.cpuUsage();
  const result = await work();
  const { user, system } = process.cpuUsage(before);
  costs.set(what, [...(costs.get(what) ?? []), (user + system) / 1e6]);
  return result;
}

async function round(count: number, costs: Costs): Promise<void> {
  const { action, quick } = world();
  const declared = targets(count, action);
  const graph = await measure(costs, 'build the graph', () => buildGraph({ targets: declared, groups: [] }));
  const names = [...graph.targets.keys()];
  // Actions here use no driver, and nothing is secret.
  const drivers = {} as Drivers;
  const look = createLook(drivers);
  const run = async (): Promise<void> => {
    const plan = await planRun(graph, names, look);
    const pools = createPools({ cpu: 2, jobs: 2 });
    const context = { run: 'bench', drivers, emit: () => undefined };
    await measure(costs, plan.byName.get('t0')?.state === 'fresh' ? 'run, all fresh' : 'run, all stale', () =>
      executePlan(plan, graph, context, { pools }),
    );
  };
  await measure(costs, 'plan, all stale', () => planRun(graph, names, look));
  await run();
  await measure(costs, 'plan, all fresh', () => planRun(graph, names, look));
  const local = buildGraph({ targets: targets(count, quick), groups: [] });
  await measure(costs, 'plan, fresh local ones', () => planRun(local, names, look));
  await run();
  await walks(graph, names, costs);
}

async function walks(graph: Graph, names: readonly string[], costs: Costs): Promise<void> {
  const before = project(graph, new Set(names));
  const lengthOf = (): number => 1;
  const remaining = longestRemaining(before);
  const walk = { before, lengthOf, remaining, run: async () => undefined };
  await measure(costs, 'walk by p-graph', () => walkWithPGraph(walk));
  await measure(costs, 'walk in linear time', () => walkLinear(walk));
}

const counts = (process.argv[2] ?? '1000,10000,50000').split(',').map(Number);
const rounds = Number(process.argv[3] ?? 5);
const costs = new Map(counts.map((count) => [count, new Map<string, number[]>()]));
for (let turn = 0; turn < rounds; turn++) {
  for (const count of counts) await round(count, costs.get(count) ?? new Map());
}
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
const [first = new Map<string, number[]>()] = costs.values();
console.log(['CPU seconds'.padEnd(22), ...counts.map((count) => String(count).padStart(9))].join(''));
for (const what of first.keys()) {
  const row = counts.map((count) =>
    median(costs.get(count)?.get(what) ?? [])
      .toFixed(3)
      .padStart(9),
  );
  console.log([what.padEnd(22), ...row].join(''));
}

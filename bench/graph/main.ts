import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { cpus, homedir, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { burnFor } from './burn.js';
import type { Contender, Installed, Scenario } from './contender.js';
import { INPUTS, makeGraph, writeInputs } from './graph.js';
import type { Cost, MeasureOptions } from './measure.js';
import { printTable } from './print.js';
import { type Entry, play } from './scenarios.js';
import { startUp } from './start-up.js';
import { doit, goTask, make, ninja } from './tools/classic.js';
import { lage, moon, nx, turbo, wireit } from './tools/node.js';
import { own } from './tools/own.js';

const { values: options } = parseArgs({
  options: {
    targets: { type: 'string', default: '1000' },
    rounds: { type: 'string', default: '5' },
    only: { type: 'string' },
    scenarios: { type: 'string', default: 'startup,nothing,change,all' },
    jobs: { type: 'string', default: String(cpus().length) },
    limit: { type: 'string', default: '1800' },
    'command-cost': { type: 'string' },
    keep: { type: 'boolean', default: false },
  },
});
const repository = resolve('.');
const bundles = resolve(process.env.PAI_BENCH_BUNDLES ?? '.cache/bench/graph');
const cache = resolve(process.env.PAI_BENCH_CACHE ?? join(homedir(), '.cache/pai-bench'));
const rounds = Number(options.rounds);
const jobs = Number(options.jobs);
const scenarios = options.scenarios.split(',');
const only = options.only?.split(',');
const commandCost = Number(options['command-cost'] ?? 0);

const work = mkdtempSync(join(tmpdir(), 'pai-bench-graph-'));
const how: MeasureOptions = {
  wrapper: resolve('bench/graph/measure.py'),
  log: join(work, 'log'),
  limit: Number(options.limit),
};
const TITLES: Readonly<Record<Scenario, string>> = {
  nothing: 'nothing to do',
  change: 'one input changed: it and all that depends on it run',
  all: 'all run, from nothing: no output, no record',
};

const burn = commandCost > 0 ? burnFor(commandCost, how) : undefined;

function chosen(): readonly Contender[] {
  const { floors, pai } = own(repository, bundles);
  const others = [ninja, make, goTask, doit, turbo, nx, wireit, lage, moon];
  const named = ({ name }: Contender): boolean =>
    only === undefined || name.split(/[ ,]/).some((word) => only.includes(word));
  return [...floors, ...pai.filter(named), ...others.filter(named)];
}

async function install(): Promise<ReadonlyMap<Contender, Installed>> {
  mkdirSync(cache, { recursive: true });
  const found = new Map<Contender, Installed>();
  for (const contender of chosen()) {
    try {
      const installed = await contender.install(cache);
      found.set(contender, installed);
      console.log(`- ${contender.name}: ${installed.version}`);
    } catch (error) {
      console.log(`- ${contender.name}: left out, it can't be had (${reason(error)})`);
    }
  }
  return found;
}

/** Each contender in a folder of its own; inputs are the same files, as hard links. */
function enter(found: ReadonlyMap<Contender, Installed>, targets: number): Entry[] {
  const graph = makeGraph(targets, burn);
  const inputs = join(work, `inputs-${targets}`);
  writeInputs(inputs, graph);
  const entries: Entry[] = [];
  for (const [contender, installed] of found) {
    if (targets > (contender.most ?? Number.POSITIVE_INFINITY)) continue;
    const root = join(work, `${targets}-${contender.name.replaceAll(/\W+/g, '-')}`);
    execFileSync('cp', ['-al', inputs, root]);
    entries.push({ contender, installed, project: { root, graph, jobs } });
  }
  // Links change the ctime of inputs, so all are made before anyone looks at them.
  for (const { installed, project } of entries) installed.write(project);
  return entries;
}

function bench(found: ReadonlyMap<Contender, Installed>, targets: number): void {
  const entries = enter(found, targets);
  const out = new Map<string, string>();
  try {
    const first = new Map<string, Cost[]>();
    for (const entry of entries) attempt(entry, 'all', first, out);
    // The other orders need what the first run left, so whoever failed at it is out.
    for (const scenario of ['nothing', 'change', 'all'] as const) {
      if (!scenarios.includes(scenario)) continue;
      const costs = scenario === 'all' ? first : new Map<string, Cost[]>();
      const times = scenario === 'all' ? rounds - 1 : rounds;
      for (let round = 0; round < times; round++) {
        for (const entry of entries) {
          // Minutes for figures that nobody compares closely: the first run of all is enough, and two of the rest.
          const slow = (first.get(entry.contender.name)?.[0]?.wall ?? 0) > 120;
          const most = scenario === 'nothing' || !slow ? times : scenario === 'change' ? 2 : 0;
          if (round < most) attempt(entry, scenario, costs, out);
        }
      }
      console.log(`\n## ${TITLES[scenario]}: ${targets} targets, ${targets * INPUTS} input files\n`);
      printTable(
        costs,
        scenario === 'nothing'
          ? ['stat floor', 'ninja']
          : ['spawned from Node', 'spawned from Node with bash', 'ninja'],
      );
    }
    for (const [name, why] of out) console.log(`\n${name} was left out: ${why}`);
  } finally {
    for (const { installed, project } of entries) installed.stop?.(project);
  }
}

/** One measurement. Who fails takes no part any more. */
function attempt(entry: Entry, scenario: Scenario, costs: Map<string, Cost[]>, out: Map<string, string>): void {
  const { contender } = entry;
  if (out.has(contender.name) || contender.scenarios?.includes(scenario) === false) return;
  try {
    const cost = play(scenario, entry, how);
    costs.set(contender.name, [...(costs.get(contender.name) ?? []), cost]);
  } catch (error) {
    out.set(contender.name, `${TITLES[scenario]}: ${reason(error)}`);
  }
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

console.log(
  `${cpus().length} x ${cpus()[0]?.model}; Node ${process.version}; ${jobs} jobs; medians of ${rounds} rounds\n`,
);
if (burn !== undefined) console.log(`each command first burns about ${commandCost} ms in bash: ${burn}\n`);
try {
  if (scenarios.includes('startup')) startUp(repository, work, how, Math.max(rounds, 9));
  if (scenarios.some((scenario) => scenario !== 'startup')) {
    const found = await install();
    for (const targets of options.targets.split(',').map(Number)) bench(found, targets);
  }
} finally {
  if (options.keep) console.log(`\nkept: ${work}`);
  else rmSync(work, { recursive: true, force: true });
}

import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';

/** What one command of pai cost. */
interface Cost {
  /** Seconds. */
  readonly wall: number;
  /** Seconds of processor time, user and system, of pai with everything simulated in it. */
  readonly cpu: number;
  /** MiB. */
  readonly peak: number;
}

/** A command that is measured: what is done before it, and how many targets must have run then. */
interface Scenario {
  readonly name: string;
  prepare(project: Project): void;
  readonly ran: (hosts: number) => number;
}

const root = process.argv[2] ?? '.';
const sizes = (process.argv[3] ?? '10,100,1000').split(',').map(Number);
const rounds = Number(process.argv[4] ?? 1);

/** Three masters and a proxy stand before the workers. */
const OTHERS = 4;

/** pki, two addons, kubectl, an image and two services. */
const TARGETS_OF_CLUSTER = 7;

const SCENARIOS: readonly Scenario[] = [
  {
    name: 'first run',
    prepare: () => {},
    // host: and worker:, proxy: of each; host:, etcd: and master: of the masters.
    ran: (hosts) => 2 * hosts + 3 + TARGETS_OF_CLUSTER,
  },
  { name: 'nothing to do', prepare: () => {}, ran: () => 0 },
  {
    name: 'one worker added',
    prepare: (project) => project.pai('sandbox', 'grow', '--workers', '1'),
    // host: and worker: of it, and the service that has the machines in its configuration.
    ran: () => 3,
  },
];

/** A clone of this project with a sandbox of its own. */
class Project {
  readonly #clone = mkdtempSync(join(tmpdir(), 'pai-bench-sandbox-'));

  constructor() {
    for (const item of ['bin', 'dist', 'tasks', 'templates', 'paifile.ts', 'package.json', 'service-list.yaml']) {
      cpSync(join(root, item), join(this.#clone, item), { recursive: true });
    }
    symlinkSync(join(root, 'node_modules'), join(this.#clone, 'node_modules'));
    mkdirSync(join(this.#clone, '.cache'));
  }

  /** Runs `pai ...` to a good end. Gives its standard output and what it cost. */
  pai(...words: readonly string[]): { readonly stdout: string; readonly cost: Cost } {
    const usage = join(this.#clone, '.cache/usage.json');
    const tell = `data:text/javascript,${encodeURIComponent(`
      import { writeFileSync } from 'node:fs';
      process.on('exit', () => writeFileSync(${JSON.stringify(usage)}, JSON.stringify(process.resourceUsage())));
    `)}`;
    const began = performance.now();
    const done = spawnSync(process.execPath, ['--import', tell, 'bin/pai.js', ...words], {
      cwd: this.#clone,
      encoding: 'utf8',
      maxBuffer: 1 << 30,
    });
    const wall = (performance.now() - began) / 1000;
    if (done.status !== 0) throw new Error(`pai ${words.join(' ')} failed:\n${done.stdout}${done.stderr}`.slice(-4000));
    const used: NodeJS.ResourceUsage = JSON.parse(readFileSync(usage, 'utf8'));
    const cpu = (used.userCPUTime + used.systemCPUTime) / 1e6;
    return { stdout: done.stdout, cost: { wall, cpu, peak: used.maxRSS / 1024 } };
  }

  remove(): void {
    rmSync(this.#clone, { recursive: true, force: true });
  }
}

function measure(scenario: Scenario, project: Project, workers: number): Cost {
  scenario.prepare(project);
  const { stdout, cost } = project.pai('run', 'services', '--sandbox', '--output', 'json');
  const end = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '');
  const wanted = scenario.ran(workers + OTHERS);
  if (end.ran !== wanted) throw new Error(`${scenario.name}: ${end.ran} targets ran, not ${wanted}`);
  return cost;
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

console.log(`${cpus().length} x ${cpus()[0]?.model}; node ${process.version}; medians of ${rounds} rounds`);
console.log('| workers | | wall, s | CPU, s | CPU a host, ms | peak, MiB | load average |');
console.log('| ---: | --- | ---: | ---: | ---: | ---: | ---: |');
for (const workers of sizes) {
  const costs = new Map<string, Cost[]>(SCENARIOS.map(({ name }) => [name, []]));
  const print = (name: string): void => {
    const of = (what: keyof Cost) => median((costs.get(name) ?? []).map((cost) => cost[what]));
    const perHost = (1000 * of('cpu')) / (workers + OTHERS);
    const cells = [of('wall').toFixed(1), of('cpu').toFixed(2), perHost.toFixed(0), of('peak').toFixed(0)];
    console.log(`| ${workers} | ${name} | ${cells.join(' | ')} | ${(loadavg()[0] ?? 0).toFixed(1)} |`);
  };
  for (let round = 1; round <= rounds; round++) {
    const project = new Project();
    try {
      project.pai('sandbox', 'create', '--workers', String(workers), '--hosts-in-process');
      for (const scenario of SCENARIOS) {
        costs.get(scenario.name)?.push(measure(scenario, project, workers));
        if (round === rounds) print(scenario.name);
      }
    } finally {
      project.remove();
    }
  }
}

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MISTAKE_EVERY, writeConfiguration } from './files.js';

/** Of a whole process, Node's own start in it. Seconds, and MB at its largest. */
interface Cost {
  readonly wall: number;
  readonly cpu: number;
  readonly memory: number;
}

interface Told {
  readonly machines: number;
  readonly problems: number;
  readonly used: NodeJS.ResourceUsage;
}

const bundles = process.argv[2] ?? '.';
const counts = (process.argv[3] ?? '10000').split(',').map(Number);
const rounds = Number(process.argv[4] ?? 5);

const CONTENDERS = [
  { name: 'js-yaml, all files', program: 'floor.js', mistakes: false },
  { name: 'pai', program: 'pai.js', mistakes: false },
  { name: 'pai, with mistakes', program: 'pai.js', mistakes: true },
] as const;

function measure(program: string, folder: string): Cost & Told {
  const began = performance.now();
  const child = spawnSync(process.execPath, [join(bundles, program), folder], { encoding: 'utf8' });
  const wall = (performance.now() - began) / 1000;
  if (child.status !== 0) throw new Error(`${program} failed: ${child.stderr}`);
  const told = JSON.parse(child.stdout) as Told;
  const { userCPUTime, systemCPUTime, maxRSS } = told.used;
  return { ...told, wall, cpu: (userCPUTime + systemCPUTime) / 1e6, memory: maxRSS / 1024 };
}

function check(told: Told, machines: number, mistakes: boolean): void {
  const expected = mistakes
    ? { machines: 0, problems: Math.floor(machines / MISTAKE_EVERY) }
    : { machines, problems: 0 };
  if (told.machines !== expected.machines || told.problems !== expected.problems) {
    throw new Error(`${JSON.stringify(told)} is not what is in the files: ${JSON.stringify(expected)}`);
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}

const directory = mkdtempSync(join(tmpdir(), 'pai-bench-configuration-'));
try {
  for (const machines of counts) {
    const folder = (mistakes: boolean): string => join(directory, `${machines}-${mistakes ? 'wrong' : 'right'}`);
    for (const mistakes of [false, true]) writeConfiguration(folder(mistakes), machines, mistakes);
    const costs = new Map<string, Cost[]>(CONTENDERS.map(({ name }) => [name, []]));
    for (let round = 0; round < rounds; round++) {
      for (const { name, program, mistakes } of CONTENDERS) {
        const measured = measure(program, folder(mistakes));
        check(measured, machines, mistakes);
        costs.get(name)?.push(measured);
      }
    }
    console.log(`\n${machines} machines, medians of ${rounds} rounds, Node ${process.versions.node}`);
    console.log(
      `${''.padEnd(22)}${['wall s', 'CPU s', 'of js-yaml', 'MB', 'CPU µs a machine'].map((head) => head.padStart(18)).join('')}`,
    );
    const floor = median((costs.get(CONTENDERS[0].name) ?? []).map(({ cpu }) => cpu));
    for (const [name, all] of costs) {
      const cpu = median(all.map((cost) => cost.cpu));
      const row = [
        median(all.map((cost) => cost.wall)).toFixed(2),
        cpu.toFixed(2),
        (cpu / floor).toFixed(1),
        median(all.map((cost) => cost.memory)).toFixed(0),
        ((cpu * 1e6) / machines).toFixed(0),
      ];
      console.log(`${name.padEnd(22)}${row.map((cell) => cell.padStart(18)).join('')}`);
    }
  }
} finally {
  rmSync(directory, { recursive: true });
}

import { type Cost, median } from './measure.js';

/** A row for each contender, in seconds and MiB, with its processor time as a ratio to each of `bases`. */
export function printTable(costs: ReadonlyMap<string, readonly Cost[]>, bases: readonly string[]): void {
  const of = (name: string, what: keyof Cost): number => median((costs.get(name) ?? []).map((cost) => cost[what]));
  const known = bases.filter((base) => costs.has(base));
  const head = ['contender', 'rounds', 'wall s', 'CPU s', 'peak MiB', ...known.map((base) => `CPU / ${base}`)];
  console.log(`| ${head.join(' | ')} |`);
  console.log(`| --- |${' ---: |'.repeat(head.length - 1)}`);
  for (const [name, list] of costs) {
    const cpu = of(name, 'cpu');
    const ratios = known.map((base) => (cpu / of(base, 'cpu')).toFixed(2));
    const cells = [list.length, of(name, 'wall').toFixed(3), cpu.toFixed(3), of(name, 'memory').toFixed(0), ...ratios];
    console.log(`| ${name} | ${cells.join(' | ')} |`);
  }
}

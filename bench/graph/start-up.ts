import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Cost, type MeasureOptions, measure } from './measure.js';
import { printTable } from './print.js';

const EMPTY = "import { paifile } from 'pai';\n\nexport default paifile(() => undefined);\n";

/** What it costs to start, in a project without targets. */
export function startUp(repository: string, work: string, how: MeasureOptions, rounds: number): void {
  const root = join(work, 'empty');
  mkdirSync(root);
  writeFileSync(join(root, 'paifile.ts'), EMPTY);
  writeFileSync(join(root, 'empty.mjs'), '');
  const pai = join(repository, 'bin/pai.js');
  const calls: Readonly<Record<string, readonly string[]>> = {
    'node -e 0': ['-e', '0'],
    'node, an empty ES module': ['empty.mjs'],
    'pai --help': [pai, '--help'],
    'pai list': [pai, 'list'],
    'pai plan': [pai, 'plan'],
  };
  const costs = new Map<string, Cost[]>();
  for (let round = -1; round < rounds; round++) {
    for (const [name, words] of Object.entries(calls)) {
      const cost = measure({ command: [process.execPath, ...words], cwd: root }, how);
      // The first round compiles the paifile and warms the file system.
      if (round >= 0) costs.set(name, [...(costs.get(name) ?? []), cost]);
    }
  }
  console.log(`## start-up, in a project without targets (${rounds} rounds)\n`);
  printTable(costs, ['node -e 0']);
  console.log('');
}

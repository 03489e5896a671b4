import { execFile } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { layoutOf } from '../../../../src/state/output-cache/layout.js';
import { verify } from '../../../../src/state/output-cache/verify.js';
import { type Bench, makeBench } from './helpers.js';

const run = promisify(execFile);
const repository = path.resolve(import.meta.dirname, '../../../..');

let bench: Bench;
beforeEach(() => {
  bench = makeBench();
});
afterEach(() => bench.remove());

/** The modules of src/, each for itself, so that a process can import them. */
async function compile(outdir: string): Promise<void> {
  const entryPoints = ['src/**/*.ts'];
  await build({ absWorkingDir: repository, entryPoints, outdir, platform: 'node', format: 'esm', logLevel: 'error' });
  writeFileSync(path.join(outdir, 'package.json'), '{ "type": "module" }');
}

interface Told {
  readonly restored: number;
  readonly missed: number;
  readonly wrong: readonly string[];
  readonly warnings: readonly string[];
}

test('several processes keep, take back and prune at once: nothing is ever wrong, and nothing looks damaged', {
  timeout: 120_000,
}, async () => {
  const modules = path.join(bench.root, 'modules');
  await compile(modules);
  const told = await Promise.all(
    [1, 2, 3].map(async (seed): Promise<Told> => {
      const root = path.join(bench.root, String(seed));
      mkdirSync(root);
      const worker = path.join(import.meta.dirname, 'worker.mjs');
      const { stdout } = await run(process.execPath, [
        worker,
        modules,
        bench.directory,
        root,
        String(seed * 77),
        '20000',
      ]);
      return JSON.parse(stdout);
    }),
  );
  expect(told.flatMap(({ wrong, warnings }) => [...wrong, ...warnings])).toEqual([]);
  expect(told.every(({ restored, missed }) => restored > 10 && missed > 10)).toBe(true);
  // A prune may take an object that another process is about to name; that is work, and no other damage is possible.
  const { damaged } = await verify(layoutOf(bench.directory));
  expect(damaged.filter(({ problem }) => !/^its object \w+ is missing$/.test(problem))).toEqual([]);
});

import { rmdirSync, rmSync } from 'node:fs';
import type { LocalWork } from '../model/local.js';
import type { ActionContext } from '../model/target.js';
import type { LocalBench } from './bench.js';
import { expand } from './expand.js';
import { guardedSync } from './file-errors.js';
import { KnownFiles, scanFiles } from './file-table.js';
import { compareOutputs } from './outputs.js';
import { outputPatterns } from './patterns.js';
import type { Tree } from './tree.js';

/**
 * Removes a target's outputs, then its record. What was changed or added by hand is left, and told. After a run that did not end
 * well nobody knows what is whole: all that the outputs match is removed.
 */
export async function removeOutputs(bench: LocalBench, work: LocalWork, { target, log }: ActionContext): Promise<void> {
  const { tree, state, now, settling } = bench;
  settling.unwatch(target);
  const known = state.get(target);
  if (known === undefined) return;
  const record = known.kind === 'done' ? known.record : undefined;
  const files = new KnownFiles();
  if (record !== undefined) files.add(record.outputs);
  tree.forget();
  const found = scanFiles(tree, expand(tree, outputPatterns(work)), files, now);
  const left = new Set<string>();
  for (const { path, problem } of record === undefined ? [] : compareOutputs(tree, work, record, found)) {
    if (problem === 'missing' || problem === 'mode') continue;
    left.add(path);
    log(`left ${path}: it was ${problem} by hand`);
  }
  const removed = found.paths.filter((path) => !left.has(path));
  for (const path of removed) guardedSync(path, 'remove', () => rmSync(tree.place(path), { force: true }));
  removeEmptyFolders(tree, removed);
  tree.forget();
  await state.remove(target);
}

/** Folders in which nothing is left, but never the project itself. */
function removeEmptyFolders(tree: Tree, removed: readonly string[]): void {
  const folders = new Set<string>();
  for (const path of removed) {
    for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1))
      folders.add(path.slice(0, end));
  }
  // The deepest first; one that has something in it stays.
  for (const folder of [...folders].sort((a, b) => b.length - a.length)) {
    try {
      rmdirSync(tree.place(folder));
    } catch {
      // Not empty.
    }
  }
}

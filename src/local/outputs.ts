import { createHash } from 'node:crypto';
import type { LocalWork, OutputProblem } from '../model/local.js';
import { digestWithOtherMode, type FileTable, type Scan } from './file-table.js';
import type { TargetRecord } from './records.js';
import type { Tree } from './tree.js';

/** How outputs are not as recorded. Throws LOCAL_FILE. */
export function compareOutputs(tree: Tree, work: LocalWork, record: TargetRecord, scan: Scan): OutputProblem[] {
  const recorded = record.outputs;
  const now = new Map(scan.paths.map((path, index) => [path, index]));
  const problems: OutputProblem[] = [];
  for (const [index, path] of recorded.paths.entries()) {
    const found = now.get(path);
    now.delete(path);
    if (found === undefined) problems.push({ path, problem: 'missing' });
    else if (scan.digests[found] !== recorded.digests[index]) {
      const same = digestWithOtherMode(tree, path) === recorded.digests[index];
      problems.push({ path, problem: same ? 'mode' : 'changed' });
    } else if (modeAt(recorded, index) !== modeAt(scan, found)) problems.push({ path, problem: 'mode' });
  }
  // With other outputs declared, files that match now were not added by anybody.
  if (record.declared === work.declared) for (const path of now.keys()) problems.push({ path, problem: 'added' });
  return problems;
}

/** What dependents see of outputs: equal files give an equal digest on every machine. */
export function digestOfOutputs({ paths, digests }: FileTable): string {
  const hash = createHash('sha256');
  const lines = paths.map((path, index) => `${path}\n${digests[index]}\n`).sort();
  for (const line of lines) hash.update(line);
  return hash.digest('hex');
}

function modeAt({ rows, starts }: FileTable, index: number): number | undefined {
  return rows[(starts[index] ?? 0) + 4];
}

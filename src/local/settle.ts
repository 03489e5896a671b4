import { setTimeout as sleep } from 'node:timers/promises';
import { type FileTable, KnownFiles, type Scan, scanFiles } from './file-table.js';
import type { LocalState, TargetRecord } from './records.js';
import { isLinkRow, ROW, untilSettled } from './rows.js';
import type { Tree } from './tree.js';

/** The longest that the end of a run waits for clocks to tick, in milliseconds. */
const PATIENCE = 50;

/**
 * Files that were read within a tick of their own last change are read again at the end of the run, so that the next run can
 * trust their times.
 */
export class Settling {
  readonly #tree: Tree;
  readonly #state: LocalState;
  readonly #now: () => number;
  readonly #watched = new Map<string, TargetRecord>();

  constructor(tree: Tree, state: LocalState, now: () => number) {
    this.#tree = tree;
    this.#state = state;
    this.#now = now;
  }

  /** Notes a record that was just written, if some of its files may not be trusted yet. */
  watch(record: TargetRecord): void {
    if (newestRacy(record.inputs) + newestRacy(record.outputs) > 0) this.#watched.set(record.stamp.target, record);
    else this.#watched.delete(record.stamp.target);
  }

  /** A target that is about to run. */
  unwatch(target: string): void {
    this.#watched.delete(target);
  }

  /** Looks again. Waits a moment for files that were written just now; those of a coarse clock stay as they are. */
  async finish(): Promise<void> {
    let newest = 0;
    for (const { inputs, outputs } of this.#watched.values()) {
      newest = Math.max(newest, newestRacy(inputs), newestRacy(outputs));
    }
    const wait = newest === 0 ? 0 : untilSettled(newest, this.#now());
    if (wait > 0) await sleep(Math.min(wait, PATIENCE));
    for (const [target, record] of this.#watched) {
      if (this.#state.get(target)?.kind !== 'done') continue;
      const inputs = this.#again(record.inputs);
      const outputs = this.#again(record.outputs);
      if (inputs !== undefined && outputs !== undefined) this.#state.refreshRows(target, inputs, outputs);
    }
    this.#watched.clear();
  }

  /** The same files as they are now; undefined when something changed, which the next run will see. */
  #again(table: FileTable): FileTable | undefined {
    if (newestRacy(table) === 0) return table;
    const known = new KnownFiles();
    known.add(table);
    const scan = this.#scan(table, known);
    if (scan === undefined || scan.missing.length > 0) return undefined;
    return scan.digests.every((digest, index) => digest === table.digests[index]) ? scan : undefined;
  }

  #scan(table: FileTable, known: KnownFiles): Scan | undefined {
    try {
      return scanFiles(this.#tree, table.paths, known, this.#now);
    } catch {
      return undefined;
    }
  }
}

/** When the last of those files changed that can't be trusted; 0 when all can. */
function newestRacy({ rows, starts }: FileTable): number {
  let newest = 0;
  for (const start of starts) {
    newest = Math.max(newest, racyTime(rows, start), isLinkRow(rows, start) ? racyTime(rows, start + ROW) : 0);
  }
  return newest;
}

function racyTime(rows: FileTable['rows'], at: number): number {
  return Number.isNaN(rows[at + 1]) ? (rows[at + 2] ?? 0) : 0;
}

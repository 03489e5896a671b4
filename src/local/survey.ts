import type { Stats } from 'node:fs';
import type { ChangedPlace, Survey } from '../model/local.js';
import { isUnchanged } from './file-table.js';
import type { LocalState } from './records.js';
import { isFolderRow, isLinkRow, pushRow, ROW } from './rows.js';
import type { Tree } from './tree.js';

/**
 * What a quick look has just found fresh, put together from the records of targets and from where the look went. Undefined when
 * it would not tell everything: something changed since shortly before the look, which began at `began` (milliseconds since the
 * epoch), or a pattern went into a folder by a link. `first`: a file that is to be as it is now, too.
 */
export function survey(
  tree: Tree,
  state: LocalState,
  targets: Iterable<string>,
  began: number,
  first: string,
): Survey | undefined {
  const found = new Places(began);
  if (!found.see(first, tree.lstat(first))) return undefined;
  for (const target of targets) {
    const known = state.get(target);
    if (known?.kind !== 'done') return undefined;
    const { inputText, inputCount, outputText, outputCount, rows, rowStart } = known.record;
    const paths = [
      ...(inputCount === 0 ? [] : inputText.split('\n')),
      ...(outputCount === 0 ? [] : outputText.split('\n')),
    ];
    // A name with a line feed can't be told from two.
    if (paths.length !== inputCount + outputCount) return undefined;
    let at = rowStart;
    for (const path of paths) {
      const length = isLinkRow(rows, at) ? 2 * ROW : ROW;
      if (!found.add(path, rows.subarray(at, at + length))) return undefined;
      at += length;
    }
  }
  const { folders, seen, links } = tree.walked;
  for (const [path, stats] of seen) {
    const target = stats?.isSymbolicLink() === true ? tree.stat(path) : undefined;
    // Where it leads decides what is below it, in ways that no row tells.
    if (target?.isDirectory() === true || !found.see(path, stats, target)) return undefined;
  }
  for (const folder of folders) {
    const path = folder === '' ? '.' : folder;
    const stats = tree.lstat(path);
    if (stats?.isSymbolicLink() === true || !found.see(path, stats)) return undefined;
  }
  // The folder that it is in tells of the link itself, but not of what it leads to.
  for (const [path, target] of links) if (!found.see(path, tree.lstat(path), target)) return undefined;
  return found.finish();
}

/** Whether everything is as it was surveyed; what can't be looked at is not. Reads nothing; ends at the first that is not. */
export function isAsSurveyed(tree: Tree, survey: Survey): boolean {
  return changedPlaces(tree, survey, 0) !== undefined;
}

/**
 * What is not as it was surveyed; undefined when that is more than `most` places, or when something can't be looked at. Reads
 * nothing.
 */
export function changedPlaces(tree: Tree, { paths, rows }: Survey, most: number): readonly ChangedPlace[] | undefined {
  const changed: ChangedPlace[] = [];
  let at = 0;
  try {
    for (const path of paths) {
      const empty = rows[at + 4] === 0;
      const same = empty ? tree.lstat(path) === undefined : isUnchanged(tree, path, rows, at, false);
      if (!same) {
        if (changed.length >= most) return undefined;
        changed.push({ path, folder: isFolderRow(rows, at) && tree.lstat(path)?.isDirectory() === true });
      }
      at += !empty && isLinkRow(rows, at) ? 2 * ROW : ROW;
    }
  } catch {
    return undefined;
  }
  return at === rows.length ? changed : undefined;
}

class Places {
  /** When the look began. */
  readonly #began: number;
  readonly #rows = new Map<string, ArrayLike<number>>();

  constructor(began: number) {
    this.#began = began;
  }

  /** Adds what is recorded of a file. False when it can't be trusted, or something else is known of it already. */
  add(path: string, row: Float64Array): boolean {
    if (row.some(Number.isNaN)) return false;
    const known = this.#rows.get(path);
    if (known !== undefined)
      return row.length === known.length && row.every((number, index) => number === known[index]);
    this.#rows.set(path, row);
    return true;
  }

  /**
   * Adds what was seen at a path (undefined for nothing), and where it leads if it is a link. False when it changed since shortly
   * before the look.
   */
  see(path: string, stats: Stats | undefined, target?: Stats): boolean {
    if (this.#rows.has(path)) return true;
    const row: number[] = [];
    this.#push(row, stats);
    if (stats?.isSymbolicLink() === true) this.#push(row, target);
    if (row.some(Number.isNaN) || path.includes('\n')) return false;
    this.#rows.set(path, row);
    return true;
  }

  #push(row: number[], stats: Stats | undefined): void {
    if (stats === undefined) row.push(0, 0, 0, 0, 0);
    else pushRow(row, stats, this.#began);
  }

  finish(): Survey {
    const rows = new Float64Array([...this.#rows.values()].reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const row of this.#rows.values()) {
      rows.set(row, at);
      at += row.length;
    }
    return { paths: [...this.#rows.keys()], rows };
  }
}

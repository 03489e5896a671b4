import { createHash, hash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readFileSync, readSync, type Stats } from 'node:fs';
import { guardedSync } from './file-errors.js';
import { isLinkRow, isRow, pushRow, ROW } from './rows.js';
import type { Tree } from './tree.js';

/** Files as they were seen, in the order in which they were asked for. */
export interface FileTable {
  readonly paths: readonly string[];
  /** A row a file, two for a link: its own and that of what it leads to. */
  readonly rows: Float64Array | readonly number[];
  /** Index in `rows` of each file's first number. */
  readonly starts: readonly number[];
  /** Hex SHA-256 of each file: its kind (file, executable, link) and content. */
  readonly digests: readonly string[];
}

/** Files that were looked at, and those that are not there. */
export interface Scan extends FileTable {
  readonly missing: readonly string[];
}

/** What is known of files already; a file whose row is as recorded is not read. */
export class KnownFiles {
  readonly #places = new Map<string, { readonly table: FileTable; readonly index: number }>();

  add(table: FileTable): void {
    for (const [index, path] of table.paths.entries()) this.#places.set(path, { table, index });
  }

  /** The digest if the file is as recorded. */
  digest(path: string, link: Stats, target: Stats | undefined): string | undefined {
    const place = this.#places.get(path);
    if (place === undefined) return undefined;
    const { table, index } = place;
    const start = table.starts[index] ?? 0;
    if (!isRow(table.rows, start, link)) return undefined;
    if (isLinkRow(table.rows, start) && !isTarget(table.rows, start + ROW, target)) return undefined;
    return table.digests[index];
  }
}

/** Looks at files, and reads those that are not known. `now`: the clock, in milliseconds since the epoch. Throws LOCAL_FILE. */
export function scanFiles(tree: Tree, paths: readonly string[], known: KnownFiles, now: () => number): Scan {
  const [seen, rows, starts, digests, missing]: [string[], number[], number[], string[], string[]] = [
    [],
    [],
    [],
    [],
    [],
  ];
  for (const path of paths) {
    const looked = now();
    const stats = tree.lstat(path);
    const isLink = stats?.isSymbolicLink() === true;
    if (stats === undefined || !(isLink || stats.isFile())) {
      missing.push(path);
      continue;
    }
    const target = isLink ? tree.stat(path) : undefined;
    starts.push(rows.length);
    pushRow(rows, stats, looked);
    if (isLink && target === undefined) rows.push(0, 0, 0, 0, 0);
    else if (target !== undefined) pushRow(rows, target, looked);
    seen.push(path);
    digests.push(
      known.digest(path, stats, target) ?? digestOf(tree, path, stats, target, isExecutable(target ?? stats)),
    );
  }
  return { paths: seen, rows, starts, digests, missing };
}

/** Whether files are exactly as recorded; reads nothing. */
export function isUnchanged(
  tree: Tree,
  path: string,
  rows: Float64Array | readonly number[],
  start: number,
  once: boolean,
): boolean {
  const stats = once ? tree.lstatOnce(path) : tree.lstat(path);
  if (stats === undefined || !isRow(rows, start, stats)) return false;
  return !isLinkRow(rows, start) || isTarget(rows, start + ROW, tree.stat(path));
}

/** Whether all of a table are files, none of them a link, that are exactly as it has them; reads nothing. */
export function areUnchangedFiles(tree: Tree, { paths, rows, starts }: FileTable): boolean {
  return paths.every((path, index) => {
    const start = starts[index] ?? 0;
    return !isLinkRow(rows, start) && isUnchanged(tree, path, rows, start, false);
  });
}

/** Where each file's row begins. */
export function startsOf(rows: Float64Array, from: number, count: number): number[] {
  const starts: number[] = [];
  for (let at = from; starts.length < count; at += isLinkRow(rows, at) ? 2 * ROW : ROW) starts.push(at);
  return starts;
}

function isTarget(rows: Float64Array | readonly number[], at: number, target: Stats | undefined): boolean {
  return target === undefined ? rows[at + 4] === 0 : isRow(rows, at, target);
}

/** Of the modes only the owner's x bit counts, as in git: the others follow from a user's umask. */
function isExecutable(stats: Stats): boolean {
  return (stats.mode & 0o100) !== 0;
}

/** The digest that a file would have if its x bit were the other one. Throws LOCAL_FILE. */
export function digestWithOtherMode(tree: Tree, path: string): string | undefined {
  const stats = tree.lstat(path);
  return stats?.isFile() ? digestOf(tree, path, stats, undefined, !isExecutable(stats)) : undefined;
}

function digestOf(tree: Tree, path: string, stats: Stats, target: Stats | undefined, executable: boolean): string {
  const link = stats.isSymbolicLink() ? `link ${tree.readlink(path)}\0` : '';
  if (link !== '') {
    // What is in a folder that a link leads to is matched file by file.
    if (target === undefined) return hash('sha256', `${link}nothing`, 'hex');
    if (!target.isFile()) return hash('sha256', `${link}no file`, 'hex');
  }
  const head = `${link}${executable ? 'executable' : 'file'}\0`;
  return guardedSync(path, 'read', () => digestOfContent(head, tree.place(path), (target ?? stats).size));
}

/**
 * The content that a file had when it was digested; undefined when it is larger than so many bytes, is a link, or has other
 * content by now. For people: of a link the digest says all.
 */
export function contentOf(tree: Tree, path: string, digest: string, largest: number): Uint8Array | undefined {
  const place = tree.place(path);
  const file = openSync(place, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const stats = fstatSync(file);
    if (!stats.isFile() || stats.size > largest) return undefined;
    const content = readFileSync(file);
    const kind = isExecutable(stats) ? 'executable\0' : 'file\0';
    return createHash('sha256').update(kind).update(content).digest('hex') === digest ? content : undefined;
  } finally {
    closeSync(file);
  }
}

/** Bytes that are read at once. */
const CHUNK = 1024 * 1024;

/** Memory for small files: they are read one after the other, and each in one piece. */
const small = Buffer.allocUnsafeSlow(16 * 1024);

/** The digest of a text and the content of a file that was seen to have `size` bytes. */
function digestOfContent(head: string, place: string, size: number): string {
  const fits = 3 * head.length + size < small.length;
  const buffer = fits ? small : Buffer.allocUnsafeSlow(Math.min(size + 1, CHUNK));
  const file = openSync(place, 'r');
  try {
    const start = fits ? small.write(head) : 0;
    let read = fits ? readSync(file, small, start, small.length - start, null) : 0;
    // Less than there was room for is the end, for what was seen to be a file; another question would cost as much again. And to
    // digest all at once takes half of the time.
    if (fits && read === size) return hash('sha256', small.subarray(0, start + read), 'hex');
    const parts = createHash('sha256').update(fits ? small.subarray(0, start + read) : head);
    do {
      read = readSync(file, buffer, 0, buffer.length, null);
      parts.update(buffer.subarray(0, read));
    } while (read > 0);
    return parts.digest('hex');
  } finally {
    closeSync(file);
  }
}

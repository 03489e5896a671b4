import { DEEP, matchesName, matchesPath, type Pattern } from './pattern.js';
import type { Tree } from './tree.js';

/** Patterns of a task, taken apart. */
export interface PatternSet {
  readonly take: readonly Pattern[];
  /** Written with `!`: they take away, whatever the order. */
  readonly leave: readonly Pattern[];
}

/**
 * Paths of all files that patterns match, each once, sorted by code unit. A path that is no glob is among them whether or not
 * it exists; one that is a folder stands for all files in it. Throws LOCAL_FILE for folders that can't be read.
 */
export function expand(tree: Tree, { take, leave }: PatternSet): string[] {
  const found = new Set<string>();
  const isLeft = (path: string): boolean => leave.some((pattern) => matchesPath(pattern, path, true));
  for (const pattern of take) {
    const walk = new Walk(tree, pattern, isLeft, found);
    if (pattern.literal) walk.literal(pattern.text);
    else walk.folder('', 0, []);
  }
  return [...found].sort();
}

class Walk {
  readonly #tree: Tree;
  readonly #pattern: Pattern;
  readonly #isLeft: (path: string) => boolean;
  readonly #found: Set<string>;

  constructor(tree: Tree, pattern: Pattern, isLeft: (path: string) => boolean, found: Set<string>) {
    this.#tree = tree;
    this.#pattern = pattern;
    this.#isLeft = isLeft;
    this.#found = found;
  }

  literal(path: string): void {
    if (this.#isLeft(path)) return;
    const stats = this.#tree.lstatOnce(path);
    if (stats === undefined && !this.#pattern.required) return;
    const link = stats?.isSymbolicLink() === true;
    const folder = link ? this.#tree.stat(path)?.isDirectory() === true : stats?.isDirectory() === true;
    if (link || !folder) this.#found.add(path);
    if (folder) this.#below(path, link ? [this.#tree.realpath(path)] : []);
  }

  /** Matches the pattern from segment `at` on against what is in a folder. `crossed`: where links on the way led. */
  folder(path: string, at: number, crossed: readonly string[]): void {
    const segment = this.#pattern.segments[at];
    if (segment === undefined) return;
    const last = at === this.#pattern.segments.length - 1;
    if (segment === DEEP) {
      if (last) {
        this.#below(path, crossed);
        return;
      }
      this.folder(path, at + 1, crossed);
    } else if (typeof segment === 'string' && !last) {
      // `..` is never in a listing.
      this.#enterNamed(join(path, segment), at + 1, crossed);
      return;
    }
    for (const entry of this.#tree.list(path)) {
      if (segment !== DEEP && !matchesName(segment, entry.name)) continue;
      if (typeof segment !== 'string' && this.#pattern.passedOver.has(entry.name)) continue;
      const inside = join(path, entry.name);
      if (segment !== DEEP && last && entry.file && !this.#isLeft(inside)) this.#found.add(inside);
      if (entry.folder && (segment === DEEP || !last)) {
        this.#enter(inside, entry.link, crossed, (way) => this.folder(inside, segment === DEEP ? at : at + 1, way));
      }
    }
  }

  #enterNamed(path: string, at: number, crossed: readonly string[]): void {
    const link = this.#tree.lstatOnce(path)?.isSymbolicLink() === true;
    if (link && this.#tree.stat(path)?.isDirectory() !== true) return;
    this.#enter(path, link, crossed, (way) => this.folder(path, at, way));
  }

  #below(path: string, crossed: readonly string[]): void {
    for (const entry of this.#tree.list(path)) {
      if (this.#pattern.passedOver.has(entry.name)) continue;
      const inside = join(path, entry.name);
      if (entry.file && !this.#isLeft(inside)) this.#found.add(inside);
      if (entry.folder) this.#enter(inside, entry.link, crossed, (way) => this.#below(inside, way));
    }
  }

  /** Goes into a folder, unless it is left out or a link that leads back to where the walk is already. */
  #enter(path: string, link: boolean, crossed: readonly string[], into: (crossed: readonly string[]) => void): void {
    if (this.#isLeft(path)) return;
    if (!link) {
      into(crossed);
      return;
    }
    // What is entered is told by the link itself too: its text is part of what was matched.
    this.#found.add(path);
    const real = this.#tree.realpath(path);
    const around = this.#tree.realpath(path.includes('/') ? path.slice(0, path.lastIndexOf('/')) : '');
    const back = around === real || around.startsWith(`${real}/`);
    if (!back && !crossed.includes(real)) into([...crossed, real]);
  }
}

function join(folder: string, name: string): string {
  return folder === '' ? name : `${folder}/${name}`;
}

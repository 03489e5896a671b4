import type { LocalWork } from '../model/local.js';
import { isFileGlob, literalBase, matchesPath, type Pattern, parsePattern } from './pattern.js';

/** A local target, as far as its files are concerned. */
export interface Declared {
  readonly name: string;
  readonly where?: string;
  readonly work: LocalWork;
}

/** Something wrong with what targets declare together. */
export interface OutputClash {
  readonly message: string;
  readonly where?: string;
}

/**
 * Checks what local targets make and read of each other: no two make the same file, and who reads what another makes comes after
 * it. `comesAfter(a, b)`: whether `a` comes after `b` in any way. What only the disk can tell, two globs that happen
 * to meet, is told when it happens.
 */
export function checkOutputs(
  targets: readonly Declared[],
  comesAfter: (target: string, earlier: string) => boolean,
): OutputClash[] {
  const clashes: OutputClash[] = [];
  const makers = new Makers();
  for (const target of targets) {
    for (const output of target.work.outputs ?? []) {
      const other = makers.add(output, target);
      if (other !== undefined && other !== target) {
        clashes.push(clash(target, `${target.name} and ${other.name} both make ${output}`, other));
      } else if (other === target) clashes.push(clash(target, `${target.name} declares the output ${output} twice`));
    }
  }
  makers.sort();
  for (const { output, inside } of makers.insideOfGlobs()) {
    if (output.target === inside.target) continue;
    const message = `${output.target.name} makes ${output.path}, which ${inside.target.name} makes as ${inside.text}`;
    clashes.push(clash(output.target, message, inside.target));
  }
  const told = new Set<string>();
  for (const target of targets) {
    const { plain } = target.work;
    for (const input of target.work.inputs ?? []) {
      if (!plain && input.startsWith('!')) continue;
      for (const maker of makers.of(input, plain)) {
        if (maker.target === target) {
          if (input !== maker.path) continue;
          clashes.push(clash(target, `${target.name} has ${input} as an input and as an output`));
        } else if (!comesAfter(target.name, maker.target.name) && !isLeft(target.work, maker.path)) {
          const key = `${target.name} ${maker.target.name}`;
          if (told.has(key)) continue;
          told.add(key);
          const message = `${target.name} reads ${maker.path}, which ${maker.target.name} makes, and does not need it`;
          clashes.push(clash(target, message, maker.target));
        }
      }
    }
  }
  return clashes;
}

interface Maker {
  readonly path: string;
  readonly target: Declared;
}

interface GlobMaker {
  readonly text: string;
  readonly pattern: Pattern;
  readonly target: Declared;
}

const NOBODY: readonly Maker[] = [];

/** Who makes what. Declarations are many and clashes few, so everything is found by name or by folder. */
class Makers {
  readonly #byPath = new Map<string, Maker>();
  /** By the folder in front of the first wildcard. */
  readonly #globs = new Map<string, GlobMaker[]>();
  readonly #globTexts = new Map<string, Declared>();
  readonly #globsAround = new Map<string, readonly GlobMaker[]>();
  /** Folders of outputs, and the folders around them. */
  readonly #folders = new Set<string>();
  /** Which beginnings outputs and their folders have; what begins otherwise need not be looked up. */
  readonly #beginnings = new Uint8Array(1 << 12);
  #paths: readonly string[] = [];

  /** Adds an output. Returns who makes the very same already. */
  add(output: string, target: Declared): Declared | undefined {
    if (!isFileGlob(output)) {
      const other = this.#byPath.get(output);
      if (other === undefined) this.#byPath.set(output, { path: output, target });
      return other?.target;
    }
    const other = this.#globTexts.get(output);
    this.#globTexts.set(output, target);
    if (other !== undefined) return other;
    for (const pattern of parsePattern(output)) {
      const base = literalBase(pattern);
      this.#globs.set(base, [...(this.#globs.get(base) ?? []), { text: output, pattern, target }]);
    }
    return undefined;
  }

  sort(): void {
    this.#paths = [...this.#byPath.keys()].sort();
    for (const path of this.#paths) {
      this.#beginnings[beginningOf(path)] = 1;
      for (let end = path.lastIndexOf('/'); end > 0; end = path.lastIndexOf('/', end - 1)) {
        const folder = path.slice(0, end);
        // What is around it is known then, too.
        if (this.#folders.has(folder)) break;
        this.#folders.add(folder);
        this.#beginnings[beginningOf(folder)] = 1;
      }
    }
  }

  insideOfGlobs(): { output: Maker; inside: GlobMaker }[] {
    if (this.#globs.size === 0) return [];
    return [...this.#byPath.values()].flatMap((output) =>
      this.#around(output.path).map((inside) => ({ output, inside })),
    );
  }

  /** Outputs that an input matches, by name; of a glob output the input itself. */
  of(input: string, plain: boolean): readonly Maker[] {
    if (!plain && isFileGlob(input)) {
      return parsePattern(input).flatMap((pattern) => {
        const base = literalBase(pattern);
        return this.#below(base === '' ? '' : `${base}/`, (path) => matchesPath(pattern, path));
      });
    }
    // Nearly all inputs are nobody's output, and there may be very many.
    if (this.#globs.size === 0 && this.#beginnings[beginningOf(input)] === 0) return NOBODY;
    const maker = this.#byPath.get(input);
    const folder = this.#folders.has(input);
    return [
      ...(maker === undefined ? [] : [maker]),
      ...this.#around(input).map(({ target }) => ({ path: input, target })),
      ...(folder ? this.#below(`${input}/`, () => true) : []),
    ];
  }

  #below(prefix: string, matches: (path: string) => boolean): Maker[] {
    const found: Maker[] = [];
    for (let index = firstFrom(this.#paths, prefix); index < this.#paths.length; index++) {
      const path = this.#paths[index] ?? '';
      if (!path.startsWith(prefix)) break;
      const maker = this.#byPath.get(path);
      if (maker !== undefined && matches(path)) found.push(maker);
    }
    return found;
  }

  /** Globs that match a path. */
  #around(path: string): GlobMaker[] {
    if (this.#globs.size === 0) return [];
    const end = path.lastIndexOf('/');
    const folder = end === -1 ? '' : path.slice(0, end);
    let around = this.#globsAround.get(folder);
    if (around === undefined) {
      const found: GlobMaker[] = [...(this.#globs.get('') ?? [])];
      for (let at = 0; at !== -1 && folder !== ''; ) {
        at = folder.indexOf('/', at + 1);
        found.push(...(this.#globs.get(at === -1 ? folder : folder.slice(0, at)) ?? []));
      }
      around = found;
      this.#globsAround.set(folder, around);
    }
    return around.filter(({ pattern }) => matchesPath(pattern, path));
  }
}

function beginningOf(path: string): number {
  return ((path.charCodeAt(0) << 6) ^ path.charCodeAt(1)) & 0xfff;
}

function isLeft(work: LocalWork, path: string): boolean {
  const left = (work.inputs ?? []).filter((text) => text.startsWith('!'));
  return left.some((text) => parsePattern(text.slice(1)).some((pattern) => matchesPath(pattern, path, true)));
}

/** Index of the first of sorted texts that is not before `text`. */
function firstFrom(sorted: readonly string[], text: string): number {
  let [low, high] = [0, sorted.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? '') < text) low = middle + 1;
    else high = middle;
  }
  return low;
}

function clash(target: Declared, message: string, other?: Declared): OutputClash {
  const told = other?.where === undefined ? message : `${message} (${other.name}: ${other.where})`;
  return target.where === undefined ? { message: told } : { message: told, where: target.where };
}

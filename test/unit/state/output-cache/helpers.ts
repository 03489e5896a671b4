import { createHash } from 'node:crypto';
import {
  chmodSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import type { CachedOutput, OutputCache } from '../../../../src/model/output-cache.js';
import { openOutputCache } from '../../../../src/state/output-cache.js';

/** What is at a path: content and mode of a file, or what a symbolic link says. */
export type Leaf = { readonly content: string; readonly mode: number } | { readonly to: string };

/** Files and links by path relative to a root. */
export type Tree = Readonly<Record<string, Leaf>>;

/** A project, a cache, and what the cache said. */
export interface Bench {
  readonly root: string;
  readonly directory: string;
  readonly warnings: string[];
  /** The cache as a new process sees it. */
  open(maxBytes?: number): OutputCache;
  remove(): void;
}

export function makeBench(): Bench {
  const folder = mkdtempSync(path.join(tmpdir(), 'pai-outputs-'));
  const root = path.join(folder, 'project');
  const directory = path.join(folder, 'cache');
  mkdirSync(root);
  const warnings: string[] = [];
  return {
    root,
    directory,
    warnings,
    open: (maxBytes = 1 << 30) =>
      openOutputCache({
        directory,
        root,
        staging: path.join(root, '.cache/staging'),
        maxBytes,
        warn: (text) => warnings.push(text),
      }),
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** A fingerprint. */
export function fingerprint(of: string): string {
  return createHash('sha256').update(of).digest('hex');
}

/** Everything below a root but `.cache`. */
export function readTree(root: string): Tree {
  const tree: Record<string, Leaf> = {};
  const read = (folder: string): void => {
    for (const name of readdirSync(path.join(root, folder))) {
      const file = folder === '' ? name : `${folder}/${name}`;
      if (file === '.cache') continue;
      const place = path.join(root, file);
      const stat = lstatSync(place);
      if (stat.isDirectory()) read(file);
      else if (stat.isSymbolicLink()) tree[file] = { to: readlinkSync(place) };
      else tree[file] = { content: readFileSync(place, 'latin1'), mode: stat.mode & 0o777 };
    }
  };
  read('');
  return tree;
}

/** Makes a root have exactly this tree. */
export function writeTree(root: string, tree: Tree): void {
  for (const name of readdirSync(root)) {
    if (name !== '.cache') rmSync(path.join(root, name), { recursive: true });
  }
  for (const [file, leaf] of Object.entries(tree)) {
    const place = path.join(root, file);
    mkdirSync(path.dirname(place), { recursive: true });
    if ('to' in leaf) {
      symlinkSync(leaf.to, place);
    } else {
      writeFileSync(place, leaf.content, 'latin1');
      chmodSync(place, leaf.mode);
    }
  }
}

/** Keeps a tree as the outputs of `target`. */
export async function put(cache: OutputCache, of: string, tree: Tree): Promise<void> {
  const outputs = Object.keys(tree);
  await cache.put({ target: of, fingerprint: fingerprint(of), run: 'run-1', outputs });
}

/** Asks for the outputs of `target`, all paths being declared. */
export function restore(
  cache: OutputCache,
  of: string,
  existing: readonly string[] = [],
): Promise<readonly CachedOutput[] | undefined> {
  return cache.restore({ target: of, fingerprint: fingerprint(of), declares: () => true, existing });
}

const segment = fc.constantFrom('a', 'b', 'c', 'Z', '.hidden', 'ä ö', "it's", 'x.tar.gz', '-n', '$HOME', '..c');
const leaf: fc.Arbitrary<Leaf> = fc.oneof(
  {
    weight: 5,
    arbitrary: fc.record({
      content: fc.oneof(
        fc.constantFrom('', 'same'),
        fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString('latin1')),
      ),
      mode: fc.constantFrom(0o644, 0o600, 0o755, 0o444, 0o640, 0o700, 0o666),
    }),
  },
  { weight: 1, arbitrary: fc.record({ to: fc.constantFrom('a', '../a', '/nowhere/at/all', 'b/c') }) },
);

/** Random trees of a few files and links; no path is a folder of another. */
export const trees: fc.Arbitrary<Tree> = fc
  .array(
    fc.tuple(
      fc.array(segment, { minLength: 1, maxLength: 3 }).map((parts) => parts.join('/')),
      leaf,
    ),
    {
      minLength: 1,
      maxLength: 8,
    },
  )
  .map((entries) => {
    const tree: Record<string, Leaf> = {};
    for (const [file, found] of entries) {
      const taken = Object.keys(tree).some(
        (other) => other === file || other.startsWith(`${file}/`) || file.startsWith(`${other}/`),
      );
      if (!taken) tree[file] = found;
    }
    return tree;
  });

import { createHash } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { BuildFailure, Message, Plugin } from 'esbuild';
import { guarded } from '../local/file-errors.js';
import { pushRow } from '../local/rows.js';
import { PaiError } from '../model/errors.js';
import { renameOver } from '../state/rename-over.js';

/** What `from 'pai'` means in a paifile: this very installation, wherever the project's own packages are. */
const PAI = new URL('../index.js', import.meta.url).href;
/** Raised when bundles are made in another way. */
const FORMAT = 3;
/** What nobody names any more may be in use by who just started, for this long, in milliseconds. */
const IN_USE = 60_000;

/** A file as it was when it was hashed: numbers that tell whether it has to be read again, and its SHA-256. */
interface Seen {
  readonly row: readonly (number | null)[];
  readonly digest: string;
}

/** Kept beside the bundle: what it was made from. */
interface Manifest {
  readonly format: number;
  readonly pai: string;
  /** File name of the bundle, in the manifest's folder: its SHA-256. */
  readonly bundle: string;
  readonly bundleRow: readonly (number | null)[];
  /** Digest of all inputs; kept, so that a start with nothing new hashes nothing. */
  readonly code: string;
  /** Each input by its path relative to the project, forward slashes. */
  readonly inputs: Readonly<Record<string, Seen>>;
}

/** A bundle. */
export interface Bundle {
  /** Absolute path. */
  readonly file: string;
  /** Digest of all sources: the same in every checkout. */
  readonly code: string;
}

/** The bundle in `directory` if it was made from the inputs as they are now, else undefined. Files as they were are not read. */
export async function cachedBundle(projectRoot: string, directory: string): Promise<Bundle | undefined> {
  const manifest = readManifest(directory);
  if (manifest === undefined) return undefined;
  try {
    const looked = Date.now();
    const inputs: Record<string, Seen> = {};
    let read = false;
    for (const [name, seen] of Object.entries(manifest.inputs)) {
      const now = lookAgain(path.join(projectRoot, name), seen, looked);
      if (now.digest !== seen.digest) return undefined;
      read ||= now !== seen;
      inputs[name] = now;
    }
    const file = path.join(directory, manifest.bundle);
    const bundle = { row: manifest.bundleRow, digest: manifest.bundle.replace(/\.mjs$/, '') };
    const now = lookAgain(file, bundle, looked);
    if (now.digest !== bundle.digest) return undefined;
    if (read || now !== bundle) await rememberRows(directory, { ...manifest, inputs, bundleRow: now.row });
    return { file, code: manifest.code };
  } catch {
    // Something is gone: the bundle, or an input, and then esbuild tells who still imports it.
    return undefined;
  }
}

/**
 * Bundles `paifile.ts` and what it imports from the project into `directory`; packages stay imports.
 * Throws PAIFILE_INVALID, and LOCAL_FILE when it can't be kept.
 */
export async function bundlePaifile(projectRoot: string, directory: string): Promise<Bundle> {
  const esbuild = await import('esbuild');
  const inputs = new Map<string, Seen>();
  const built = await esbuild
    .build({
      absWorkingDir: projectRoot,
      entryPoints: ['paifile.ts'],
      outfile: path.join(directory, 'paifile.mjs'),
      bundle: true,
      write: false,
      format: 'esm',
      platform: 'node',
      target: 'node20',
      packages: 'external',
      plugins: [resolvePai, recordInputs(projectRoot, inputs)],
      sourcemap: 'inline',
      sourcesContent: false,
      // A tsconfig.json would be an input that the manifest does not know of.
      tsconfigRaw: '{}',
      logLevel: 'silent',
    })
    .catch((failure: unknown) => {
      throw isBuildFailure(failure) ? invalid(failure.errors) : failure;
    });
  const [output] = built.outputFiles;
  if (output === undefined) throw new Error('esbuild gave no bundle');
  const name = `${sha256(output.contents)}.mjs`;
  const file = path.join(directory, name);
  const seen = Object.fromEntries([...inputs].sort());
  const code = codeOf(seen);
  await guarded(directory, 'write', async () => {
    const before = readManifest(directory);
    await mkdir(directory, { recursive: true });
    await replaceFile(file, output.contents);
    const bundleRow = rowOf(file, Date.now());
    await writeManifest(directory, { format: FORMAT, pai: PAI, bundle: name, bundleRow, code, inputs: seen });
    if (before !== undefined && before.bundle !== name) await rm(path.join(directory, before.bundle), { force: true });
    await removeLeftovers(directory, name);
  });
  return { file, code };
}

/** What is known of a file if it is as it was, else what it is now. Throws when it is gone. */
function lookAgain(file: string, seen: Seen, looked: number): Seen {
  const row = rowOf(file, looked);
  // null is what JSON makes of NaN: a time that can't be trusted. It equals no number.
  if (row.every((number, index) => number === seen.row[index])) return seen;
  return { row, digest: sha256(readFileSync(file)) };
}

function rowOf(file: string, looked: number): number[] {
  const row: number[] = [];
  pushRow(row, statSync(file), looked);
  return row;
}

/** Digest over the sources, which does not depend on where the project is. */
function codeOf(inputs: Readonly<Record<string, Seen>>): string {
  const lines = Object.entries(inputs).map(([name, { digest }]) => `${name}\n${digest}\n`);
  return sha256(Buffer.from(lines.sort().join('')));
}

/** Spares the next run to read the files again; a cache that can't be written costs that and no more. */
async function rememberRows(directory: string, manifest: Manifest): Promise<void> {
  await writeManifest(directory, manifest).catch(() => undefined);
}

async function writeManifest(directory: string, manifest: Manifest): Promise<void> {
  await replaceFile(path.join(directory, 'manifest.json'), `${JSON.stringify(manifest)}\n`);
}

const resolvePai: Plugin = {
  name: 'pai',
  setup(build) {
    build.onResolve({ filter: /^pai$/ }, () => ({ path: PAI, external: true }));
  },
};

/** Notes the digest of the very bytes that esbuild is given, so that an edit during the build is not missed. */
function recordInputs(projectRoot: string, inputs: Map<string, Seen>): Plugin {
  return {
    name: 'record-inputs',
    setup(build) {
      build.onLoad({ filter: /./ }, async (args) => {
        const row = rowOf(args.path, Date.now());
        const contents = await readFile(args.path);
        const name = path.relative(projectRoot, args.path).split(path.sep).join('/');
        inputs.set(name, { row, digest: sha256(contents) });
        return { contents, loader: 'default' };
      });
    },
  };
}

/** Undefined when there is none of this format and installation, or none that can be read. */
function readManifest(directory: string): Manifest | undefined {
  try {
    const manifest: Manifest = JSON.parse(readFileSync(path.join(directory, 'manifest.json'), 'utf8'));
    const ours = manifest.format === FORMAT && manifest.pai === PAI;
    const named = typeof manifest.bundle === 'string' && typeof manifest.code === 'string';
    const whole = named && Array.isArray(manifest.bundleRow);
    return ours && whole && typeof manifest.inputs === 'object' ? manifest : undefined;
  } catch {
    return undefined;
  }
}

/** Another run at the same time sees the old content or the new, never half of it. */
async function replaceFile(file: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${file}.${process.pid}`;
  try {
    await writeFile(temporary, content);
    renameOver(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** Removes what processes that were killed left. */
async function removeLeftovers(directory: string, bundle: string): Promise<void> {
  for (const name of await readdir(directory).catch(() => [])) {
    if (name === bundle || name === 'manifest.json') continue;
    const file = path.join(directory, name);
    const found = await stat(file).catch(() => undefined);
    if (found === undefined || Date.now() - found.mtimeMs < IN_USE) continue;
    await rm(file, { recursive: true, force: true }).catch(() => undefined);
  }
}

function sha256(content: Uint8Array): string {
  return createHash('sha256').update(content).digest('hex');
}

function isBuildFailure(value: unknown): value is BuildFailure {
  return value instanceof Error && 'errors' in value && Array.isArray(value.errors);
}

function invalid(messages: readonly Message[]): PaiError {
  const [first] = messages;
  const next = 'Correct the code at this place.';
  if (messages.length > 1 || first === undefined) {
    const details = messages.map((message) => [place(message), message.text].filter(Boolean).join(': '));
    return new PaiError('PAIFILE_INVALID', `the paifile has ${messages.length} errors`, { details, next });
  }
  const where = place(first);
  return new PaiError('PAIFILE_INVALID', first.text, where === undefined ? { next } : { where, next });
}

/** esbuild counts lines from 1 and columns from 0, in bytes. */
function place({ location }: Message): string | undefined {
  return location === null ? undefined : `${location.file}:${location.line}:${location.column + 1}`;
}

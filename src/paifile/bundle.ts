import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { BuildFailure, Message, Plugin } from 'esbuild';
import { guarded } from '../local/file-errors.js';
import { PaiError } from '../model/errors.js';

/** What `from 'pai'` means in a paifile: this very installation, wherever the project's own packages are. */
const PAI = new URL('../index.js', import.meta.url).href;
/** Raised when bundles are made in another way. */
const FORMAT = 1;

/** Kept beside the bundle: what it was made from. */
interface Manifest {
  readonly format: number;
  readonly pai: string;
  /** File name of the bundle, in the manifest's folder. */
  readonly bundle: string;
  /** SHA-256 of each input by its path relative to the project, forward slashes. */
  readonly inputs: Readonly<Record<string, string>>;
}

/** A bundle: its absolute path and its text. */
export interface Bundle {
  readonly file: string;
  readonly text: string;
}

/** The bundle in `directory` if it was made from the inputs as they are now, else undefined. */
export async function cachedBundle(projectRoot: string, directory: string): Promise<Bundle | undefined> {
  const manifest = await readManifest(directory);
  if (manifest === undefined || manifest.format !== FORMAT || manifest.pai !== PAI) return undefined;
  try {
    const same = await Promise.all(
      Object.entries(manifest.inputs).map(
        async ([file, digest]) => sha256(await readFile(path.join(projectRoot, file))) === digest,
      ),
    );
    if (!same.every(Boolean)) return undefined;
    const file = path.join(directory, manifest.bundle);
    return { file, text: await readFile(file, 'utf8') };
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
  const inputs = new Map<string, string>();
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
  const manifest: Manifest = { format: FORMAT, pai: PAI, bundle: name, inputs: Object.fromEntries([...inputs].sort()) };
  await guarded(directory, 'write', async () => {
    const before = await readManifest(directory);
    await mkdir(directory, { recursive: true });
    await replaceFile(file, output.contents);
    await replaceFile(path.join(directory, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`);
    if (before !== undefined && before.bundle !== name) await rm(path.join(directory, before.bundle), { force: true });
  });
  return { file, text: output.text };
}

const resolvePai: Plugin = {
  name: 'pai',
  setup(build) {
    build.onResolve({ filter: /^pai$/ }, () => ({ path: PAI, external: true }));
  },
};

/** Notes the digest of the very bytes that esbuild is given, so that an edit during the build is not missed. */
function recordInputs(projectRoot: string, inputs: Map<string, string>): Plugin {
  return {
    name: 'record-inputs',
    setup(build) {
      build.onLoad({ filter: /./ }, async (args) => {
        const contents = await readFile(args.path);
        inputs.set(path.relative(projectRoot, args.path).split(path.sep).join('/'), sha256(contents));
        return { contents, loader: 'default' };
      });
    },
  };
}

/** Undefined when there is none, or none that can be read. */
async function readManifest(directory: string): Promise<Manifest | undefined> {
  try {
    const text = await readFile(path.join(directory, 'manifest.json'), 'utf8');
    const manifest: Manifest = JSON.parse(text);
    return typeof manifest.bundle === 'string' && typeof manifest.inputs === 'object' ? manifest : undefined;
  } catch {
    return undefined;
  }
}

/** Another run at the same time sees the old content or the new, never half of it. */
async function replaceFile(file: string, content: string | Uint8Array): Promise<void> {
  const temporary = `${file}.${process.pid}`;
  await writeFile(temporary, content);
  await rename(temporary, file);
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

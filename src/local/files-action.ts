import { createHash, randomBytes } from 'node:crypto';
import { PaiError, toPaiError } from '../model/errors.js';
import type { Json } from '../model/json.js';
import type { Observation, Stamp } from '../model/stamp.js';
import type { Action, ActionContext, ApplyContext, Desired, FingerprintPart } from '../model/target.js';
import { readIfThere, removeFile, writeAtomically } from './atomic-file.js';
import {
  absolutePath,
  digestOf,
  findProblem,
  isAsRecorded,
  type KeySource,
  type LocalFile,
  type RecordedFile,
  readRecord,
  recordFiles,
  relativePath,
  writeRecord,
} from './record.js';

/** Files whose content is known beforehand: it is what enters the fingerprint. */
export interface KnownFiles {
  /** Absolute path of the stamp file. */
  readonly stampPath: string;
  files(context: ActionContext): Promise<readonly LocalFile[]>;
  /** What is secret is digested with a key that is kept in the stamp file: it can be done before the cluster has one. */
  readonly ownKey?: boolean;
}

/** Files that are new each time they are made (an issued certificate in a kubeconfig): `spec` stands for their content. */
export interface LateFiles {
  /** Absolute path of the stamp file. */
  readonly stampPath: string;
  readonly late: {
    /** All that the content depends on, without secrets. */
    spec(context: ActionContext): Promise<Json>;
    make(context: ApplyContext): Promise<readonly LocalFile[]>;
  };
}

/** What a target's files on the dev box are. */
export type FilesSpec = KnownFiles | LateFiles;

/**
 * Files on the dev box. Fresh while each is there as it was written, with its mode. A file that was dropped from the list is
 * removed by the next run. Neither that nor clean removes a file whose content someone changed: it is left, and told.
 * Output: digest of names, modes and contents.
 */
export function filesAction(spec: FilesSpec): Action {
  const { stampPath } = spec;
  const own = 'ownKey' in spec && spec.ownKey === true ? new OwnKey(stampPath) : undefined;
  const keyOf = ({ drivers }: ActionContext): KeySource => own?.source ?? (() => drivers.pki.fingerprintKey());
  return {
    pools: ['cpu'],
    observe: (context) => observe(stampPath, keyOf(context)),
    desired: (context) => desired(spec, context, { keyOf, own }),
    clean: (context) => clean(stampPath, keyOf(context), context),
  };
}

/** The key of a record that has one of its own: made here, and kept by the first record that is written. */
class OwnKey {
  readonly #stampPath: string;
  #key: Promise<string> | undefined;

  constructor(stampPath: string) {
    this.#stampPath = stampPath;
  }

  hex(): Promise<string> {
    this.#key ??= readRecord(this.#stampPath).then((record) => record?.key ?? randomBytes(32).toString('hex'));
    return this.#key;
  }

  readonly source: KeySource = async () => Buffer.from(await this.hex(), 'hex');
}

/** How secrets are digested. */
interface Keys {
  keyOf(context: ActionContext): KeySource;
  /** Absent: the cluster's. */
  readonly own: OwnKey | undefined;
}

async function observe(stampPath: string, key: KeySource): Promise<Observation> {
  try {
    const record = await readRecord(stampPath);
    if (record === undefined) return { kind: 'known', present: false };
    if (record.stamp === undefined) return { kind: 'known', present: true };
    const problem = await findProblem(stampPath, record.files, key);
    const seen = { kind: 'known', present: true, stamp: record.stamp } as const;
    return problem === undefined ? seen : { ...seen, problem };
  } catch (error) {
    return { kind: 'unknown', error: toPaiError(error) };
  }
}

async function desired(spec: FilesSpec, context: ActionContext, keys: Keys): Promise<Desired> {
  const { stampPath } = spec;
  if ('late' in spec) {
    const { late } = spec;
    return {
      parts: [{ name: 'specification', value: await late.spec(context) }],
      apply: async (applying) => apply(stampPath, await late.make(applying), applying, keys),
    };
  }
  const files = await spec.files(context);
  return {
    parts: (await Promise.all(files.map((file) => partsOf(stampPath, file, keys.own)))).flat(),
    apply: (applying) => apply(stampPath, files, applying, keys),
  };
}

async function partsOf(stampPath: string, file: LocalFile, own: OwnKey | undefined): Promise<FingerprintPart[]> {
  const name = relativePath(stampPath, file.path);
  return [await contentPart(`file ${name}`, file, own), { name: `mode of ${name}`, value: file.mode }];
}

async function contentPart(name: string, file: LocalFile, own: OwnKey | undefined): Promise<FingerprintPart> {
  if (file.secret !== true) return { name, value: file.content };
  const digest = own && (await digestOf(file.content, true, own.source));
  // A digest is no secret any more, but nothing to show either.
  return digest === undefined
    ? { name, value: file.content, secret: true }
    : { name, value: digest, digested: true, shown: false };
}

async function apply(
  stampPath: string,
  files: readonly LocalFile[],
  context: ApplyContext,
  { keyOf, own }: Keys,
): Promise<Stamp> {
  const key = keyOf(context);
  const kept = own === undefined ? {} : { key: await own.hex() };
  const recorded = await recordFiles(stampPath, files, key);
  const before = (await readRecord(stampPath))?.files ?? [];
  // From here to the end there is no stamp, but a list of all that may be there: a crash leaves nothing that is forgotten.
  await writeRecord(stampPath, { files: [...before, ...recorded], ...kept });
  const wanted = new Set(recorded.map((file) => file.path));
  await removeRecorded(
    stampPath,
    before.filter((file) => !wanted.has(file.path)),
    key,
    context,
  );
  for (const file of files) await writeAtomically(file.path, file.content, file.mode);
  const problem = await findProblem(stampPath, recorded, key);
  if (problem !== undefined) {
    throw new PaiError('LOCAL_FILE', `${problem}, just after it was written`, {
      next: 'Stop whatever else writes it and run again',
    });
  }
  const stamp = context.stamp(outputOf(recorded));
  await writeRecord(stampPath, { stamp, files: recorded, ...kept });
  context.log(`wrote ${files.length} ${files.length === 1 ? 'file' : 'files'}`);
  return stamp;
}

async function clean(stampPath: string, key: KeySource, context: ActionContext): Promise<void> {
  const record = await readRecord(stampPath);
  if (record === undefined) return;
  await removeRecorded(stampPath, record.files, key, context);
  await removeFile(stampPath);
}

/** Removes recorded files that still are what pai wrote. */
async function removeRecorded(
  stampPath: string,
  files: readonly RecordedFile[],
  key: KeySource,
  context: ActionContext,
): Promise<void> {
  for (const place of new Set(files.map((file) => absolutePath(stampPath, file)))) {
    const known = files.filter((file) => absolutePath(stampPath, file) === place);
    const found = await readIfThere(place);
    if (found === undefined) continue;
    const ours = await Promise.all(known.map((file) => isAsRecorded(found, file, key)));
    if (ours.includes(true)) await removeFile(place);
    else context.log(`left ${place}: it is not as pai wrote it`);
  }
}

/** Equal files give an equal digest on every machine, whatever order they are listed in. */
function outputOf(files: readonly RecordedFile[]): string {
  const lines = files.map((file) => JSON.stringify([file.path, file.mode, file.digest])).sort();
  return createHash('sha256').update(lines.join('\n')).digest('hex');
}

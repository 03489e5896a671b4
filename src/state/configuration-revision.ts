import { mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { isObject } from '../model/json-path.js';
import { parseJson } from '../model/parse-json.js';
import { renameOver } from './rename-over.js';

/** Which copy in a cluster a configuration folder was last the same as. */
export interface KnownRevision {
  /** Absolute path of the folder. */
  readonly folder: string;
  readonly clusterId: string;
}

/** The number of the revision that was last pushed from a folder or pulled to it; undefined when none is remembered. */
export async function readRevision(cacheDirectory: string, of: KnownRevision): Promise<number | undefined> {
  const known = (await readAll(cacheDirectory))[keyOf(of)];
  return typeof known === 'number' ? known : undefined;
}

/** Remembers it. Throws the system's error: what is not remembered would refuse the next push. */
export async function writeRevision(cacheDirectory: string, of: KnownRevision, revision: number): Promise<void> {
  const all = { ...(await readAll(cacheDirectory)), [keyOf(of)]: revision };
  await mkdir(cacheDirectory, { recursive: true, mode: 0o700 });
  const file = fileOf(cacheDirectory);
  await writeFile(`${file}.${process.pid}`, JSON.stringify(all), { mode: 0o600 });
  renameOver(`${file}.${process.pid}`, file);
}

async function readAll(cacheDirectory: string): Promise<Readonly<Record<string, unknown>>> {
  const text = await readFile(fileOf(cacheDirectory), 'utf8').catch(() => '');
  const value = parseJson(text);
  return isObject(value) ? value : {};
}

function keyOf({ folder, clusterId }: KnownRevision): string {
  return `${clusterId} ${folder}`;
}

function fileOf(cacheDirectory: string): string {
  return path.join(cacheDirectory, 'configuration-revisions.json');
}

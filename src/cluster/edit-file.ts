import { randomBytes } from 'node:crypto';
import { open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { PaiError } from '../model/errors.js';
import { addMachines, removeMachines } from './edit-machines.js';
import { CONFIGURATION_FILES, type LoadClusterOptions, loadCluster } from './load.js';
import type { MachineText } from './machine-text.js';
import type { Cluster } from './model.js';
import { schemas } from './schemas/index.js';
import { respell } from './spellings.js';
import { parseYaml } from './yaml.js';

/** A change of cluster-configuration.yaml that was checked and is not made yet. */
export interface ClusterFileChange {
  /** The file, as told. */
  readonly file: string;
  /** The configuration as it will be. */
  readonly cluster: Cluster;
  /** Makes it. Throws CONFIG_INVALID when the file was changed meanwhile; then it is as that left it. */
  write(): Promise<void>;
}

/**
 * Checks the whole configuration as it would be with machines added to the end of cluster-configuration.yaml's list.
 * Throws CONFIG_INVALID, CONFIG_MISSING; the file is not touched.
 */
export function addingMachines(
  options: LoadClusterOptions,
  machines: readonly MachineText[],
): Promise<ClusterFileChange> {
  return change(options, (file, text) => addMachines(file, text, machines));
}

/** The same without some machines, by their host names; those that it does not have are no matter. */
export function removingMachines(options: LoadClusterOptions, names: readonly string[]): Promise<ClusterFileChange> {
  const gone = new Set(names.map((name) => name.toLowerCase()));
  return change(options, (file, text) => {
    const indexes = hostNames(file, text).flatMap((name, index) => (gone.has(name) ? [index] : []));
    return removeMachines(file, text, new Set(indexes));
  });
}

async function change(
  options: LoadClusterOptions,
  edit: (file: string, text: string) => string,
): Promise<ClusterFileChange> {
  const file = join(options.configurationDirectory, CONFIGURATION_FILES.cluster);
  const before = await read(file);
  const after = edit(file, before);
  const cluster = await loadCluster({ ...options, clusterText: after });
  return {
    file,
    cluster,
    write: async () => {
      if (after === before) return;
      if ((await read(file)) !== before) {
        throw new PaiError('CONFIG_INVALID', `${file} was changed while pai was at work`, {
          where: file,
          next: 'Run it again: it goes on with the file as it is now.',
        });
      }
      await replaceFile(file, after);
    },
  };
}

function hostNames(file: string, text: string): readonly string[] {
  const { data } = respell(parseYaml(file, text), schemas.cluster).yaml;
  const list: unknown = typeof data === 'object' && data !== null ? Reflect.get(data, 'machine-list') : undefined;
  if (!Array.isArray(list)) return [];
  return list.map((entry: unknown) => {
    const name: unknown = typeof entry === 'object' && entry !== null ? Reflect.get(entry, 'hostname') : undefined;
    return typeof name === 'string' ? name.toLowerCase() : '';
  });
}

async function read(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw new PaiError('CONFIG_MISSING', `${file} can't be read (${code})`, {
      where: file,
      next: 'Check the path.',
      cause: error,
    });
  }
}

/** Whoever reads sees the old file or the new one whole: temporary file, fsync, rename. A link stays one; the mode stays. */
export async function replaceFile(file: string, text: string): Promise<void> {
  const place = await realpath(file);
  const { mode, uid, gid } = await stat(place);
  const temporary = `${place}.${randomBytes(4).toString('hex')}`;
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      // Only root may give a file away; for anybody else it is theirs already.
      if (process.getuid?.() === 0) await handle.chown(uid, gid);
      await handle.chmod(mode & 0o777);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, place);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

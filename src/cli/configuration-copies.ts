import { readFile } from 'node:fs/promises';
import { hostname, userInfo } from 'node:os';
import path from 'node:path';
import { CONFIGURATION_FILES } from '../cluster/load.js';
import type { Cluster } from '../cluster/model.js';
import type { ConfigurationFiles, ConfigurationStore, Revision } from '../kube/configuration-store.js';
import { writeAtomically } from '../local/atomic-file.js';
import { PaiError } from '../model/errors.js';
import { readRevision, writeRevision } from '../state/configuration-revision.js';

/** What copies of a configuration are kept with. */
export interface Copies {
  readonly cluster: Pick<Cluster, 'directory' | 'services'>;
  readonly cacheDirectory: string;
  readonly store: ConfigurationStore;
}

/** What became of a push or a pull. */
export interface Copied {
  readonly revision: Revision;
  /** False when it was the same already. */
  readonly changed: boolean;
}

/** Files of the configuration folder, as they are. */
export async function localFiles(directory: string): Promise<Readonly<Record<string, string | undefined>>> {
  const files = Object.values(CONFIGURATION_FILES).map(async (name) => {
    const text = await readFile(path.join(directory, name), 'utf8').catch(() => undefined);
    return [name, text] as const;
  });
  return Object.fromEntries(await Promise.all(files));
}

/**
 * Adds what is in the folder as the newest revision. Throws CONFIG_NEWER when the newest is not the one that was last pushed from here or
 * pulled to here, unless it is forced.
 */
export async function push(copies: Copies, force: boolean): Promise<Copied> {
  const { cluster, cacheDirectory, store } = copies;
  const here = { folder: cluster.directory, clusterId: cluster.services.clusterId };
  const files = await localFiles(cluster.directory);
  const [newest] = await store.list();
  if (newest !== undefined) {
    if (sameFiles(await store.read(newest.number), files)) {
      await writeRevision(cacheDirectory, here, newest.number);
      return { revision: newest, changed: false };
    }
    if (!force && (await readRevision(cacheDirectory, here)) !== newest.number) throw newer(newest);
  }
  const revision: Revision = {
    number: (newest?.number ?? 0) + 1,
    by: `${userInfo().username}@${hostname()}`,
    at: new Date().toISOString(),
  };
  const added = await store.add(revision, files as ConfigurationFiles);
  if (!added) throw newer((await store.list())[0] ?? revision);
  await writeRevision(cacheDirectory, here, revision.number);
  return { revision, changed: true };
}

/**
 * Writes a revision, the newest unless told, to the folder. Throws CONFIG_NEWER when something in the folder is in no copy that it came from, unless it is
 * forced, and UNKNOWN_NAME when there is no such revision.
 */
export async function pull(copies: Copies, force: boolean, asked?: string): Promise<Copied> {
  const { cluster, cacheDirectory, store } = copies;
  const here = { folder: cluster.directory, clusterId: cluster.services.clusterId };
  const { revision, files } = await findRevision(store, asked);
  const local = await localFiles(cluster.directory);
  const changed = !sameFiles(files, local);
  if (changed && !force) {
    const base = await readRevision(cacheDirectory, here);
    const before = base === undefined ? undefined : await store.read(base);
    if (!sameFiles(before, local)) {
      throw new PaiError(
        'CONFIG_NEWER',
        `${cluster.directory} has changes that were never pushed; nothing was written`,
        {
          where: cluster.directory,
          next: 'Look at them with `pai config diff`; then push them, or give them up with --force.',
        },
      );
    }
  }
  if (changed) {
    for (const name of Object.values(CONFIGURATION_FILES)) {
      const text = files[name];
      if (text !== undefined) await writeAtomically(path.join(cluster.directory, name), text, 0o600);
    }
  }
  await writeRevision(cacheDirectory, here, revision.number);
  return { revision, changed };
}

/** A revision, the newest unless told. Throws UNKNOWN_NAME when it is not there. */
export async function findRevision(
  store: ConfigurationStore,
  asked?: string,
): Promise<{ readonly revision: Revision; readonly files: ConfigurationFiles }> {
  const all = await store.list();
  const revision = asked === undefined ? all[0] : all.find(({ number }) => String(number) === asked);
  const files = revision && (await store.read(revision.number));
  if (revision !== undefined && files !== undefined) return { revision, files };
  const what = asked === undefined ? 'the cluster has no copy of the configuration' : `there is no revision ${asked}`;
  throw new PaiError('UNKNOWN_NAME', what, {
    next: asked === undefined ? 'Push yours: `pai config push`.' : '`pai config history` lists them.',
  });
}

function sameFiles(one: ConfigurationFiles | undefined, other: Readonly<Record<string, string | undefined>>): boolean {
  return one !== undefined && Object.values(CONFIGURATION_FILES).every((name) => one[name] === other[name]);
}

function newer({ number, by, at }: Revision): PaiError {
  return new PaiError(
    'CONFIG_NEWER',
    `the cluster has revision ${number} by ${by} of ${at}, which was not pulled here; nothing was pushed`,
    {
      next: 'Look at it with `pai config diff`, then `pai config pull`; or push over it with --force.',
    },
  );
}

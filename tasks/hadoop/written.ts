import { readdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { PaiError, type ProjectFolders } from 'pai';
import { PER_SKU, ROLES } from './roles.js';

/** File name -> content. */
export type Files = Readonly<Record<string, string>>;

/** Where `prepare-hadoop-config` writes: `ROLE/FILE`, of node managers `ROLE/SKU/FILE`. */
export function configurationFolder(project: ProjectFolders): string {
  return path.join(project.cache, 'hadoop', 'configuration');
}

/**
 * What `prepare-hadoop-config` wrote: role -> its files; of node managers role -> SKU -> files. Throws LOCAL_FILE when it has not run; who needs that
 * target is not asked before it did.
 */
export async function writtenConfiguration(
  project: ProjectFolders,
): Promise<Record<string, Files | Record<string, Files>>> {
  const folder = configurationFolder(project);
  const roles = ROLES.map(async (role) => {
    const place = path.join(folder, role);
    if (role !== PER_SKU) return [role, await filesOf(place)] as const;
    // A cluster without workers has none.
    const skus = await readdir(place).catch(() => []);
    const each = skus.toSorted().map(async (sku) => [sku, await filesOf(path.join(place, sku))] as const);
    return [role, Object.fromEntries(await Promise.all(each))] as const;
  });
  return Object.fromEntries(await Promise.all(roles));
}

async function filesOf(folder: string): Promise<Files> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    throw new PaiError('LOCAL_FILE', `Hadoop's configuration is not in ${folder}: ${error.code}`, {
      next: 'Run pai run prepare-hadoop-config.',
    });
  });
  const files = names.toSorted().map(async (name) => [name, await readFile(path.join(folder, name), 'utf8')] as const);
  return Object.fromEntries(await Promise.all(files));
}

import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Cluster } from '../cluster/model.js';
import { PaiError } from '../model/errors.js';
import type { Declaration } from '../model/target.js';
import { bundlePaifile, cachedBundle } from './bundle.js';
import { declare } from './declare.js';
import type { Paifile } from './language.js';
import { BundleSources } from './locate.js';
import { PAIFILE } from './name.js';

/** A paifile that was loaded. */
export interface PaifileModule {
  /** Runs its declarations against a cluster. Throws PAIFILE_INVALID. */
  declare(cluster: Cluster): Declaration;
  /** A stack trace with the places of its sources. */
  mapStack(stack: string): string;
}

/**
 * Loads `paifile.ts` of a project and what it imports. The bundle is kept in `<cacheDirectory>/paifile/` and used again
 * while none of its inputs has changed. Throws PAIFILE_INVALID with the place of what is wrong.
 */
export async function loadPaifile(projectRoot: string, cacheDirectory: string): Promise<PaifileModule> {
  const directory = path.join(cacheDirectory, 'paifile');
  const bundle = (await cachedBundle(projectRoot, directory)) ?? (await bundlePaifile(projectRoot, directory));
  const sources = new BundleSources(bundle.file, bundle.text, projectRoot);
  const exported = await importBundle(bundle.file).catch((thrown: unknown) => {
    throw blame(thrown, sources);
  });
  const paifile = exported.default;
  if (!isPaifile(paifile)) {
    throw new PaiError('PAIFILE_INVALID', 'the default export is not what paifile() returns', {
      where: PAIFILE,
      next: 'Write `export default paifile(({ cluster, target, each }) => { ... })`.',
    });
  }
  const project = { root: projectRoot, cache: cacheDirectory };
  return {
    declare: (cluster) => {
      try {
        return declare(paifile, { cluster, project }, (error) => sources.locate(error));
      } catch (thrown) {
        throw blame(thrown, sources);
      }
    },
    mapStack: (stack) => sources.mapStack(stack),
  };
}

function isPaifile(value: unknown): value is Paifile {
  return typeof value === 'object' && value !== null && 'write' in value && typeof value.write === 'function';
}

function importBundle(file: string): Promise<{ readonly default?: unknown }> {
  return import(pathToFileURL(file).href);
}

/** What code of a paifile threw, as an error of the paifile; a PaiError says already what it is. */
function blame(thrown: unknown, sources: BundleSources): PaiError {
  if (thrown instanceof PaiError) return thrown;
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  return new PaiError('PAIFILE_INVALID', `${error.name}: ${error.message}`, {
    where: sources.locate(error) ?? PAIFILE,
    details: sources.frames(error),
    next: 'Correct the code at this place.',
    cause: thrown,
  });
}

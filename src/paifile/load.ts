import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Cluster } from '../cluster/model.js';
import type { Graph } from '../graph/graph.js';
import { PaiError } from '../model/errors.js';
import { assemble } from './assemble.js';
import { bundlePaifile, cachedBundle } from './bundle.js';
import { declare } from './declare.js';
import type { Paifile } from './language.js';
import { BundleSources } from './locate.js';
import { PAIFILE } from './name.js';
import { type Outline, outline } from './outline.js';

/** A paifile that was loaded. */
export interface PaifileModule {
  /** Digest of the paifile and what it imports. */
  readonly code: string;
  /** What it declares in outline; undefined when it has to be checked. Does not throw: `graph` will tell. */
  outline(): Outline | undefined;
  /**
   * Runs its declarations and puts them together. `cluster` is asked when the paifile asks; what that throws passes through.
   * Throws PAIFILE_INVALID and CYCLE, with all that is wrong.
   */
  graph(cluster: () => Cluster): Graph;
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
  const sources = new BundleSources(bundle.file, projectRoot);
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
  const given = { project: { root: projectRoot, cache: cacheDirectory }, code: bundle.code };
  const declareWith = (cluster: () => Cluster, places: boolean): Graph => {
    try {
      return assemble(declare(paifile, { ...given, cluster, places }, (error) => sources.locate(error)));
    } catch (thrown) {
      throw thrown instanceof AsksForCluster ? thrown : blame(thrown, sources);
    }
  };
  return {
    code: bundle.code,
    outline: () => {
      try {
        return outline(paifile, { ...given, cluster: asksForCluster });
      } catch {
        return undefined;
      }
    },
    graph: (cluster) => {
      try {
        return declareWith(cluster, false);
      } catch (thrown) {
        if (!(thrown instanceof PaiError) || !(thrown.code === 'PAIFILE_INVALID' || thrown.code === 'CYCLE'))
          throw thrown;
      }
      // Something is wrong: once more, noting where each target is declared.
      return declareWith(cluster, true);
    },
    mapStack: (stack) => sources.mapStack(stack),
  };
}

/** Thrown by who is asked for the cluster and has not loaded it yet. */
export class AsksForCluster extends Error {}

function asksForCluster(): never {
  throw new AsksForCluster();
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

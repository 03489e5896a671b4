import path from 'node:path';
import type { Cluster } from '../cluster/model.js';
import type { Graph } from '../graph/graph.js';
import { AsksForCluster, loadPaifile, type PaifileModule } from '../paifile/load.js';
import { type CachePlace, givenCacheDirectory, maxCacheBytes, ownCacheDirectory } from './cache-place.js';
import type { Invocation } from './command.js';
import { allowOptimizerFor } from './optimizer.js';
import { type Place, placeOf } from './place.js';

/** A project with its configuration, as a command works on it. */
export interface Project {
  /** The folder of paifile.ts, absolute. */
  readonly root: string;
  /** `.cache` in it. */
  readonly cacheDirectory: string;
  /** The configuration, loaded at the first call. Throws CONFIG_MISSING, CONFIG_INVALID. */
  readonly cluster: () => Promise<Cluster>;
  readonly graph: Graph;
  /** For a command that may use the cache of outputs. */
  readonly outputCache?: CachePlace;
  /** Folder of the sandbox, when that is what is worked on. */
  readonly sandboxDirectory?: string;
}

/**
 * Loads the project around the working directory. Writes nothing but the paifile's bundle in `.cache`.
 * Throws USAGE outside a project and for a size that is none, PAIFILE_INVALID and CYCLE, and for a
 * paifile that asks for the cluster CONFIG_MISSING and CONFIG_INVALID.
 */
export async function openProject(invocation: Invocation): Promise<Project> {
  const { io, options } = invocation;
  const place = await placeOf(invocation);
  const { root, cacheDirectory, sandboxDirectory } = place;
  const serviceListFile = path.join(root, 'service-list.yaml');
  let loading: Promise<Cluster> | undefined;
  const cluster = (): Promise<Cluster> => {
    loading ??= loadConfiguration(place, serviceListFile);
    return loading;
  };
  const outputCache = options.cache === true && {
    directory: givenCacheDirectory(options, io.cwd) ?? ownCacheDirectory(cacheDirectory),
    maxBytes: maxCacheBytes(options),
  };
  const paifile = await loadPaifile(root, cacheDirectory);
  invocation.mapStack = paifile.mapStack;
  const graph = await declare(paifile, cluster);
  allowOptimizerFor(graph.targets.size);
  return {
    root,
    cacheDirectory,
    cluster,
    graph,
    ...(outputCache && { outputCache }),
    ...(sandboxDirectory !== undefined && { sandboxDirectory }),
  };
}

/** The configuration. A sandbox that is not there yet is made, of the usual size. */
async function loadConfiguration(place: Place, serviceListFile: string): Promise<Cluster> {
  const { configurationDirectory, sandboxDirectory } = place;
  const { loadCluster } = await import('../cluster/load.js');
  if (sandboxDirectory === undefined) return loadCluster({ configurationDirectory, serviceListFile });
  const [{ ensureSandbox }, { sandboxLayout }] = await Promise.all([
    import('../sandbox/create.js'),
    import('../sandbox/layout.js'),
  ]);
  const layout = sandboxLayout(sandboxDirectory);
  await ensureSandbox(layout);
  return loadCluster({ configurationDirectory, serviceListFile, operatorDirectory: layout.operator });
}

/** Runs the declarations; the configuration is loaded only when they ask for it, and then they are run again with it. */
async function declare(paifile: PaifileModule, cluster: () => Promise<Cluster>): Promise<Graph> {
  try {
    return paifile.graph(() => {
      throw new AsksForCluster();
    });
  } catch (thrown) {
    if (!(thrown instanceof AsksForCluster)) throw thrown;
  }
  const loaded = await cluster();
  return paifile.graph(() => loaded);
}

import path from 'node:path';
import type { Cluster } from '../cluster/model.js';
import type { Graph } from '../graph/graph.js';
import type { Surveyed } from '../model/local.js';
import { AsksForCluster, loadPaifile, type PaifileModule } from '../paifile/load.js';
import { type CachePlace, givenCacheDirectory, maxCacheBytes, ownCacheDirectory } from './cache-place.js';
import type { Invocation } from './command.js';
import { allowOptimizerFor } from './optimizer.js';
import { placeOf } from './place.js';

/** A project with its configuration, as a command works on it. */
export interface Project {
  /** The folder of paifile.ts, absolute. */
  readonly root: string;
  /** `.cache` in it. */
  readonly cacheDirectory: string;
  /** The configuration, loaded at the first call. Throws CONFIG_MISSING, CONFIG_INVALID. */
  readonly cluster: () => Promise<Cluster>;
  readonly graph: Graph;
  /** Digest of the paifile and what it imports. */
  readonly code: string;
  /** Whether its paifile asks for the configuration. */
  readonly asksForCluster: boolean;
  /** For a command that may use the cache of outputs. */
  readonly outputCache?: CachePlace;
  /** What a look at its files has just told. */
  readonly surveyed?: Surveyed;
  /** Folder of the sandbox, when that is what is worked on. */
  readonly sandboxDirectory?: string;
}

/** A project whose paifile is loaded, and has declared nothing yet. */
export interface OpenPaifile extends Omit<Project, 'graph' | 'code' | 'asksForCluster'> {
  readonly paifile: PaifileModule;
}

/** How a project is opened. */
export interface Opening {
  /** Warnings about the configuration are not told: for commands that others read, or that only name things. */
  readonly quiet?: boolean;
}

/**
 * Loads the paifile of the project around the working directory. Writes nothing but the paifile's bundle in `.cache`.
 * Throws USAGE outside a project and for a size that is none, and PAIFILE_INVALID.
 */
export async function openPaifile(invocation: Invocation, { quiet = false }: Opening = {}): Promise<OpenPaifile> {
  const { io, options } = invocation;
  const place = await placeOf(invocation);
  const { root, cacheDirectory, sandboxDirectory } = place;
  const serviceListFile = path.join(root, 'service-list.yaml');
  let loading: Promise<Cluster> | undefined;
  const cluster = (): Promise<Cluster> => {
    loading ??= import('./configuration.js').then(({ loadConfiguration }) =>
      loadConfiguration(place, serviceListFile, quiet ? undefined : io.stderr),
    );
    return loading;
  };
  const outputCache = options.cache === true && {
    directory: givenCacheDirectory(options, io.cwd) ?? ownCacheDirectory(cacheDirectory),
    maxBytes: maxCacheBytes(options),
  };
  const paifile = await loadPaifile(root, cacheDirectory);
  invocation.mapStack = paifile.mapStack;
  return {
    root,
    cacheDirectory,
    cluster,
    paifile,
    ...(outputCache && { outputCache }),
    ...(sandboxDirectory !== undefined && { sandboxDirectory }),
  };
}

/**
 * Runs the declarations of a paifile. Throws PAIFILE_INVALID and CYCLE, and for a paifile that asks for the cluster CONFIG_MISSING and
 * CONFIG_INVALID.
 */
export async function declareProject({ paifile, ...project }: OpenPaifile): Promise<Project> {
  const declared = await declare(paifile, project.cluster);
  allowOptimizerFor(declared.graph.targets.size);
  return { ...project, ...declared, code: paifile.code };
}

/** Loads the project around the working directory and runs its declarations; throws what both throw. */
export async function openProject(invocation: Invocation, opening?: Opening): Promise<Project> {
  return declareProject(await openPaifile(invocation, opening));
}

/** Runs the declarations; the configuration is loaded only when they ask for it, and then they are run again with it. */
async function declare(
  paifile: PaifileModule,
  cluster: () => Promise<Cluster>,
): Promise<Pick<Project, 'graph' | 'asksForCluster'>> {
  try {
    const graph = paifile.graph(() => {
      throw new AsksForCluster();
    });
    return { graph, asksForCluster: false };
  } catch (thrown) {
    if (!(thrown instanceof AsksForCluster)) throw thrown;
  }
  const loaded = await cluster();
  return { graph: paifile.graph(() => loaded), asksForCluster: true };
}

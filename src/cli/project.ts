import path from 'node:path';
import { loadCluster } from '../cluster/load.js';
import type { Cluster } from '../cluster/model.js';
import { buildGraph, type Graph } from '../graph/graph.js';
import { loadPaifile } from '../paifile/load.js';
import type { Invocation } from './command.js';
import { findRoot } from './find-root.js';

/** A project with its configuration, as a command works on it. */
export interface Project {
  /** The folder of paifile.ts, absolute. */
  readonly root: string;
  /** `.cache` in it. */
  readonly cacheDirectory: string;
  readonly cluster: Cluster;
  readonly graph: Graph;
}

/**
 * Loads the project around the working directory. Writes nothing but the paifile's bundle in `.cache`.
 * Throws USAGE outside a project, CONFIG_MISSING, CONFIG_INVALID, PAIFILE_INVALID and CYCLE.
 */
export async function openProject(invocation: Invocation): Promise<Project> {
  const { io, options } = invocation;
  const root = await findRoot(io.cwd);
  const cacheDirectory = path.join(root, '.cache');
  const configurationDirectory =
    options.path === undefined ? path.join(root, 'cluster-configuration') : path.resolve(io.cwd, options.path);
  const serviceListFile = path.join(root, 'service-list.yaml');
  const [cluster, paifile] = await Promise.all([
    loadCluster({ configurationDirectory, serviceListFile }),
    loadPaifile(root, cacheDirectory),
  ]);
  invocation.mapStack = paifile.mapStack;
  return { root, cacheDirectory, cluster, graph: buildGraph(paifile.declare(cluster)) };
}

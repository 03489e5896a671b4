import { access } from 'node:fs/promises';
import path from 'node:path';
import { loadCluster } from '../cluster/load.js';
import type { Cluster } from '../cluster/model.js';
import { buildGraph, type Graph } from '../graph/graph.js';
import { PaiError } from '../model/errors.js';
import { loadPaifile, PAIFILE } from '../paifile/load.js';
import type { Invocation } from './command.js';

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

/** The nearest folder upwards that has a paifile. */
async function findRoot(from: string): Promise<string> {
  for (let folder = path.resolve(from); ; folder = path.dirname(folder)) {
    if (await exists(path.join(folder, PAIFILE))) return folder;
    if (folder === path.dirname(folder)) break;
  }
  throw new PaiError('USAGE', `there is no ${PAIFILE} in ${from} or above it`, {
    next: `Change to the folder of a project, one with a ${PAIFILE}.`,
  });
}

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}

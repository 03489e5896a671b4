import path from 'node:path';
import { PaiError } from '../model/errors.js';
import type { Invocation } from './command.js';
import { cacheOf, findRoot } from './root.js';

/** Where a command works. Absolute paths. */
export interface Place {
  /** The folder of paifile.ts. */
  readonly root: string;
  /** What runs keep. */
  readonly cacheDirectory: string;
  readonly configurationDirectory: string;
  /** Folder of the sandbox, when that is what is worked on. */
  readonly sandboxDirectory?: string;
}

/** Where the project around the working directory is. Throws USAGE outside of one. */
export async function placeOf({ io, options }: Pick<Invocation, 'io' | 'options'>): Promise<Place> {
  const root = await findRoot(io.cwd);
  const cacheDirectory = cacheOf(root);
  if (options.sandbox === true) {
    if (options.path !== undefined) {
      throw new PaiError('USAGE', '--sandbox has a configuration of its own, so --path says nothing', {
        next: 'Leave out one of them.',
      });
    }
    const sandboxDirectory = path.join(cacheDirectory, 'sandbox');
    return {
      root,
      // Apart, so that what a run on the simulated cluster keeps is never taken for something of a real one.
      cacheDirectory: path.join(sandboxDirectory, 'cache'),
      configurationDirectory: path.join(sandboxDirectory, 'configuration'),
      sandboxDirectory,
    };
  }
  const configurationDirectory =
    options.path === undefined ? path.join(root, 'cluster-configuration') : path.resolve(io.cwd, options.path);
  return { root, cacheDirectory, configurationDirectory };
}

import { lstatSync, mkdirSync, readdirSync, realpathSync, rmdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { errorCode } from './files.js';

/** An output can't be where it is declared to be. */
export class PlaceError extends Error {}

/** The folders of a project that outputs are in. Never one that a symbolic link puts outside of the project. */
export class ProjectFolders {
  readonly #root: string;
  readonly #realRoot: string;
  readonly #known = new Set<string>();

  constructor(root: string) {
    this.#root = root;
    this.#realRoot = realpathSync.native(root);
  }

  /** The absolute path of an output, whose folder is there. Throws PlaceError when it is outside of the project. */
  existing(output: string): string {
    const folder = path.posix.dirname(output);
    if (!this.#known.has(folder)) {
      this.realPath(folder);
      this.#known.add(folder);
    }
    return path.join(this.#root, output);
  }

  /** The absolute path of an output, whose folder is made where it is missing. Throws PlaceError. */
  made(output: string): string {
    this.#make(path.posix.dirname(output));
    return path.join(this.#root, output);
  }

  /** Where links lead, relative to the project. Throws PlaceError when that is outside of it. */
  realPath(relative: string): string {
    const real = path.relative(this.#realRoot, realpathSync.native(path.join(this.#root, relative)));
    if (real !== '..' && !real.startsWith(`..${path.sep}`) && !path.isAbsolute(real))
      return real.split(path.sep).join('/');
    throw new PlaceError(`${relative} leads out of the project`);
  }

  #make(folder: string): void {
    if (folder === '.' || this.#known.has(folder)) return;
    this.#make(path.posix.dirname(folder));
    const place = path.join(this.#root, folder);
    try {
      mkdirSync(place);
    } catch (error) {
      if (errorCode(error) !== 'EEXIST') throw error;
      if (!lstatSync(place).isDirectory()) {
        this.realPath(folder);
        if (!statSync(place).isDirectory()) throw new PlaceError(`${folder} is in the way of a folder`);
      }
    }
    this.#known.add(folder);
  }
}

/** Removes a folder that has nothing but folders in it. Throws PlaceError when there is more. */
export function removeEmptyFolder(folder: string, told: string): void {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) throw new PlaceError(`folder ${told} is in the way, with ${entry.name} in it`);
    removeEmptyFolder(path.join(folder, entry.name), `${told}/${entry.name}`);
  }
  rmdirSync(folder);
}

import { lstat, mkdir, readdir, realpath, rmdir, stat } from 'node:fs/promises';
import path from 'node:path';
import { errorCode } from './files.js';

/** An output can't be where it is declared to be. */
export class PlaceError extends Error {}

/** The folders of a project that outputs are in. Never one that a symbolic link puts outside of the project. */
export class ProjectFolders {
  readonly #root: string;
  readonly #known = new Map<string, Promise<void>>();
  #realRoot: Promise<string> | undefined;

  constructor(root: string) {
    this.#root = root;
  }

  /** The absolute path of an output, whose folder is there and inside the project. Rejects with PlaceError where it is not. */
  async existing(output: string): Promise<string> {
    await this.#memo(path.posix.dirname(output), (folder) => this.#inside(path.join(this.#root, folder)));
    return path.join(this.#root, output);
  }

  /** The same; makes the folder where it is missing. */
  async made(output: string): Promise<string> {
    await this.#make(path.posix.dirname(output));
    return path.join(this.#root, output);
  }

  #memo(folder: string, check: (folder: string) => Promise<void>): Promise<void> {
    let known = this.#known.get(folder);
    if (known === undefined) {
      known = check(folder);
      this.#known.set(folder, known);
    }
    return known;
  }

  #make(folder: string): Promise<void> {
    return this.#memo(folder, async () => {
      if (folder === '.') return;
      await this.#make(path.posix.dirname(folder));
      const place = path.join(this.#root, folder);
      try {
        await mkdir(place);
      } catch (error) {
        if (errorCode(error) !== 'EEXIST') throw error;
        if ((await lstat(place)).isDirectory()) return;
        await this.#inside(place);
        if (!(await stat(place)).isDirectory()) throw new PlaceError(`${folder} is in the way of a folder`);
      }
    });
  }

  async #inside(place: string): Promise<void> {
    this.#realRoot ??= realpath(this.#root);
    const [root, real] = await Promise.all([this.#realRoot, realpath(place)]);
    if (real === root || real.startsWith(root.endsWith(path.sep) ? root : root + path.sep)) return;
    throw new PlaceError(`${path.relative(this.#root, place)} leads out of the project`);
  }
}

/** Removes a folder that has nothing but folders in it. Rejects with PlaceError when there is more. */
export async function removeEmptyFolder(folder: string, told: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (!entry.isDirectory()) throw new PlaceError(`folder ${told} is in the way, with ${entry.name} in it`);
    await removeEmptyFolder(path.join(folder, entry.name), `${told}/${entry.name}`);
  }
  await rmdir(folder);
}

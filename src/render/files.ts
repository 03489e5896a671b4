import { readdir, readFile, stat } from 'node:fs/promises';
import { basename, join, relative, resolve, sep } from 'node:path';
import { PaiError } from '../model/errors.js';
import { didYouMean } from '../model/suggest.js';

/** The files of a templates folder. Names are relative to it, with forward slashes. */
export class TemplateFiles {
  readonly #root: string;
  readonly #label: string;

  constructor(directory: string) {
    this.#root = resolve(directory);
    this.#label = basename(this.#root);
  }

  /** A file's name as told in errors: `templates/a.yaml`. */
  label(file: string): string {
    return `${this.#label}/${file}`;
  }

  /** The absolute path of a file; a TEMPLATE error when the name leads out of the folder. */
  path(file: string): string {
    const path = resolve(this.#root, file);
    if (path.startsWith(this.#root + sep)) return path;
    throw new PaiError('TEMPLATE', `"${file}" is outside of the folder ${this.#label}`, {
      where: this.#label,
      next: `Name a file below ${this.#label}/.`,
    });
  }

  /** A file's bytes; a TEMPLATE error that names the nearest files when there is none. */
  async read(file: string): Promise<Uint8Array> {
    const path = this.path(file);
    try {
      return await readFile(path);
    } catch (error) {
      throw await this.missing(file, 'file', error);
    }
  }

  /** Regular files below a folder, sorted by name; symbolic links are left out. */
  async list(folder: string): Promise<{ path: string; mode: number }[]> {
    const root = this.path(folder);
    const entries = await readdir(root, { recursive: true, withFileTypes: true }).catch(async (error: unknown) => {
      throw await this.missing(folder, 'folder', error);
    });
    const files = await Promise.all(
      entries
        .filter((entry) => entry.isFile())
        .map(async (entry) => {
          const path = join(entry.parentPath, entry.name);
          const { mode } = await stat(path);
          return { path: slashes(relative(root, path)), mode: mode & 0o100 ? 0o755 : 0o644 };
        }),
    );
    return files.sort((a, b) => (a.path < b.path ? -1 : 1));
  }

  /** The error for a file or folder that is not there; any other reason is told as it is. */
  async missing(name: string, kind: 'file' | 'folder', cause?: unknown): Promise<PaiError> {
    const code = cause instanceof Error && 'code' in cause ? String(cause.code) : 'ENOENT';
    const where = this.label(name);
    if (code !== 'ENOENT' && code !== 'ENOTDIR') {
      return new PaiError('TEMPLATE', `${where} can't be read as a ${kind} (${code})`, { where, cause });
    }
    const entries = await readdir(this.#root, { recursive: true, withFileTypes: true }).catch(() => []);
    const names = entries
      .filter((entry) => (kind === 'file' ? entry.isFile() : entry.isDirectory()))
      .map((entry) => slashes(relative(this.#root, join(entry.parentPath, entry.name))));
    const suggestion = didYouMean(name, names);
    return new PaiError('TEMPLATE', `there is no ${kind} ${where}${suggestion ? `; ${suggestion}` : ''}`, {
      where,
      next: `Correct the name, or add the ${kind}.`,
      cause,
    });
  }
}

function slashes(path: string): string {
  return path.split(sep).join('/');
}

import { createHash } from 'node:crypto';
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** What was read of an image once. */
interface Known {
  /** Digest of its manifest: another image has another. */
  readonly manifest: string;
  /** The label with its stamp; null when it has none. */
  readonly label: string | null;
}

/**
 * Labels of images that were looked at, by name, in `.cache`: a manifest's digest stands for all of the image, so who has the manifest need not ask for
 * its labels again. One small file a name; what can't be read or written is asked for again.
 */
export class KnownStamps {
  readonly #folder: string | undefined;

  /** @param folder absolute; undefined remembers nothing */
  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  /** The label of the image of that name, when it has this manifest; null when it has none; undefined when that is not known. */
  async label(name: string, manifest: string): Promise<string | null | undefined> {
    const file = this.#file(name);
    if (file === undefined) return undefined;
    try {
      const known = JSON.parse(await readFile(file, 'utf8')) as Known;
      return known.manifest === manifest ? known.label : undefined;
    } catch {
      return undefined;
    }
  }

  async keep(name: string, manifest: string, label: string | undefined): Promise<void> {
    const file = this.#file(name);
    if (file === undefined) return;
    const known: Known = { manifest, label: label ?? null };
    const temporary = `${file}.${process.pid}`;
    try {
      await mkdir(path.dirname(file), { recursive: true });
      await writeFile(temporary, JSON.stringify(known), { mode: 0o600 });
      await rename(temporary, file);
    } catch {
      // The next look asks again.
    }
  }

  #file(name: string): string | undefined {
    if (this.#folder === undefined) return undefined;
    return path.join(this.#folder, `${createHash('sha256').update(name).digest('hex').slice(0, 32)}.json`);
  }
}

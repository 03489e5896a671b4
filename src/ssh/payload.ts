import type { PayloadFile } from '../model/drivers.js';
import { PaiError } from '../model/errors.js';

/** A file of an archive that we make. */
export interface ArchiveFile {
  readonly path: string;
  readonly mode: number;
  readonly content: string | Uint8Array;
}

/** Packs files as tar: owner root, the modes given, no times. */
export async function packTar(files: readonly ArchiveFile[]): Promise<Buffer> {
  const tar = await import('tar-stream');
  const pack = tar.pack();
  for (const file of files) {
    const content = typeof file.content === 'string' ? file.content : Buffer.from(file.content);
    pack.entry({ name: file.path, mode: file.mode, mtime: new Date(0), uid: 0, gid: 0 }, content);
  }
  pack.finalize();
  return readAll(pack);
}

/** The regular files of a tar, by their names in it. */
export async function unpackTar(archive: Buffer): Promise<ReadonlyMap<string, Uint8Array>> {
  const tar = await import('tar-stream');
  const extract = tar.extract();
  extract.end(archive);
  const files = new Map<string, Uint8Array>();
  for await (const entry of extract) {
    const content = await readAll(entry);
    if (entry.header.type === 'file') files.set(entry.header.name, content);
  }
  return files;
}

/**
 * Refuses what could leave the payload folder or let a secret be read.
 * @throws PaiError PAIFILE_INVALID
 */
export function checkPayload(target: string, files: readonly PayloadFile[]): void {
  const seen = new Set<string>();
  for (const file of files) {
    const refuse = (what: string, next: string): never => {
      throw new PaiError('PAIFILE_INVALID', `${target}: payload file '${file.path}' ${what}`, { where: target, next });
    };
    const steps = file.path.split('/');
    if (steps.includes('..') || steps.includes('.') || steps.includes('') || file.path.includes('\0')) {
      refuse('has a path that is not plain and relative', "Use a path like 'kubelet/kubelet.conf'.");
    }
    if (seen.has(file.path)) refuse('is there twice', 'Give each file a path of its own.');
    if (file.secret === true && (file.mode & 0o177) !== 0)
      refuse('is secret and readable by others', 'Use mode 0o600.');
    seen.add(file.path);
  }
}

async function readAll(stream: AsyncIterable<unknown>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of stream) {
    if (chunk instanceof Uint8Array) chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

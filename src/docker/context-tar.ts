import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Pack } from 'tar-stream';
import type { ContextFile, SourceFile } from '../model/drivers.js';
import { PaiError } from '../model/errors.js';
import { contextMode, isPayload } from './context-files.js';

/** Of every entry: neither a checkout's dates nor a umask or a user may defeat the builder's cache. */
const COMMON = { uid: 0, gid: 0, uname: 'root', gname: 'root', mtime: new Date(0) };

/**
 * The context as a tar stream. Equal files give equal bytes: sorted, all owned by root, of the epoch, modes reduced to
 * 0755 and 0644. Files of source trees are read while they are sent, one after another.
 */
export async function contextTar(files: readonly ContextFile[]): Promise<Readable> {
  const { pack } = await import('tar-stream');
  const tar = pack();
  writeAll(tar, files).then(
    () => tar.finalize(),
    (error: unknown) => tar.destroy(error as Error),
  );
  return Readable.from(tar, { objectMode: false });
}

async function writeAll(tar: Pack, files: readonly ContextFile[]): Promise<void> {
  const written = new Set<string>();
  for (const file of files) {
    for (const folder of parents(file.path)) {
      if (written.has(folder)) continue;
      written.add(folder);
      tar.entry({ ...COMMON, name: `${folder}/`, type: 'directory', mode: 0o755 });
    }
    if (isPayload(file)) {
      tar.entry({ ...COMMON, name: file.path, mode: contextMode(file) }, Buffer.from(file.content));
    } else if ('target' in file) {
      tar.entry({ ...COMMON, name: file.path, type: 'symlink', linkname: file.target, mode: 0o777 });
    } else {
      await writeFile(tar, file);
    }
  }
}

async function writeFile(tar: Pack, file: SourceFile): Promise<void> {
  const entry = tar.entry({ ...COMMON, name: file.path, mode: contextMode(file), size: file.bytes });
  await pipeline(exactly(file), entry);
}

/** The bytes of a file, which must be as many as it had. */
async function* exactly(file: SourceFile): AsyncGenerator<Uint8Array> {
  let left = file.bytes;
  for await (const chunk of createReadStream(file.file) as AsyncIterable<Uint8Array>) {
    left -= chunk.length;
    if (left < 0) break;
    yield chunk;
  }
  if (left === 0) return;
  throw new PaiError('IMAGE_SOURCE', `${file.file} changed while it was sent to the builder`, {
    where: file.file,
    next: 'Run again when nobody writes to it.',
  });
}

/** `a/b/c` -> `a`, `a/b`. */
function parents(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

import { Readable } from 'node:stream';
import type { PayloadFile } from '../model/drivers.js';
import { contextMode } from './context-files.js';

/**
 * The context as a tar stream. Equal files give equal bytes: sorted, all owned by root, of the epoch, modes reduced to
 * 0755 and 0644, so that neither a checkout's dates nor a umask defeat the builder's cache.
 */
export async function contextTar(files: readonly PayloadFile[]): Promise<Readable> {
  const { pack } = await import('tar-stream');
  const tar = pack();
  const common = { uid: 0, gid: 0, uname: 'root', gname: 'root', mtime: new Date(0) };
  const written = new Set<string>();
  for (const file of files) {
    for (const folder of parents(file.path)) {
      if (written.has(folder)) continue;
      written.add(folder);
      tar.entry({ ...common, name: `${folder}/`, type: 'directory', mode: 0o755 });
    }
    tar.entry({ ...common, name: file.path, mode: contextMode(file) }, Buffer.from(file.content));
  }
  tar.finalize();
  return Readable.from(tar, { objectMode: false });
}

/** `a/b/c` -> `a`, `a/b`. */
function parents(path: string): string[] {
  const parts = path.split('/');
  return parts.slice(1).map((_, index) => parts.slice(0, index + 1).join('/'));
}

import { closeSync, fstatSync, openSync, readSync, rmSync } from 'node:fs';

/** The file's bytes in memory of their own, so that numbers in it are where the machine wants them; undefined when it can't be read. */
export function readWhole(file: string): Buffer | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, 'r');
    const bytes = Buffer.from(new ArrayBuffer(fstatSync(descriptor).size));
    let read = 0;
    while (read < bytes.length) {
      const more = readSync(descriptor, bytes, read, bytes.length - read, read);
      if (more === 0) break;
      read += more;
    }
    return bytes.subarray(0, read);
  } catch {
    // Work is done again, and whoever wants to write is told why that can't be.
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

/** Removes a file; where nothing can be written, there is nothing to remove. */
export function removeQuietly(file: string): void {
  try {
    rmSync(file, { force: true });
  } catch {
    // It is in nobody's way.
  }
}

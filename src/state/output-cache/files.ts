import { createHash } from 'node:crypto';
import { rmSync } from 'node:fs';
import { open } from 'node:fs/promises';

const CHUNK = 1 << 20;

/** What a file's content is. */
export interface Content {
  /** Hex SHA-256. */
  readonly digest: string;
  /** Bytes. */
  readonly size: number;
}

/** Reads a file to its end. Rejects with the system's error. */
export async function contentOf(file: string): Promise<Content> {
  const hash = createHash('sha256');
  const handle = await open(file, 'r');
  try {
    const { size: expected } = await handle.stat();
    const buffer = Buffer.allocUnsafe(Math.min(CHUNK, expected + 1));
    let size = 0;
    for (;;) {
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, null);
      if (bytesRead === 0) return { digest: hash.digest('hex'), size };
      hash.update(buffer.subarray(0, bytesRead));
      size += bytesRead;
    }
  } finally {
    await handle.close();
  }
}

/** Does work for each item, so many at a time. After the first failure none is begun; rejects with it when all have ended. */
export async function eachOf<Item>(
  items: readonly Item[],
  work: (item: Item) => Promise<void>,
  atATime = 16,
): Promise<void> {
  const failures: unknown[] = [];
  const waiting = items.values();
  const worker = async (): Promise<void> => {
    for (const item of waiting) {
      if (failures.length > 0) return;
      await work(item).catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: Math.min(atATime, items.length) }, worker));
  if (failures.length > 0) throw failures[0];
}

/** Removes whatever is at a path, or leaves it where that is not allowed. */
export function removeIfPossible(place: string): void {
  try {
    rmSync(place, { recursive: true, force: true });
  } catch {
    // Somebody will count it as a leftover.
  }
}

/** `ENOENT` and the like; undefined for errors that are not the system's. */
export function errorCode(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

/** What work returns, or `otherwise` when there is nothing at its path; other errors pass. */
export function missingIs<T>(otherwise: T, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return otherwise;
    throw error;
  }
}

/** Undefined when there is nothing at the path; other errors pass. */
export async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}

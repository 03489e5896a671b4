import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import type { PkiDriver } from '../../../src/model/drivers.js';
import { createPkiDriver, type PkiDriverOptions } from '../../../src/pki/driver.js';

/** A temporary directory that goes away with the test. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'pai-test-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** A driver of cluster `demo` in `<configuration>/pki`; no master has anything unless `readBack` is given. */
export function driverIn(configuration: string, options: Partial<PkiDriverOptions> = {}): PkiDriver {
  return createPkiDriver({
    directory: path.join(configuration, 'pki'),
    clusterId: 'demo',
    readBack: async () => undefined,
    ...options,
  });
}

/** Fake masters that hold these files: answers like the real read-back, and counts how often it was asked. */
export function fakeMasters(files: ReadonlyMap<string, string>): {
  readBack: PkiDriverOptions['readBack'];
  asked: () => number;
} {
  let asked = 0;
  return {
    asked: () => asked,
    readBack: async (paths, optional) => {
      asked += 1;
      const wanted = [...files].filter(([file]) => paths.includes(file) || optional.includes(file));
      return new Map(wanted.map(([file, content]) => [file, Buffer.from(content)]));
    },
  };
}

/** All files of a directory. */
export async function contents(directory: string): Promise<Map<string, string>> {
  const files = await readdir(directory);
  return new Map(
    await Promise.all(
      files.map(async (f): Promise<[string, string]> => [f, await readFile(path.join(directory, f), 'utf8')]),
    ),
  );
}

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, onTestFinished } from 'vitest';
import type { Drivers } from '../../../src/model/drivers.js';
import type { Stamp } from '../../../src/model/stamp.js';
import type { ApplyContext } from '../../../src/model/target.js';

/** A temporary directory that goes away with the test. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(path.join(tmpdir(), 'pai-test-'));
  onTestFinished(() => rm(directory, { recursive: true, force: true }));
  return directory;
}

/** Context as the engine gives it, with a fake pki that only has a fingerprint key. */
export function contextWith(options: { key?: Uint8Array | undefined; stamp?: () => Stamp } = {}): ApplyContext & {
  lines: string[];
  abort(): void;
} {
  const untouched = new Proxy({}, { get: () => expect.fail('not for local files') });
  const key = 'key' in options ? options.key : Buffer.alloc(32, 7);
  const pki = new Proxy(
    {},
    { get: (_, name) => (name === 'fingerprintKey' ? async () => key : expect.fail(String(name))) },
  );
  const abort = new AbortController();
  const lines: string[] = [];
  return {
    target: 'files',
    drivers: { hosts: untouched, images: untouched, kube: untouched, templates: untouched, pki } as Drivers,
    outputs: new Map(),
    log: (line) => lines.push(line),
    signal: abort.signal,
    abort: () => abort.abort(),
    lines,
    stamp: (output = '') =>
      options.stamp?.() ?? { format: 1, target: 'files', fingerprint: 'f', output, parts: {}, run: 'r' },
  };
}

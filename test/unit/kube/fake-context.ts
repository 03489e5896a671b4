import type { Drivers } from '../../../src/model/drivers.js';
import type { Stamp } from '../../../src/model/stamp.js';
import type { ApplyContext } from '../../../src/model/target.js';

/** A context for one target whose log is kept; `drivers` are those that the test gives. */
export interface FakeContext extends ApplyContext {
  readonly lines: readonly string[];
}

export function fakeContext(
  target: string,
  options: { readonly drivers?: Partial<Drivers>; readonly signal?: AbortSignal } = {},
): FakeContext {
  const lines: string[] = [];
  return {
    target,
    // A driver that a test did not give is undefined: using it fails the test, as it should.
    drivers: { ...options.drivers } as Drivers,
    outputs: new Map(),
    log: (line) => lines.push(line),
    signal: options.signal ?? new AbortController().signal,
    stamp: (output = 'output-digest') => fakeStamp(target, output),
    lines,
  };
}

export function fakeStamp(target: string, output = 'output-digest'): Stamp {
  return {
    format: 1,
    target,
    fingerprint: 'f'.repeat(64),
    output,
    parts: { 'node-labels': 'a'.repeat(64) },
    run: 'run-1',
  };
}

import { describe, expect, test } from 'vitest';
import type { Drivers } from '../../../src/model/drivers.js';
import { PaiError } from '../../../src/model/errors.js';
import { createLook } from '../../../src/run/look.js';
import { FakeWorld, fakeTarget } from './fakes.js';

/** Drivers whose key is what these answers say, one after another. */
function answering(...answers: (Uint8Array | undefined | Error)[]): { drivers: Drivers; asked: () => number } {
  let asked = 0;
  const fingerprintKey = async (): Promise<Uint8Array | undefined> => {
    const answer = answers[asked++];
    if (answer instanceof Error) throw answer;
    return answer;
  };
  // Looking asks no driver but this one itself; actions use the others.
  return { drivers: { pki: { fingerprintKey } } as unknown as Drivers, asked: () => asked };
}

const key = new Uint8Array([1, 2, 3]);

describe('looking', () => {
  test('asks for the key once, however many need it', async () => {
    const { drivers, asked } = answering(key);
    const look = createLook(drivers);
    expect(await Promise.all([look.fingerprintKey(), look.fingerprintKey()])).toEqual([key, key]);
    expect(await look.fingerprintKey()).toBe(key);
    expect(asked()).toBe(1);
  });

  test('asks again while there was no key, and after a failure', async () => {
    const look = createLook(answering(undefined, new PaiError('PKI', 'unreadable'), key).drivers);
    expect(await look.fingerprintKey()).toBeUndefined();
    await expect(look.fingerprintKey()).rejects.toThrow('unreadable');
    expect(await look.fingerprintKey()).toBe(key);
  });

  test('gives actions the target, its outputs, a log and the signal', async () => {
    const world = new FakeWorld();
    const lines: string[] = [];
    const signal = AbortSignal.abort();
    const target = fakeTarget(world, 'a');
    const outputs = new Map([['b', 'digest']]);
    const action = {
      ...target.action,
      desired: async (context: Parameters<typeof target.action.desired>[0]) => {
        context.log(`${context.target} ${context.outputs.get('b')} ${context.signal.aborted}`);
        return { parts: [], apply: () => Promise.reject(new Error('not asked to')) };
      },
    };
    const look = createLook(world.drivers(), { log: (name, line) => lines.push(`${name}: ${line}`), signal });
    await look.desired({ ...target, action }, outputs);
    expect(lines).toEqual(['a: a digest true']);
  });

  test('takes what can not be looked at for unknown', async () => {
    const target = fakeTarget(new FakeWorld(), 'a');
    const error = new PaiError('HOST_UNREACHABLE', 'no route');
    const action = { ...target.action, observe: () => Promise.reject(error) };
    expect(await createLook(new FakeWorld().drivers()).observe({ ...target, action })).toEqual({
      kind: 'unknown',
      error,
    });
  });
});

import { describe, expect, test } from 'vitest';
import { PaiError } from '../../../src/model/errors.js';
import { type AttemptOptions, attempt } from '../../../src/run/attempt.js';
import { FakeClock } from './fakes.js';

const busy = new PaiError('HOST_LOCKED', 'another run has the lock', { retryable: true });

function setUp(): {
  options: AttemptOptions;
  clock: FakeClock;
  cancel: AbortController;
  stop: AbortController;
  lines: string[];
} {
  const [clock, cancel, stop, lines] = [new FakeClock(), new AbortController(), new AbortController(), [] as string[]];
  const log = (line: string): void => {
    lines.push(line);
  };
  const options = { target: 't', timeoutSeconds: 60, retries: 0, clock, cancel: cancel.signal, stop: stop.signal, log };
  return { options, clock, cancel, stop, lines };
}

/** Fails so many times, then gives the number of tries. */
function failing(times: number, error: Error): () => Promise<number> {
  let tries = 0;
  return async () => {
    tries++;
    if (tries <= times) throw error;
    return tries;
  };
}

const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => signal.addEventListener('abort', () => reject(new Error('told to end'))));

describe('attempt', () => {
  test('tries three times what may pass by itself, and says so', async () => {
    const { options, clock, lines } = setUp();
    await expect(attempt(options, failing(2, busy))).resolves.toBe(3);
    expect(clock.slept).toEqual([1000, 3000]);
    expect(lines).toEqual([
      'another run has the lock; trying again in 1 s (1 of 3 failed)',
      'another run has the lock; trying again in 3 s (2 of 3 failed)',
    ]);
  });

  test('gives up after the third try', async () => {
    await expect(attempt(setUp().options, failing(3, busy))).rejects.toBe(busy);
  });

  test.each([
    ['a script that failed', new PaiError('HOST_SCRIPT', 'exit 1')],
    ['a bug', new TypeError('bug')],
  ])('does not try %s again', async (_name, error) => {
    const { options, clock } = setUp();
    await expect(attempt(options, failing(1, error))).rejects.toBe(error);
    expect(clock.slept).toEqual([]);
  });

  test('tries again after any failure as often as the target says, and waits longer each time', async () => {
    const { options, clock, lines } = setUp();
    await expect(attempt({ ...options, retries: 2 }, failing(2, new Error('flaky')))).resolves.toBe(3);
    expect(clock.slept).toEqual([1000, 3000]);
    expect(lines).toEqual(['flaky; trying again in 1 s (1 of 3 failed)', 'flaky; trying again in 3 s (2 of 3 failed)']);
    await expect(attempt({ ...options, retries: 1 }, failing(2, new Error('flaky')))).rejects.toThrow('flaky');
  });

  test('gives each try the whole time', async () => {
    const { options, clock } = setUp();
    let tries = 0;
    const action = (signal: AbortSignal): Promise<number> => {
      tries++;
      clock.advance(40_000);
      return tries === 1 ? Promise.reject(new Error('flaky')) : Promise.resolve(signal.aborted ? -1 : tries);
    };
    await expect(attempt({ ...options, retries: 1 }, action)).resolves.toBe(2);
  });

  test('tries again what took too long, but not while it still runs', async () => {
    const { options, clock } = setUp();
    let tries = 0;
    const obedient = attempt({ ...options, retries: 1 }, (signal) => {
      tries++;
      if (tries === 1) setImmediate(() => clock.advance(60_000));
      return tries === 1 ? untilAborted(signal) : Promise.resolve(tries);
    });
    await expect(obedient).resolves.toBe(2);

    let hung = 0;
    const running = attempt({ ...options, retries: 1 }, () => {
      hung++;
      return new Promise(() => undefined);
    });
    const rejected = expect(running).rejects.toMatchObject({ code: 'TIMEOUT' });
    clock.advance(60_000);
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(10_000);
    await rejected;
    expect(hung).toBe(1);
  });

  test('does not try again what was cancelled', async () => {
    const { options, cancel } = setUp();
    let tries = 0;
    const running = attempt({ ...options, retries: 3 }, (signal) => {
      tries++;
      return untilAborted(signal);
    });
    cancel.abort();
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(tries).toBe(1);
  });

  test('does not try again after the run was stopped', async () => {
    const { options, stop, lines } = setUp();
    stop.abort();
    await expect(attempt(options, failing(1, busy))).rejects.toBe(busy);
    expect(lines).toEqual([]);
  });

  test('ends an action that takes too long', async () => {
    const { options, clock } = setUp();
    const running = attempt(options, untilAborted);
    clock.advance(59_999);
    clock.advance(1);
    await expect(running).rejects.toMatchObject({ code: 'TIMEOUT', message: 'took longer than 60 s' });
  });

  test('does not wait for ever for an action that does not end when it is told to', async () => {
    const { options, clock } = setUp();
    const running = attempt(options, () => new Promise(() => undefined));
    const rejected = expect(running).rejects.toMatchObject({ code: 'TIMEOUT' });
    clock.advance(60_000);
    await new Promise((resolve) => setImmediate(resolve));
    clock.advance(10_000);
    await rejected;
  });

  test('keeps what an action did in time, even when the time ran out meanwhile', async () => {
    const { options, clock } = setUp();
    const running = attempt(
      options,
      (signal) => new Promise((done) => signal.addEventListener('abort', () => done(1))),
    );
    clock.advance(60_000);
    await expect(running).resolves.toBe(1);
  });

  test('ends an action that is cancelled, with what it said', async () => {
    const { options, cancel } = setUp();
    const running = attempt(options, async (signal) => {
      await untilAborted(signal).catch(() => undefined);
      throw new PaiError('HOST_CONNECTION_LOST', 'connection closed');
    });
    cancel.abort();
    await expect(running).rejects.toMatchObject({ code: 'CANCELLED', details: ['connection closed'] });
  });

  test('leaves no timer behind', async () => {
    const { options, clock } = setUp();
    await attempt(options, async () => 1);
    expect(clock.pending).toBe(0);
    await expect(attempt(options, failing(1, new Error('no')))).rejects.toThrow('no');
    expect(clock.pending).toBe(0);
    clock.advance(100_000);
    await expect(attempt(options, async () => 2)).resolves.toBe(2);
  });
});

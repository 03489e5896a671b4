import { PaiError, toPaiError } from '../model/errors.js';
import type { Clock } from './clock.js';

/** How often what may pass by itself is tried again, whatever the target says. */
const RETRIES_OF_RETRYABLE = 2;
/** Milliseconds before the second try; three times as long before each further one, up to the longest. */
const FIRST_WAIT = 1000;
const LONGEST_WAIT = 30_000;
/** How long an action may take to come to an end after it was told to, in milliseconds. */
const GRACE = 10_000;

/** How an action is tried. */
export interface AttemptOptions {
  readonly target: string;
  /** For each try. */
  readonly timeoutSeconds: number;
  /** How often it is tried again after any failure. */
  readonly retries: number;
  readonly clock: Clock;
  /** Ends the action. */
  readonly cancel: AbortSignal;
  /** Forbids further tries. */
  readonly stop: AbortSignal;
  /** Told before each further try. */
  readonly log: (line: string) => void;
}

/**
 * Runs an action: ended after its time, tried again as often as the target says, and at least twice where its error says that it
 * may pass by itself. One that did not end when it was told to is not tried again: two of it must never run at once.
 * Rejects with TIMEOUT, CANCELLED, or what the last try rejected with.
 */
export async function attempt<Result>(
  options: AttemptOptions,
  action: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  for (let tries = 1; ; tries++) {
    try {
      return await tryOnce(options, action);
    } catch (thrown) {
      const error = toPaiError(thrown);
      const retries = Math.max(options.retries, error.retryable ? RETRIES_OF_RETRYABLE : 0);
      if (tries > retries || options.stop.aborted || options.cancel.aborted || error.cause instanceof StillRunning) {
        throw thrown;
      }
      const wait = Math.min(FIRST_WAIT * 3 ** (tries - 1), LONGEST_WAIT);
      options.log(`${error.message}; trying again in ${wait / 1000} s (${tries} of ${retries + 1} failed)`);
      await options.clock.sleep(wait, AbortSignal.any([options.cancel, options.stop]));
      if (options.stop.aborted || options.cancel.aborted) throw thrown;
    }
  }
}

class StillRunning extends Error {}

async function tryOnce<Result>(
  options: AttemptOptions,
  action: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  const timeout = new AbortController();
  const signal = AbortSignal.any([options.cancel, timeout.signal]);
  const timer = new AbortController();
  const settled = new AbortController();
  const started = options.clock.sleep(options.timeoutSeconds * 1000, timer.signal).then(() => {
    if (!timer.signal.aborted) timeout.abort();
  });
  try {
    return await Promise.race([action(signal), overdue(options, signal, settled.signal)]);
  } catch (thrown) {
    throw ended(options, signal, timeout.signal, thrown);
  } finally {
    // With a reason of their own these two need not make an error, which costs more than the rest of this function.
    settled.abort('settled');
    timer.abort('settled');
    await started;
  }
}

/** Rejects when the action does not end although it was told to: an action that hangs must not hang the run. */
async function overdue(options: AttemptOptions, signal: AbortSignal, settled: AbortSignal): Promise<never> {
  await aborted(AbortSignal.any([signal, settled]));
  if (!settled.aborted) await options.clock.sleep(GRACE, settled);
  throw new StillRunning('the action did not end when it was told to');
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
}

function ended(options: AttemptOptions, signal: AbortSignal, timeout: AbortSignal, thrown: unknown): unknown {
  if (!signal.aborted) return thrown;
  const details = thrown instanceof PaiError ? [thrown.message, ...thrown.details] : [];
  if (options.cancel.aborted) {
    return new PaiError('CANCELLED', 'cancelled', { details, cause: thrown, next: 'Run the same command to resume.' });
  }
  if (!timeout.aborted) return thrown;
  return new PaiError('TIMEOUT', `took longer than ${options.timeoutSeconds} s`, {
    details,
    cause: thrown,
    next: `See the log; give ${options.target} a larger timeoutSeconds in the paifile if it needs it.`,
  });
}

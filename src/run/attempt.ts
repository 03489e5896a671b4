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

/**
 * One try. With one controller and no promise that loses a race: with signals that are joined and dropped, the collection of garbage
 * cost more than everything else that a run of many small targets does.
 */
function tryOnce<Result>(options: AttemptOptions, action: (signal: AbortSignal) => Promise<Result>): Promise<Result> {
  const { clock, cancel, timeoutSeconds } = options;
  const end = new AbortController();
  return new Promise((resolve, reject) => {
    let timedOut = false;
    let stopGrace = (): void => undefined;
    const tellToEnd = (): void => {
      if (end.signal.aborted) return;
      // An action that hangs must not hang the run.
      stopGrace = clock.after(GRACE, () => fail(new StillRunning('the action did not end when it was told to')));
      end.abort();
    };
    const stopTimer = clock.after(timeoutSeconds * 1000, () => {
      timedOut = true;
      tellToEnd();
    });
    const settle = (): void => {
      stopTimer();
      stopGrace();
      cancel.removeEventListener('abort', tellToEnd);
    };
    const fail = (thrown: unknown): void => {
      settle();
      reject(ended(options, timedOut, thrown));
    };
    cancel.addEventListener('abort', tellToEnd);
    if (cancel.aborted) tellToEnd();
    action(end.signal).then((result) => {
      settle();
      resolve(result);
    }, fail);
  });
}

function ended(options: AttemptOptions, timedOut: boolean, thrown: unknown): unknown {
  const details = thrown instanceof PaiError ? [thrown.message, ...thrown.details] : [];
  if (options.cancel.aborted) {
    return new PaiError('CANCELLED', 'cancelled', { details, cause: thrown, next: 'Run the same command to resume.' });
  }
  if (!timedOut) return thrown;
  return new PaiError('TIMEOUT', `took longer than ${options.timeoutSeconds} s`, {
    details,
    cause: thrown,
    next: `See the log; give ${options.target} a larger timeoutSeconds in the paifile if it needs it.`,
  });
}

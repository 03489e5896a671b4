/** Time, so that tests need not wait for it. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Calls back once after so many milliseconds, unless the returned function was called before. */
  after(milliseconds: number, ring: () => void): () => void;
  /** Resolves after so many milliseconds, or at once when the signal is aborted; never rejects. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** The longest that a timer of Node can wait, in milliseconds; a longer one would end at once. */
const LONGEST = 2 ** 31 - 1;

/** The machine's clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after(milliseconds, ring) {
    const timer = setTimeout(ring, Math.min(milliseconds, LONGEST));
    return () => clearTimeout(timer);
  },
  sleep: (milliseconds, signal) => {
    if (signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      const end = (): void => {
        quiet();
        signal.removeEventListener('abort', end);
        resolve();
      };
      const quiet = systemClock.after(milliseconds, end);
      signal.addEventListener('abort', end);
    });
  },
};

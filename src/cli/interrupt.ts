import type { Io } from './io.js';

/** What interrupts ask for. */
export interface Interrupt {
  /** Aborted by the first interrupt: finish what runs, start nothing. */
  readonly stop: AbortSignal;
  /** Aborted by the second: end what runs. */
  readonly cancel: AbortSignal;
  /** Gives interrupts their ordinary meaning back. */
  unwatch(): void;
}

/** Takes the first SIGINT or SIGTERM as a wish to stop, the second as one to cancel. */
export function watchInterrupts(io: Io): Interrupt {
  const stop = new AbortController();
  const cancel = new AbortController();
  const unwatch = io.onInterrupt(() => {
    if (!stop.signal.aborted) {
      stop.abort();
      io.stderr('stopping when what runs is done; interrupt again to cancel it\n');
    } else if (!cancel.signal.aborted) {
      cancel.abort();
      io.stderr('cancelling\n');
    }
  });
  return { stop: stop.signal, cancel: cancel.signal, unwatch };
}

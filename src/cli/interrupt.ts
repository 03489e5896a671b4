import { EXIT } from './command.js';
import type { Io, StopSignal } from './io.js';

/** What interrupts ask for. */
export interface Interrupt {
  /** Aborted by the first interrupt: finish what runs, start nothing. */
  readonly stop: AbortSignal;
  /** Aborted by the second: end what runs. */
  readonly cancel: AbortSignal;
  /** What to exit with, by the first signal; undefined while there was none. */
  readonly exitCode: number | undefined;
  /** While an interactive command has the terminal, what is typed there is for the command, and nothing is told. */
  handOver(taken: boolean): void;
  /** Work that ends at the first interrupt, such as planning: rejects with Interrupted then. */
  orStop<Result>(work: Promise<Result>): Promise<Result>;
  /** Gives interrupts their ordinary meaning back. */
  unwatch(): void;
}

/** Thrown where an interrupt ended what had changed nothing yet. */
export class Interrupted extends Error {}

const EXIT_CODES: Readonly<Record<StopSignal, number>> = {
  SIGINT: EXIT.interrupted,
  SIGTERM: EXIT.terminated,
  SIGHUP: EXIT.hungUp,
};

/**
 * For so many milliseconds after the terminal came back an interrupt was still typed for the command: one that a command ends at
 * reaches this process at any time before or after the command's end, since each of them may be handed to another thread.
 */
const STILL_FOR_THE_COMMAND = 200;

/** Takes the first signal as a wish to stop, the second as one to cancel. */
export function watchInterrupts(io: Io): Interrupt {
  const stop = new AbortController();
  const cancel = new AbortController();
  const state: { exitCode: number | undefined; handedOver: boolean } = { exitCode: undefined, handedOver: false };
  let backAt: number | undefined;
  // Not asked for the time in vain: the first question loads a module of Node's, which a run with nothing to do would pay for.
  const leftToTheCommand = (): number =>
    backAt === undefined ? 0 : backAt + STILL_FOR_THE_COMMAND - performance.now();
  const tell = (line: string): void => {
    if (!state.handedOver) io.stderr(`${line}\n`);
  };
  const unwatch = io.onInterrupt((signal) => {
    if (signal === 'SIGINT' && (state.handedOver || leftToTheCommand() > 0)) return;
    if (!stop.signal.aborted) {
      state.exitCode = EXIT_CODES[signal];
      tell('stopping when what runs is done; interrupt again to cancel it');
      stop.abort();
    } else if (!cancel.signal.aborted) {
      tell('cancelling');
      cancel.abort();
    }
  });
  return {
    stop: stop.signal,
    cancel: cancel.signal,
    get exitCode() {
      return state.exitCode;
    },
    handOver: (taken) => {
      if (state.handedOver && !taken) backAt = performance.now();
      state.handedOver = taken;
    },
    orStop: (work) => orAborted(work, stop.signal),
    unwatch: () => {
      const left = leftToTheCommand();
      if (left > 0) setTimeout(unwatch, left).unref();
      else unwatch();
    },
  };
}

async function orAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  let onAbort = (): void => undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(new Interrupted('interrupted'));
  });
  if (signal.aborted) onAbort();
  else signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener('abort', onAbort);
    // Whatever becomes of the work now, nobody waits for it.
    work.catch(() => undefined);
    aborted.catch(() => undefined);
  }
}

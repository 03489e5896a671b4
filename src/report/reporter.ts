import type { EventSink } from '../model/events.js';

/** Tells people or machines what a run does. */
export type Reporter = EventSink;

/** Writes text as it is; line ends are part of it. */
export type Write = (text: string) => void;

/** A reporter that holds on to something until it is closed: the terminal, a file. */
export interface OpenReporter {
  readonly tell: Reporter;
  /** Tells people whole lines that belong to no event. */
  readonly say: Write;
  /** Leaves the terminal to somebody else, for a question say, until the function that it returns is called. */
  pause(): () => void;
  /** Lets go of what it holds, however the run ended. Calling it again does nothing. */
  close(): void;
}

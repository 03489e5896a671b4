import type { EventSink } from '../model/events.js';

/** Tells people or machines what a run does. */
export type Reporter = EventSink;

/** Writes text as it is; line ends are part of it. */
export type Write = (text: string) => void;

import type { Reporter, Write } from './reporter.js';

/** One JSON object a line, each an event as it is (model/events.ts); the last is `run-end`. */
export function jsonReporter(write: Write): Reporter {
  return (event) => write(`${JSON.stringify(event)}\n`);
}

import { explainReasons } from './explain-reasons.js';
import type { Reporter, Write } from './reporter.js';

/** Tells the whole reason of each target below its line, instead of the short one in it. `say` writes beside the reporter's lines. */
export function explainingReporter(reporter: Reporter, say: Write): Reporter {
  return (event) => {
    if (event.type !== 'target-start') {
      reporter(event);
      return;
    }
    reporter({ ...event, reasons: [] });
    say(
      explainReasons(event.reasons)
        .map((line) => `        ${line}\n`)
        .join(''),
    );
  };
}

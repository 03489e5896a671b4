import { explainReasons } from './explain-reasons.js';
import type { Reporter, Write } from './reporter.js';

/**
 * Tells the whole reason of each target below its line, instead of the short one in it. `say` writes beside the reporter's lines.
 * `named`: for a reporter that shows no line when a target starts, so that the name has to be told too.
 */
export function explainingReporter(reporter: Reporter, say: Write, named = false): Reporter {
  return (event) => {
    if (event.type !== 'target-start') {
      reporter(event);
      return;
    }
    reporter({ ...event, reasons: [] });
    const reasons = explainReasons(event.reasons).map((line) => `        ${line}\n`);
    say([...(named ? [`run   ${event.target}\n`] : []), ...reasons].join(''));
  };
}

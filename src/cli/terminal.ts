import type { RunEvent } from '../model/events.js';
import type { Reporter } from '../report/reporter.js';

/** Keeps back what a reporter would tell while an interactive command has the terminal, and lets it tell that afterwards. */
export function holdWhileTaken(report: Reporter): Reporter {
  const held: RunEvent[] = [];
  let taken = false;
  return (event) => {
    if (taken && event.type !== 'terminal-released') {
      held.push(event);
      return;
    }
    taken = event.type === 'terminal-taken';
    report(event);
    for (const late of held.splice(0)) report(late);
  };
}

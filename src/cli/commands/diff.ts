import { everyTarget, select } from '../../graph/select.js';
import { planRun } from '../../plan/plan.js';
import { formatChanges } from '../../report/changes-text.js';
import { countStates } from '../../report/plan-text.js';
import { diffsOf, withDiffs } from '../changes.js';
import { type Command, EXIT, wantsJson } from '../command.js';
import { openProject } from '../project.js';
import { styleOf } from '../style.js';
import { withWorkbench } from '../working.js';

/** `pai diff`: what would change in the inputs of the named targets (all unless told), as diffs. Touches nothing. */
export const diff: Command = {
  async execute(invocation) {
    const { io, patterns, options } = invocation;
    const project = await openProject(invocation);
    const { graph, cacheDirectory } = project;
    const targets = patterns.length === 0 ? everyTarget(graph) : select(graph, patterns);
    const names = targets.map((target) => target.name);
    const plan = await withWorkbench(project, options, ({ look }) => planRun(graph, names, look));
    const asked = new Set(names);
    const entries = plan.entries.filter((entry) => asked.has(entry.name));
    const diffs = await diffsOf(entries, plan, cacheDirectory);
    const counts = countStates(entries);
    if (wantsJson(options)) {
      const targets = withDiffs(entries, diffs);
      io.stdout(`${JSON.stringify({ targets, ...counts })}\n`);
    } else {
      io.stdout(formatChanges(entries, diffs, styleOf(io)));
    }
    return counts.unknown > 0 ? EXIT.failed : EXIT.ok;
  },
};

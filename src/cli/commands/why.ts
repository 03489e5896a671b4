import { select } from '../../graph/select.js';
import { planRun } from '../../plan/plan.js';
import { causesOf, formatWhy } from '../../report/why-text.js';
import { diffsOf, withDiffs } from '../changes.js';
import { type Command, EXIT, wantsJson } from '../command.js';
import { openProject } from '../project.js';
import { styleOf } from '../style.js';
import { withWorkbench } from '../working.js';

/** `pai why`: the state of targets and its reasons, down to the root causes, with what changed in them. Touches nothing. */
export const why: Command = {
  async execute(invocation) {
    const { io, patterns, options } = invocation;
    const project = await openProject(invocation);
    const names = select(project.graph, patterns).map((target) => target.name);
    const plan = await withWorkbench(project, options, ({ look }) => planRun(project.graph, names, look));
    const causes = causesOf(names, plan.byName);
    const diffs = await diffsOf(causes, plan, project.cacheDirectory);
    if (wantsJson(options)) {
      io.stdout(`${JSON.stringify({ targets: names, entries: withDiffs(causes, diffs) })}\n`);
    } else {
      const style = styleOf(io);
      io.stdout(names.map((name) => formatWhy(name, plan.byName, { diffs, style })).join('\n'));
    }
    return names.some((name) => plan.byName.get(name)?.state === 'unknown') ? EXIT.failed : EXIT.ok;
  },
};

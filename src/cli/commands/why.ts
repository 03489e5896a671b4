import { select } from '../../graph/select.js';
import { planRun } from '../../plan/plan.js';
import { causesOf, formatWhy } from '../../report/why-text.js';
import { type Command, EXIT, wantsJson } from '../command.js';
import { openProject } from '../project.js';
import { withWorkbench } from '../working.js';

/** `pai why`: the state of targets and its reasons, down to the root causes. Touches nothing. */
export const why: Command = {
  async execute(invocation) {
    const { io, patterns, options } = invocation;
    const project = await openProject(invocation);
    const names = select(project.graph, patterns).map((target) => target.name);
    const { byName } = await withWorkbench(project, options, ({ look }) => planRun(project.graph, names, look));
    if (wantsJson(options)) io.stdout(`${JSON.stringify({ targets: names, entries: causesOf(names, byName) })}\n`);
    else io.stdout(names.map((name) => formatWhy(name, byName)).join('\n'));
    return names.some((name) => byName.get(name)?.state === 'unknown') ? EXIT.failed : EXIT.ok;
  },
};

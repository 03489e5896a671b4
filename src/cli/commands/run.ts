import { select } from '../../graph/select.js';
import { PaiError } from '../../model/errors.js';
import { planRun } from '../../plan/plan.js';
import { executePlan } from '../../run/execute.js';
import type { Command } from '../command.js';
import { execute } from '../execution.js';
import { openProject } from '../project.js';
import { withWorkbench } from '../working.js';
import { showPlan } from './plan.js';

/** `pai run`: brings targets and everything they need up to date. */
export const run: Command = {
  async execute(invocation) {
    const { patterns, options } = invocation;
    const project = await openProject(invocation);
    const { graph } = project;
    if (patterns.length === 0) {
      throw new PaiError('USAGE', 'say what to run: targets, groups, or globs', {
        details: [`groups: ${[...graph.groups.keys()].join(', ')}`],
        next: 'For example `pai run services`; `pai list` shows all targets.',
      });
    }
    const names = select(graph, patterns).map((target) => target.name);
    if (options.dryRun === true) return showPlan(invocation, project, names);
    return withWorkbench(project, options, async (bench) => {
      const force = options.force === true ? names : [];
      const { summary, exitCode } = await execute(invocation, project, bench, {
        command: 'run',
        prepare: () => planRun(graph, names, bench.look, { force }),
        work: (planned, context, how) => executePlan(planned, graph, context, how),
      });
      if (summary.failed === 0) await bench.keepPki();
      return exitCode;
    });
  },
};

import { everyTarget, select } from '../../graph/select.js';
import { errorReport } from '../../model/error-report.js';
import type { PlanEntry } from '../../model/plan.js';
import { type Plan, planRun } from '../../plan/plan.js';
import { describeBlocked, describeLeftOut, describeOrphans, describeOrphanTargets } from '../../report/left-out.js';
import { countStates, formatPlan } from '../../report/plan-text.js';
import { type Narrowing, narrow, type Scope } from '../../run/scope.js';
import { type Command, EXIT, type Invocation, wantsJson } from '../command.js';
import { type Orphans, orphansOf } from '../orphans.js';
import { declareProject, openPaifile, type Project } from '../project.js';
import { findUnchanged, mayGoBySnapshot, withSurvey } from '../unchanged.js';
import { withWorkbench } from '../working.js';

/** `pai plan`: what would run, and why. */
export const plan: Command = {
  async execute(invocation) {
    const { patterns, options } = invocation;
    const opened = await openPaifile(invocation);
    const selection = patterns.length === 0 ? 'all targets' : patterns;
    const found = mayGoBySnapshot(options) ? findUnchanged(opened, selection) : undefined;
    if (found?.kind === 'unchanged') return tell(invocation, found.entries);
    const project = await declareProject(withSurvey(opened, found));
    const targets = patterns.length === 0 ? everyTarget(project.graph) : select(project.graph, patterns);
    const names = targets.map((target) => target.name);
    return showPlan(invocation, project, names);
  },
};

/**
 * Writes the plan for targets; touches nothing. Resolves to the exit code: 1 when something is unknown; else, when it was asked
 * for, 3 when something would run.
 */
export async function showPlan(
  invocation: Invocation,
  project: Project,
  names: readonly string[],
  narrowing: Narrowing = {},
): Promise<number> {
  const { options } = invocation;
  const force = options.force === true ? names : [];
  const { planned, orphans } = await withWorkbench(project, options, async ({ look, drivers }) => {
    const found = await planRun(project.graph, names, look, { force });
    return { planned: found, orphans: await orphansOf(project, found, drivers) };
  });
  const { entries, leftOut, blocked } = narrow(planned, project.graph, narrowing);
  return tell(invocation, entries, {
    errors: planned.errors,
    leftOut,
    blocked,
    orphans,
    warnings: warningsOf(planned),
  });
}

/** What was seen that will be wrong before long. */
function warningsOf({ observations }: Plan): Warning[] {
  return [...observations].flatMap(([target, observation]) =>
    observation.kind === 'known' ? (observation.warnings ?? []).map((warning) => ({ target, warning })) : [],
  );
}

/** What there is to tell of a plan besides its entries. */
interface Besides extends Pick<Scope, 'leftOut' | 'blocked'> {
  readonly errors: Plan['errors'];
  readonly orphans: Orphans;
  readonly warnings: readonly Warning[];
}

interface Warning {
  readonly target: string;
  readonly warning: string;
}

const NOTHING: Besides = {
  errors: new Map(),
  leftOut: [],
  blocked: new Map(),
  orphans: { nodes: [], targets: [] },
  warnings: [],
};

/** Writes a plan; returns the exit code. */
function tell(
  { io, options }: Invocation,
  entries: readonly PlanEntry[],
  { errors, leftOut, blocked, orphans, warnings }: Besides = NOTHING,
): number {
  const counts = countStates(entries);
  if (wantsJson(options)) {
    const targets = entries.map((entry) => {
      const error = errors.get(entry.name);
      return error === undefined ? entry : { ...entry, error: errorReport(error) };
    });
    const besides = {
      ...(leftOut.length > 0 && { leftOut }),
      ...(orphans.nodes.length > 0 && { orphans: orphans.nodes }),
      ...(orphans.targets.length > 0 && { orphanTargets: orphans.targets }),
      ...(warnings.length > 0 && { warnings }),
    };
    io.stdout(`${JSON.stringify({ targets, ...counts, ...besides })}\n`);
  } else {
    io.stdout(formatPlan(entries, errors, { all: options.all === true, explain: options.explain === true }));
    if (leftOut.length > 0) io.stdout(`${describeLeftOut(leftOut)}\n`);
    for (const { target, warning } of warnings) io.stdout(`warning: ${target}: ${warning}\n`);
    if (blocked.size > 0) io.stdout(`${describeBlocked(blocked)}\n`);
    if (orphans.nodes.length > 0) io.stdout(`${describeOrphans(orphans.nodes)}\n`);
    if (orphans.targets.length > 0) io.stdout(`${describeOrphanTargets(orphans.targets)}\n`);
  }
  if (counts.unknown > 0) return EXIT.failed;
  return options.detailedExitcode === true && counts.stale > 0 ? EXIT.changes : EXIT.ok;
}

import { type Graph, targetOf } from '../graph/graph.js';
import { project } from '../graph/order.js';
import type { PlanEntry } from '../model/plan.js';
import { type CleanPlan, planClean } from '../plan/clean.js';
import type { RunContext, RunOptions, RunSummary } from './context.js';
import { createLook } from './look.js';
import { type Before, Session } from './session.js';

/**
 * Takes exactly these targets down, dependents first. What is not there counts as fresh; what can't be looked at fails; what
 * a failed target needs is skipped, since it may still be in use.
 */
export async function executeClean(
  graph: Graph,
  names: Iterable<string>,
  context: RunContext,
  options: RunOptions = {},
): Promise<RunSummary> {
  const selected = new Set(names);
  const session = new Session(context, options, 'clean', [...selected]);
  const log = (target: string, line: string): void => session.log(target, line);
  const plan = await planClean(graph, selected, createLook(context.drivers, { log, signal: session.cancel }));
  const open = new Set([...plan.present, ...plan.unknown]);
  session.tellPlan(entriesOf(plan), reversed(project(graph, open)));
  await session.walk(reversed(project(graph, selected)), async (name) => {
    const observation = plan.observations.get(name);
    if (observation?.kind === 'unknown') throw observation.error;
    if (!plan.present.includes(name)) return { outcome: 'fresh' };
    const target = targetOf(graph, name);
    const done = await session.act(target, [], async (signal) => {
      const outputs = new Map<string, string>();
      await target.action.clean({
        target: name,
        drivers: context.drivers,
        outputs,
        signal,
        log: (line) => log(name, line),
      });
      return true;
    });
    return { outcome: done === true ? 'ran' : 'skipped' };
  });
  return session.finish(plan.order);
}

/** The plan as an event tells it: stale is what is there. */
function entriesOf(plan: CleanPlan): PlanEntry[] {
  const present = new Set(plan.present);
  return plan.order.map((name) => {
    const observation = plan.observations.get(name);
    if (observation?.kind === 'unknown') {
      const reasons = [{ kind: 'unreachable' as const, problem: observation.error.message }];
      return { name, state: 'unknown', reasons, mayBeCutOff: false };
    }
    return { name, state: present.has(name) ? 'stale' : 'fresh', reasons: [], mayBeCutOff: false };
  });
}

/** The same edges the other way round, in the opposite order. */
function reversed(before: Before): Before {
  const names = [...before.keys()].reverse();
  const turned = new Map<string, string[]>(names.map((name) => [name, []]));
  for (const name of names) for (const earlier of before.get(name) ?? []) turned.get(earlier)?.push(name);
  return turned;
}

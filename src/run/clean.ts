import { type Graph, targetOf } from '../graph/graph.js';
import { project } from '../graph/order.js';
import type { PlanEntry } from '../model/plan.js';
import type { CleanPlan } from '../plan/clean.js';
import type { Result, RunContext, RunOptions, RunSummary } from './context.js';
import { Session } from './session.js';
import type { Before } from './walk.js';

/**
 * Takes the targets of a plan down, dependents first. What is not there counts as fresh; what can't be looked at fails; what
 * a failed target needs is skipped, since it may still be in use. But a host that is down, or an API that does not answer, keeps nothing else
 * from being cleaned: what can't be looked at holds up only what it is made from, not what it only comes after.
 */
export async function executeClean(
  plan: CleanPlan,
  graph: Graph,
  context: RunContext,
  options: RunOptions = {},
): Promise<RunSummary> {
  const session = new Session(context, options, 'clean', plan.order);
  const present = new Set(plan.present);
  const open = new Set([...plan.present, ...plan.unknown]);
  session.tellPlan({ entries: entriesOf(plan) }, reversed(project(graph, open)));
  const madeFrom = new Map(plan.unknown.map((name) => [name, madeFromBelow(graph, name)]));
  const goesOnWithout = (name: string, failed: string): boolean => !(madeFrom.get(failed)?.has(name) ?? true);
  const work = async (name: string): Promise<Result> => {
    const observation = plan.observations.get(name);
    if (observation?.kind === 'unknown') throw observation.error;
    if (!present.has(name)) return { outcome: 'fresh' };
    const target = targetOf(graph, name);
    const done = await session.act(target, [], async (signal) => {
      const outputs = new Map<string, string>();
      await target.action.clean({
        target: name,
        drivers: context.drivers,
        outputs,
        signal,
        ...(target.interactive && { terminal: true as const }),
        ...(options.deleteData === true && { deleteData: true as const }),
        ...(options.remote === true && { remote: true as const }),
        log: (line) => session.log(name, line),
      });
      return true;
    });
    return { outcome: done === true ? 'ran' : 'skipped' };
  };
  await session.walk(reversed(project(graph, new Set(plan.order))), work, goesOnWithout);
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

/** What a target is made from, over any number of steps: all below it but for what it only comes after. */
function madeFromBelow(graph: Graph, name: string): ReadonlySet<string> {
  const found = new Set([name]);
  // A set hands out what is added while it is walked.
  for (const each of found) for (const { target, order } of graph.needs.get(each) ?? []) if (!order) found.add(target);
  return found;
}

/** The same edges the other way round, in the opposite order. */
function reversed(before: Before): Before {
  const names = [...before.keys()].reverse();
  const turned = new Map<string, string[]>(names.map((name) => [name, []]));
  for (const name of names) for (const earlier of before.get(name) ?? []) turned.get(earlier)?.push(name);
  return turned;
}

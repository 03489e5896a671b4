import { buildGraph, type Graph } from '../graph/graph.js';
import type { Operation, OperationContext, OperationPlan, Step } from '../model/operation.js';
import type { PlanEntry } from '../model/plan.js';
import type { Action, Need, Target } from '../model/target.js';
import type { Look } from '../plan/look.js';
import { planRun } from '../plan/plan.js';
import { checkRun } from '../run/check.js';
import { executePlan } from '../run/execute.js';
import { narrow } from '../run/scope.js';
import { EXIT, type Invocation } from './command.js';
import { execute } from './execution.js';
import type { Project } from './project.js';
import { runRound } from './run-round.js';
import { revealSecretsFor } from './secrets.js';

const DEFAULT_TIMEOUT_SECONDS = 1800;

/** What an operation does beyond its targets is not run: what these need is taken as it is. */
const ALONE = { only: true } as const;

type Given = Pick<OperationContext, 'words' | 'options'>;

/**
 * Does what an operation decides to do: its steps and the targets that it names, then rounds of others, and so on until there is no more. Ends at
 * the first that does not come to a good end. Resolves to the exit code.
 */
export async function runOperation(
  invocation: Invocation,
  project: Project,
  operation: Extract<Operation, { plan: unknown }>,
  given: Given,
): Promise<number> {
  const call = { invocation, project, given, name: operation.name };
  let todo = await runSteps(call, (context) => operation.plan(context));
  for (;;) {
    if (todo.exitCode !== EXIT.ok || todo.plan === undefined) return todo.exitCode;
    for (const round of todo.plan.rounds ?? []) {
      const exitCode = await runRound(invocation, project, round);
      if (exitCode !== EXIT.ok) return exitCode;
    }
    const { next } = todo.plan;
    if (next === undefined) return EXIT.ok;
    todo = await runSteps(call, async (context) => {
      const { question, typed, ...plan } = await next(context);
      return plan;
    });
  }
}

/** One call of an operation. */
interface Call {
  readonly invocation: Invocation;
  readonly project: Project;
  readonly given: Given;
  readonly name: string;
}

/**
 * Runs the steps of a plan, under the project's lock, with a reporter and a journal: they are the targets of a graph of their own, and run as
 * those do.
 */
async function runSteps(
  { invocation, project, given, name }: Call,
  decide: (context: OperationContext) => Promise<OperationPlan>,
): Promise<{ readonly exitCode: number; readonly plan?: OperationPlan }> {
  const { commandLine } = invocation;
  let decided: { readonly graph: Graph; readonly plan: OperationPlan } | undefined;
  const exitCode = await execute(invocation, project, {
    command: 'run',
    resume: commandLine,
    // They say nothing of how long the targets of the paifile take.
    forgetDurations: true,
    plan: async ({ drivers, look }, { say, stop }) => {
      const log = (line: string): void => say(`${line}\n`);
      const assess = assessIn(project.graph, look);
      const isTarget = (name: string): boolean => project.graph.targets.has(name);
      const print = invocation.io.stdout;
      const plan = await decide({ ...given, drivers, assess, isTarget, print, signal: stop, log });
      for (const note of plan.notes ?? []) log(note);
      const { steps, targets = [] } = plan;
      const graph = graphOf(plan, project.graph);
      decided = { graph, plan };
      const names = [...steps.map(({ name }) => name), ...targets.map(({ name }) => name)];
      const force = targets.flatMap((target) => (target.force === true ? [target.name] : []));
      const planned = await planRun(graph, names, look, { force });
      if (targets.length > 0) {
        const open = targets.map(({ name }) => name);
        await revealSecretsFor(open, project);
        const { entries } = narrow(planned, graph, ALONE);
        // What is unhealthy is why somebody asks for an operation.
        await checkRun({ graph, plan: planned, entries, drivers, signal: stop, allow: new Set(['unhealthy']) });
      }
      return planned;
    },
    questions: ({ entries }) => {
      const first = entries[0];
      const question = decided?.plan.question;
      return question === undefined || first === undefined ? [] : [{ target: name, question }];
    },
    typedQuestion: async ({ entries }) => (entries.length === 0 ? undefined : decided?.plan.typed),
    execute: async (planned, context, how) => {
      if (decided === undefined) throw new Error('an operation runs before it was planned');
      return executePlan(planned, decided.graph, context, { ...how, ...ALONE, pastUnhealthy: true });
    },
  });
  return { exitCode, ...(decided && { plan: decided.plan }) };
}

/** Looks at targets of a paifile. */
export function assessIn(graph: Graph, look: Look): OperationContext['assess'] {
  return async (names): Promise<readonly PlanEntry[]> => {
    const there = names.filter((name) => graph.targets.has(name));
    return there.length === 0 ? [] : (await planRun(graph, there, look)).entries;
  };
}

/** The steps; and, where there are targets, the paifile's with what they come after. */
function graphOf({ steps, targets = [] }: OperationPlan, declared: Graph): Graph {
  const own = steps.map((step, index) => targetOf(step, steps[index - 1]));
  if (targets.length === 0) return buildGraph({ targets: own, groups: [] });
  const after = new Map(targets.map((target) => [target.name, target.after ?? []]));
  const theirs = [...declared.targets.values()].map((target) => {
    const earlier = (after.get(target.name) ?? []).map((step) => ({ target: step, order: true }));
    return earlier.length === 0 ? target : { ...target, needs: [...target.needs, ...earlier] };
  });
  return buildGraph({ targets: [...own, ...theirs], groups: [...declared.groups.values()] });
}

function targetOf(step: Step, before: Step | undefined): Target {
  const needed = step.needs ?? (before === undefined ? [] : [before.name]);
  const needs: readonly Need[] = needed.map((target) => ({ target, order: true }));
  return {
    name: step.name,
    description: step.description,
    groups: [],
    needs,
    through: [],
    rolling: false,
    timeoutSeconds: step.timeoutSeconds ?? DEFAULT_TIMEOUT_SECONDS,
    retries: 0,
    pools: [],
    interactive: false,
    manual: false,
    action: actionOf(step),
  };
}

/** A step is done whenever it is asked for. */
function actionOf(step: Step): Action {
  return {
    pools: step.pools ?? [],
    asked: step.description,
    observe: async () => ({ kind: 'known', present: true }),
    desired: async () => ({
      parts: [],
      checksInputs: true,
      apply: async (context) => {
        await step.run(context);
        return context.stamp();
      },
    }),
    clean: async () => undefined,
  };
}

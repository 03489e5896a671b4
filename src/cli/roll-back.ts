import { select } from '../graph/select.js';
import { PaiError } from '../model/errors.js';
import type { Operation, OperationContext, OperationPlan, Step } from '../model/operation.js';
import type { Action, Target } from '../model/target.js';
import { EXIT, type Invocation, type Options } from './command.js';
import { openProject } from './project.js';
import { runOperation } from './run-operation.js';
import { withWorkbench } from './working.js';

/** Options of `pai run` that say how what is stale is run; a roll-back runs nothing of that. */
const OTHERS = ['force', 'only', 'exclude', 'retryFailed', 'batch', 'allow'] as const satisfies (keyof Options)[];

/**
 * `pai run --rollback`: takes the named targets, and none that they need, back to what was applied before. What they should be by their templates stays
 * as it is, so the next plan says that they are stale. Resolves to the exit code; throws USAGE and REFUSED.
 */
export async function rollBack(invocation: Invocation): Promise<number> {
  const { options, patterns, io } = invocation;
  const other = OTHERS.find((option) => options[option] !== undefined && options[option] !== false);
  if (other !== undefined) {
    const flag = `--${other.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
    throw new PaiError('USAGE', `--rollback and ${flag} do not go together`, { next: 'Give one of them.' });
  }
  const project = await openProject(invocation);
  const targets = select(project.graph, patterns).map(mayGoBack);
  if (targets.length === 0) {
    throw new PaiError('USAGE', 'say what to roll back: services or addons', {
      next: 'For example `pai run service:pylon --rollback`.',
    });
  }
  if (options.dryRun === true) {
    return withWorkbench(project, options, async ({ drivers }) => {
      const signal = new AbortController().signal;
      const { notes = [] } = await planOf(targets, { drivers, signal });
      io.stdout(notes.map((note) => `${note}\n`).join(''));
      return EXIT.ok;
    });
  }
  const operation: Operation = {
    name: 'run --rollback',
    summary: 'go back to what was applied before',
    plan: (context) => planOf(targets, context),
  };
  return runOperation(invocation, project, operation, { words: [], options: {} });
}

/** A target that keeps what it was. */
interface Returning {
  readonly name: string;
  readonly action: Action & Required<Pick<Action, 'previous'>>;
}

function mayGoBack({ name, action }: Target): Returning {
  const { previous } = action;
  if (previous !== undefined) return { name, action: { ...action, previous: previous.bind(action) } };
  throw new PaiError('USAGE', `${name} can't be rolled back: only what pai applies to Kubernetes is kept there`, {
    next: 'Name services or addons.',
  });
}

async function planOf(
  targets: readonly Returning[],
  { drivers, signal }: Pick<OperationContext, 'drivers' | 'signal'>,
): Promise<OperationPlan> {
  const notes: string[] = [];
  const steps: Step[] = [];
  for (const { name, action } of targets) {
    const context = { target: name, drivers, outputs: new Map(), signal, log: () => undefined };
    const previous = await action.previous(context);
    if (previous === undefined) {
      notes.push(`${name}: nothing is kept of what was applied before`);
      continue;
    }
    const { what, changes } = previous;
    notes.push(`${name}: back to ${what}`, ...(changes.length === 0 ? ['no manifest differs'] : changes).map(indented));
    steps.push({
      name: `rollback:${name}`,
      description: `back to ${what}`,
      pools: action.pools,
      run: (step) => previous.restore(step),
    });
  }
  if (steps.length === 0) {
    throw new PaiError('REFUSED', 'there is nothing to go back to', {
      details: notes,
      next: 'Correct templates or configuration instead, and run.',
    });
  }
  notes.push('templates and configuration stay as they are: the next `pai run` applies them again');
  return { notes, steps };
}

function indented(line: string): string {
  return `  ${line}`;
}

import type { LocalCommand, LocalWork } from '../model/local.js';
import type { ActionContext } from '../model/target.js';

/** What commands are run with. */
export type RunnerContext = Pick<ActionContext, 'target' | 'log' | 'signal' | 'terminal'>;

/** Runs what tasks say. */
export interface Runner {
  /** Runs a task's commands, one after another, or its function. Throws LOCAL_COMMAND, CANCELLED. */
  run(work: LocalWork, root: string, context: RunnerContext): Promise<void>;
  /** What a command writes to standard output, without white space around it. Throws LOCAL_COMMAND. */
  ask(command: LocalCommand, root: string): Promise<string>;
  /** Ends what it keeps ready for commands. None of them runs any more. */
  close?(): Promise<void>;
}

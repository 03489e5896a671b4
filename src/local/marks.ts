import type { ActionContext } from '../model/target.js';

/** In the environment of everything that a run starts: the run's id. The command line sets it for itself, so all inherit it. */
export const RUN_VARIABLE = 'PAI_RUN';
/** In the environment of a target's commands: its name. */
export const TARGET_VARIABLE = 'PAI_TARGET';
/**
 * In the environment of a shell that forks, and of its forks, as the system tells of it; not in that of what they start. A fork has no
 * name of a target in there: only what is started anew gets an environment.
 */
export const SHELL_VARIABLE = 'PAI_SHELL';

/**
 * Variables for the environment of a target's command: by them its processes are found wherever they moved to, and by whoever
 * looks after this process is gone. None outside a run.
 */
export function marksOf({ target }: Partial<Pick<ActionContext, 'target'>>): Readonly<Record<string, string>> {
  const run = process.env[RUN_VARIABLE];
  return run === undefined || target === undefined ? {} : { [RUN_VARIABLE]: run, [TARGET_VARIABLE]: target };
}

/** The same as they are written in an environment. */
export function asEnvironment(marks: Readonly<Record<string, string>>): string[] {
  return Object.entries(marks).map(([name, value]) => `${name}=${value}`);
}

import { SHELL_VARIABLE } from './marks.js';
import { environmentOf, type ProcessEntry } from './process-table.js';

/** What shells that fork left behind when pai was killed. */
export interface ForkedProcesses {
  /** The shells themselves: they end when their command has. */
  readonly shells: readonly ProcessEntry[];
  /** Forks that do a command's work; each leads the group of all that belongs to it. */
  readonly commands: readonly ProcessEntry[];
}

/**
 * Of these processes, shells that fork and their forks. A fork does not tell its target; its place in the groups tells all the same that
 * it is at work. What a command that has ended left running is in a group that nobody leads any more.
 */
export function forkedOf(entries: readonly ProcessEntry[]): ForkedProcesses {
  const forked = entries.filter(({ pid }) => environmentOf(pid, SHELL_VARIABLE) !== undefined);
  return {
    shells: forked.filter(({ pid, session }) => pid === session),
    commands: forked.filter(({ pid, group, session }) => pid === group && pid !== session),
  };
}

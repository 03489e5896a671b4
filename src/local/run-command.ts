import type { CommandContext, CommandOptions } from './command.js';

export type { CommandOptions };

/** Runs a command on this machine; see command.ts, which is loaded at the first call. */
export async function runCommand(
  context: CommandContext,
  command: string,
  args: readonly string[] = [],
  options: CommandOptions = {},
): Promise<string> {
  return (await import('./command.js')).runLocal(context, command, args, options);
}

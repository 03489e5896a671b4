import { errorReport } from '../model/error-report.js';
import type { PaiError } from '../model/errors.js';
import type { ErrorReport } from '../model/events.js';
import { oneLine } from './text.js';

/**
 * An error as people see it, with a line end:
 *
 *     error CODE: message
 *       at where
 *       | details
 *       next: ...
 */
export function formatError(error: ErrorReport): string {
  const [first = '', ...rest] = error.message.split('\n');
  const lines = [`error ${error.code}: ${oneLine(first)}`, ...rest.map((line) => `  ${oneLine(line)}`)];
  if (error.where !== undefined) lines.push(`  at ${oneLine(error.where)}`);
  for (const line of error.details ?? []) lines.push(`  | ${oneLine(line)}`);
  if (error.next !== undefined) lines.push(`  next: ${oneLine(error.next)}`);
  return `${lines.join('\n')}\n`;
}

/** A bug of ours as people see it: the only error with a stack. */
export function formatInternal(error: PaiError, stack: string | undefined): string {
  const frames = (stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  const next = 'This is a bug of pai. Please report it with the lines above.';
  return formatError({
    ...errorReport(error),
    details: [...error.details, ...frames.map((line) => line.trim())],
    next,
  });
}

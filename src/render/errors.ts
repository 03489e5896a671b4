import { PaiError } from '../model/errors.js';
import type { TemplateFiles } from './files.js';

/** What went wrong in a render of `file`, as a PaiError with the place that nunjucks or our own checks know of. */
export async function templateError(error: unknown, file: string, files: TemplateFiles): Promise<PaiError> {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof PaiError) return cause;
  }
  const told = error instanceof Error ? error.message : String(error);
  const missing = /template not found: (\S+)/.exec(told)?.[1];
  if (missing !== undefined) {
    const problem = await files.missing(missing, 'file');
    if (missing === file) return problem;
    return new PaiError('TEMPLATE', problem.message, {
      where: files.label(file),
      next: 'Correct the name in its include, import or extends.',
      cause: error,
    });
  }
  const { place, what } = parse(told, file);
  return new PaiError('TEMPLATE', what, {
    where: files.label(place),
    next: 'Correct the template at this place.',
    cause: error,
  });
}

/** `(a.yaml)\n (b.yaml) [Line 3, Column 6]\n  what`: the innermost template and its line come last. */
function parse(message: string, file: string): { place: string; what: string } {
  const lines = message.split('\n').map((line) => line.trim());
  const headers = lines.filter((line) => HEADER.test(line));
  const [, name = file, line, column] = HEADER.exec(headers.at(-1) ?? '') ?? [];
  const known = line !== undefined && line !== '0';
  const what = lines.filter((text) => !HEADER.test(text)).join(' ');
  return {
    place: known ? `${name}:${line}:${column}` : name,
    what: what.replace('attempted to output null or undefined value', 'the value is null: it can not be printed'),
  };
}

const HEADER = /^\((.+)\)(?: \[Line (\d+), Column (\d+)\])?$/;

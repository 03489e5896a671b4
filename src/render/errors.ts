import { PaiError } from '../model/errors.js';
import type { TemplateFiles } from './files.js';
import { TemplateNotFound } from './runtime/problem.js';

/** What went wrong in a render of `file`, as a PaiError; a template that is not there with the nearest names. */
export async function templateError(error: unknown, file: string, files: TemplateFiles): Promise<PaiError> {
  // nunjucks wraps what a loader throws.
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (cause instanceof PaiError) return cause;
    if (cause instanceof TemplateNotFound) return missingTemplate(cause, file, files);
  }
  const told = error instanceof Error ? error.message : String(error);
  return new PaiError('INTERNAL', `the template can not be rendered: ${told}`, {
    where: files.label(file),
    cause: error,
  });
}

async function missingTemplate(error: TemplateNotFound, file: string, files: TemplateFiles): Promise<PaiError> {
  const problem = await files.missing(error.template, 'file');
  if (error.where === undefined) return problem;
  return new PaiError('TEMPLATE', problem.message, {
    where: error.where ?? files.label(file),
    next: 'Correct the name in this include, import or extends.',
    cause: error,
  });
}

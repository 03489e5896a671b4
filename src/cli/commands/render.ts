import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { PaiError } from '../../model/errors.js';
import { isObject } from '../../model/parse-json.js';
import { type Command, EXIT } from '../command.js';

/** `pai render`: one template with values from a file, to standard output. Needs no project. */
export const render: Command = {
  async execute({ io, options }) {
    if (options.file === undefined) {
      throw new PaiError('USAGE', 'which template is to be rendered?', {
        next: 'Name it: pai render --file TEMPLATE [--values VALUES]',
      });
    }
    const template = path.resolve(io.cwd, options.file);
    const values = options.values === undefined ? {} : await readValues(path.resolve(io.cwd, options.values));
    const { createTemplateDriver } = await import('../../render/driver.js');
    io.stdout(await createTemplateDriver(path.dirname(template)).render(path.basename(template), values));
    return EXIT.ok;
  },
};

/** A mapping from a file of JSON, which is YAML too, or YAML. */
async function readValues(file: string): Promise<Record<string, unknown>> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw unfit(file, error.code === 'ENOENT' ? 'there is no such file' : error.message, error);
  });
  const { load } = await import('js-yaml');
  let values: unknown;
  try {
    values = load(text) ?? {};
  } catch (error) {
    throw unfit(file, error instanceof Error ? error.message : String(error), error);
  }
  if (!isObject(values)) throw unfit(file, 'it is no mapping from names to values');
  return values;
}

function unfit(file: string, why: string, cause?: unknown): PaiError {
  return new PaiError('USAGE', `the values can't be read: ${why}`, {
    where: file,
    next: 'Give --values a file of JSON or YAML with a mapping.',
    cause,
  });
}

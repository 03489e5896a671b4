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
    const { renderTemplateFile } = await import('../../render/render-file.js');
    io.stdout(await renderTemplateFile(template, values, { undefined: options.undefined ?? 'strict' }));
    return EXIT.ok;
  },
};

/** A mapping from a file of JSON, which is YAML too, or YAML. */
async function readValues(file: string): Promise<Record<string, unknown>> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw unfit(file, error.code === 'ENOENT' ? 'there is no such file' : error.message, error);
  });
  const { CORE_SCHEMA, defineScalarTag, floatCoreTag, load, NOT_RESOLVED } = await import('js-yaml');
  const { float } = await import('../../render/runtime/values.js');
  // 20.0 has to stay a float: templates print it as that.
  const floats = defineScalarTag(floatCoreTag.tagName, {
    ...floatCoreTag,
    resolve: (...source) => {
      const value = floatCoreTag.resolve(...source);
      return value === NOT_RESOLVED ? value : float(Number(value));
    },
  });
  let values: unknown;
  try {
    values = load(text, { schema: CORE_SCHEMA.withTags(floats) }) ?? {};
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

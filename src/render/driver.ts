import { readFileSync } from 'node:fs';
import type { LoaderSource } from 'nunjucks';
import type { TemplateDriver } from '../model/drivers.js';
import { PaiError } from '../model/errors.js';
import { templateError } from './errors.js';
import { TemplateFiles } from './files.js';
import { filters } from './filters.js';
import { type CompiledTemplate, type FilterEnvironment, loadNunjucks } from './nunjucks.js';
import { createCompiler } from './strict-compiler.js';

/**
 * The templates of a folder. nunjucks is loaded at the first render; a template is read and compiled once.
 *
 * As in Jinja2 with its defaults but for one: the file's last newline is kept (`keep_trailing_newline`), so that a file
 * on a host ends as its template does. White space around blocks stays. Nothing is HTML-escaped.
 *
 * All errors are PaiError TEMPLATE, with `templates/<file>:line:column` where that is known.
 */
export function createTemplateDriver(templatesDirectory: string): TemplateDriver {
  const files = new TemplateFiles(templatesDirectory);
  let environment: Promise<FilterEnvironment> | undefined;
  return {
    async render(file, variables) {
      environment ??= createEnvironment(files);
      const env = await environment;
      try {
        return env.render(file, variables);
      } catch (error) {
        throw await templateError(error, file, files);
      }
    },
    read: (file) => files.read(file),
    list: (folder) => files.list(folder),
  };
}

async function createEnvironment(files: TemplateFiles): Promise<FilterEnvironment> {
  const { nunjucks, transformer } = await loadNunjucks();
  const loader = {
    /** Null lets nunjucks tell of a missing template, or `include ... ignore missing` go on. */
    getSource(name: string): LoaderSource {
      const source = readTemplate(files.path(name));
      // The type package knows neither null nor compiled sources, which nunjucks' own PrecompiledLoader gives.
      if (source === undefined) return null as unknown as LoaderSource;
      const code = compile(source, files.label(name));
      const template = new Function(code)() as CompiledTemplate;
      return { src: { type: 'code', obj: template }, path: name, noCache: false } as unknown as LoaderSource;
    },
  };
  const environment = new nunjucks.Environment(loader, { autoescape: false, throwOnUndefined: true, dev: true });
  for (const [name, filter] of Object.entries(filters)) environment.addFilter(name, filter);
  const compileStrictly = createCompiler(nunjucks, transformer, environment);
  const compile = (source: string, label: string): string => {
    try {
      return compileStrictly(source, label);
    } catch (error) {
      throw syntaxError(error, source, label);
    }
  };
  return environment;
}

/** Reads at once: nunjucks asks in the middle of rendering. */
function readTemplate(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR')) {
      return undefined;
    }
    throw error;
  }
}

/** What the parser tells, at its line and column; at the end of the file where it gives none. */
function syntaxError(error: unknown, source: string, label: string): PaiError {
  if (error instanceof PaiError) return error;
  const { message, lineno, colno } = error as Error & { lineno?: number; colno?: number };
  const lines = source.trimEnd().split('\n');
  const position = lineno === undefined ? `${lines.length}:${(lines.at(-1)?.length ?? 0) + 1}` : `${lineno}:${colno}`;
  return new PaiError('TEMPLATE', message, {
    where: `${label}:${position}`,
    next: 'Correct the syntax of the template.',
    cause: error,
  });
}

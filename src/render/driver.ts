import { readFileSync } from 'node:fs';
import type { TemplateDriver } from '../model/drivers.js';
import type { Engine, UndefinedBehavior } from './engine.js';
import { TemplateFiles } from './files.js';

/** How templates are rendered. */
export interface RenderOptions {
  /** What undefined variables do. Default: strict, an error wherever one is used. */
  readonly undefined?: UndefinedBehavior;
}

/**
 * The templates of a folder, in the language of Jinja2 with its defaults (docs/templates.md): the bytes are those of Python's Jinja2, or it
 * is an error. The engine is loaded at the first render; a template is read and compiled once.
 *
 * All errors are PaiError TEMPLATE, with `templates/<file>:line:column` where that is known.
 */
export function createTemplateDriver(templatesDirectory: string, options: RenderOptions = {}): TemplateDriver {
  const files = new TemplateFiles(templatesDirectory);
  let engine: Promise<Engine> | undefined;
  return {
    async render(file, variables) {
      engine ??= loadEngine(files, options);
      const { render } = await engine;
      try {
        return render(file, variables);
      } catch (error) {
        const { templateError } = await import('./errors.js');
        throw await templateError(error, file, files);
      }
    },
    read: (file) => files.read(file),
    list: (folder) => files.list(folder),
  };
}

async function loadEngine(files: TemplateFiles, options: RenderOptions): Promise<Engine> {
  const { createEngine } = await import('./engine.js');
  const source = { read: (name: string) => readTemplate(files.path(name)), label: (name: string) => files.label(name) };
  return createEngine(source, options.undefined ?? 'strict');
}

/** Reads at once: an include asks in the middle of rendering. */
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

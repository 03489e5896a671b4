import { compile } from './jinja/compile.js';
import { createEnvironment, type PrecompiledTemplate } from './nunjucks.js';
import { type CompiledTemplate, Context, type Render } from './runtime/context.js';
import { globals } from './runtime/globals.js';
import { library } from './runtime/library.js';
import { TemplateNotFound } from './runtime/problem.js';
import { createSupport } from './runtime/support.js';

/** What a name or attribute does that is not there: is an error wherever it is used, or prints nothing, as by Jinja2's default. */
export type UndefinedBehavior = 'strict' | 'jinja';

/** Where templates come from. */
export interface TemplateSource {
  /** A template's text; undefined when there is none of this name. */
  read(name: string): string | undefined;
  /** A template's name as told in errors. */
  label(name: string): string;
}

/** Renders templates, each read and compiled once. */
export interface Engine {
  /** PaiError TEMPLATE with line and column, or TemplateNotFound. */
  render(name: string, values: Readonly<Record<string, unknown>>): string;
}

/**
 * Templates in Jinja2's language: parsed and compiled to JavaScript here, kept and run by an environment of nunjucks, to which they are
 * precompiled templates. nunjucks is loaded at the first call.
 */
export async function createEngine(source: TemplateSource, undefinedBehavior: UndefinedBehavior): Promise<Engine> {
  const prepare = (name: string, text: string): PrecompiledTemplate => {
    const label = source.label(name);
    const body = compile(text, label);
    const make = new Function('library', 'own', body) as MakeTemplate;
    const compiled = { name, ...make(library, createSupport(label, undefinedBehavior === 'strict')) };
    return {
      compiled,
      root(_environment, { ctx }, _frame, _runtime, done) {
        const render: Render = { load, loadIfAny, globals, modules: new Map() };
        done(null, flat(compiled.root(new Context(compiled, render, ctx))));
      },
    };
  };
  const environment = await createEnvironment({
    getSource(name) {
      const text = source.read(name);
      return text === undefined
        ? null
        : { src: { type: 'code', obj: prepare(name, text) }, path: name, noCache: false };
    },
  });
  const loadIfAny = (name: string) => environment.getTemplate(name, false, undefined, true).tmplProps?.compiled;
  const load = (name: string): CompiledTemplate => {
    const found = loadIfAny(name);
    if (found) return found;
    throw new TemplateNotFound(name);
  };
  return {
    render(name, values) {
      load(name);
      return environment.render(name, values);
    },
  };
}

/**
 * V8 keeps a text that was put together as a tree of its parts until somebody looks into it. Whoever keeps the text would keep the tree, which
 * costs the garbage collector more than the render.
 */
function flat(text: string): string {
  text.charCodeAt(0);
  return text;
}

/** A compiled template as source: see jinja/compile.ts. */
type MakeTemplate = (shared: typeof library, own: ReturnType<typeof createSupport>) => Omit<CompiledTemplate, 'name'>;

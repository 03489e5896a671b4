import type { Environment, ILoader } from 'nunjucks';
import type { CompiledTemplate } from './runtime/context.js';

/**
 * The parts of nunjucks that its type package leaves out. They are the same in every release of version 3, which only
 * gets fixes.
 */

/** A precompiled template: nunjucks calls `root`. */
export interface PrecompiledTemplate {
  root(
    environment: unknown,
    context: { readonly ctx: Readonly<Record<string, unknown>> },
    frame: unknown,
    runtime: unknown,
    done: (error: null, text: string) => void,
  ): void;
  readonly compiled: CompiledTemplate;
}

/** What a loader gives for a precompiled template, as nunjucks' own PrecompiledLoader does. */
export interface PrecompiledSource {
  readonly src: { readonly type: 'code'; readonly obj: PrecompiledTemplate };
  readonly path: string;
  readonly noCache: boolean;
}

/** A template in nunjucks' cache; without properties it is one that was not found and may be missing. */
interface CachedTemplate {
  readonly tmplProps?: PrecompiledTemplate;
}

/** nunjucks' environment: its loaders and its cache, and it runs templates. */
export type TemplateEnvironment = Pick<Environment, 'render'> & {
  getTemplate(name: string, eager: boolean, parent: undefined, ignoreMissing: boolean): CachedTemplate;
};

/** Where templates come from: null when there is none of this name. */
export interface TemplateLoader {
  getSource(name: string): PrecompiledSource | null;
}

/** Loads nunjucks and makes an environment that keeps and runs what the loader gives. */
export async function createEnvironment(loader: TemplateLoader): Promise<TemplateEnvironment> {
  const nunjucks = (await import('nunjucks')).default;
  // The type package knows neither null nor precompiled sources.
  const environment = new nunjucks.Environment(loader as unknown as ILoader, { autoescape: false, dev: true });
  return environment as unknown as TemplateEnvironment;
}

import { filters } from '../filters/table.js';
import { tests } from '../tests/table.js';
import { applyFilter, applyTest } from './apply.js';
import * as arithmetic from './arithmetic.js';
import { attribute, item, slice } from './attributes.js';
import * as compare from './compare.js';
import { type CompiledTemplate, Context, Module, TemplateReference } from './context.js';
import { keywordsOf } from './dict-methods.js';
import { Dict } from './dicts.js';
import { Namespace } from './globals.js';
import { iterate, listOf, unpack } from './iterate.js';
import { Loop } from './loop.js';
import { Macro } from './macro.js';
import { fail } from './problem.js';
import { str } from './text.js';
import { float, Iterated, isText, owned, Tuple, typeName, Undefined, type Value } from './values.js';

/** A name of a template, as `extends`, `include` and `import` are given it. */
function nameOf(value: Value): string {
  if (value instanceof Undefined) value.fail();
  return isText(value) ? str(value) : fail(`the name of a template has to be a text, not ${typeName(value)}`);
}

/** The first template of several names that is there. */
function find(value: Value, context: Context): CompiledTemplate | undefined {
  const { render } = context;
  if (!Array.isArray(value) && !(value instanceof Tuple)) return render.loadIfAny(nameOf(value));
  for (const name of listOf(value)) {
    const found = render.loadIfAny(nameOf(name));
    if (found) return found;
  }
  return undefined;
}

function load(value: Value, context: Context): CompiledTemplate {
  const found = find(value, context);
  if (found) return found;
  if (isText(value)) return context.render.load(nameOf(value));
  const names = listOf(value).map(nameOf);
  return names.length === 0 ? fail('there is no template in an empty list') : context.render.load(names.join(', '));
}

/** A template without the variables of who imports it: rendered once. */
function moduleOf(template: CompiledTemplate, { render }: Context): Module {
  const module = render.modules.get(template.name) ?? new Module(template, new Context(template, render, {}));
  render.modules.set(template.name, module);
  return module;
}

function include(
  value: Value,
  ignoreMissing: boolean,
  context: Context,
  locals: ReadonlyMap<string, Value> | undefined,
): string {
  const template = ignoreMissing ? find(value, context) : load(value, context);
  if (!template) return '';
  if (!locals) return moduleOf(template, context).text;
  return template.root(new Context(template, context.render, locals, context));
}

function importModule(value: Value, context: Context, locals: ReadonlyMap<string, Value> | undefined): Module {
  const template = context.render.load(nameOf(value));
  if (!locals) return moduleOf(template, context);
  return new Module(template, new Context(template, context.render, locals, context));
}

function setNamespace(target: Value, name: string, value: Value): void {
  if (!(target instanceof Namespace)) fail('only a namespace() has attributes that can be set');
  else target.set(name, value);
}

function requireBlock(name: string, context: Context): void {
  if ((context.blocks.get(name)?.length ?? 0) <= 1) fail(`the required block ${name} is not there`);
}

function* filtered(value: Value, accept: (item: Value) => boolean): Generator<Value> {
  for (const one of iterate(value)) if (accept(one)) yield one;
}

/** All that compiled templates call. */
export const library = {
  ...arithmetic,
  Loop,
  Macro,
  TemplateReference,
  Tuple,
  applyfilter: applyFilter,
  applytest: applyTest,
  attribute,
  equal: compare.equal,
  failAt: (_: Value, message: string) => fail(message),
  filters,
  float,
  greater: compare.greater,
  greaterOrEqual: compare.greaterOrEqual,
  include,
  importModule,
  isIn: (value: Value, container: Value) => compare.contains(container, value),
  isNotIn: (value: Value, container: Value) => !compare.contains(container, value),
  item,
  iterate,
  keywords: (entries: readonly [string, Value][]) => new Map(entries),
  keywordsOf,
  less: compare.less,
  lessOrEqual: compare.lessOrEqual,
  load,
  locals: (entries: readonly [string, Value][]) => new Map(entries.filter(([, value]) => value !== undefined)),
  makeDict: (entries: readonly [Value, Value][]) => new Dict(entries),
  notEqual: (left: Value, right: Value) => !compare.equal(left, right),
  owned,
  requireBlock,
  setNamespace,
  slice,
  str,
  tests,
  truth: compare.truth,
  unpack,
  where: (value: Value, accept: (item: Value) => boolean) => new Iterated(filtered(value, accept)),
};

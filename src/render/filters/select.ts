import { attribute, methodOf } from '../runtime/attributes.js';
import { truth } from '../runtime/compare.js';
import { asDict } from '../runtime/dicts.js';
import { iterate } from '../runtime/iterate.js';
import { fail } from '../runtime/problem.js';
import type { Environment, FilterRow } from '../runtime/rows.js';
import { textIn } from '../runtime/string-methods.js';
import { Iterated, type Keywords, type Value } from '../runtime/values.js';
import { attributeGetter } from './shared.js';

function* mapped(value: Value, change: (item: Value) => Value): Generator<Value> {
  for (const one of iterate(value)) yield change(one);
}

/** `map(attribute=...)`, or `map(filter, its arguments)`. Like Python's, it complains when it is first gone through. */
function* map(
  env: Environment,
  value: Value,
  args: readonly Value[],
  keywords: Keywords | undefined,
): Generator<Value> {
  if (!truth(value)) return;
  if (args.length === 0 && keywords?.has('attribute')) {
    const other = [...keywords.keys()].find((key) => key !== 'attribute' && key !== 'default');
    if (other !== undefined) fail(`map has no argument ${other} beside attribute`);
    yield* mapped(value, attributeGetter(env, keywords.get('attribute'), keywords.get('default')));
    return;
  }
  const [name, ...rest] = args;
  if (name === undefined) fail('map needs the name of a filter, or attribute=...');
  yield* mapped(value, (one) => env.filter(textIn(name), one, rest, keywords));
}

function* select(
  env: Environment,
  value: Value,
  args: readonly Value[],
  keywords: Keywords | undefined,
  wanted: boolean,
  byAttribute: boolean,
): Generator<Value> {
  if (!truth(value)) return;
  const [path, ...others] = byAttribute ? args : [undefined, ...args];
  if (byAttribute && path === undefined) fail('the name of an attribute is needed');
  const get = attributeGetter(env, path);
  const [name, ...rest] = others;
  const test = (one: Value) => (name === undefined ? truth(one) : env.test(textIn(name), one, rest, keywords));
  for (const one of iterate(value)) if (test(get(one)) === wanted) yield one;
}

function row(wanted: boolean, byAttribute: boolean): FilterRow {
  return {
    run: (env, value, args: readonly Value[], keywords: Keywords | undefined) =>
      new Iterated(select(env, value, args, keywords, wanted, byAttribute)),
  };
}

/** Filters that apply other filters and tests, given by name, to items. */
export const selectFilters: Readonly<Record<string, FilterRow>> = {
  attr: {
    parameters: ['name'],
    run: (env, value, name: Value) => attributeOnly(env, value, textIn(name)),
  },
  map: {
    run: (env, value, args: readonly Value[], keywords: Keywords | undefined) =>
      new Iterated(map(env, value, args, keywords)),
  },
  reject: row(false, false),
  rejectattr: row(false, true),
  select: row(true, false),
  selectattr: row(true, true),
};

/** An attribute, and never the item of a dict. */
function attributeOnly(env: Environment, value: Value, name: string): Value {
  const found = asDict(value) && !methodOf(value, name) ? undefined : attribute(value, name);
  return found === undefined ? env.missing(`there is no attribute ${name}`) : found;
}

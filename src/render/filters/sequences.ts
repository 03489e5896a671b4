import { characters } from '../runtime/characters.js';
import { equal, order, truth } from '../runtime/compare.js';
import { asDict, entriesOf, hash } from '../runtime/dicts.js';
import { smallInteger } from '../runtime/integers.js';
import { iterate, listOf, size } from '../runtime/iterate.js';
import { fail } from '../runtime/problem.js';
import type { Environment, FilterRow } from '../runtime/rows.js';
import { sorted } from '../runtime/sorting.js';
import { textIn } from '../runtime/string-methods.js';
import { str } from '../runtime/text.js';
import { Group, Iterated, isText, owned, Tuple, Undefined, type Value } from '../runtime/values.js';
import { attributeGetter, ignoreCase, likeInput } from './shared.js';

const isSet = (value: Value) => value !== undefined && truth(value);

/** Attribute, and case unless it matters: what is compared of an item. */
function keyGetter(
  env: Environment,
  caseSensitive: Value,
  attribute: Value,
  otherwise?: Value,
): (item: Value) => Value {
  const get = attributeGetter(env, attribute, otherwise);
  return isSet(caseSensitive) ? get : (item) => ignoreCase(get(item));
}

function join(env: Environment, value: Value, separator: Value, attribute: Value): string {
  const get = attributeGetter(env, attribute);
  const by = separator === undefined ? '' : str(separator);
  return Array.from(iterate(value), (item) => str(get(item))).join(by);
}

function first(env: Environment, value: Value): Value {
  const result = iterate(value)[Symbol.iterator]().next();
  return result.done ? env.missing('there is no first item, the sequence is empty') : result.value;
}

/** The items in reverse, for what can be gone through backwards. */
function reversed(value: Value): Value[] {
  if (value instanceof Iterated) return fail('a generator can not be reversed: make a list of it first');
  return listOf(value).reverse();
}

function last(env: Environment, value: Value): Value {
  const [item] = reversed(value);
  return item === undefined ? env.missing('there is no last item, the sequence is empty') : item;
}

function reverse(value: Value): Value {
  if (isText(value)) return likeInput(value, (text) => characters(text).reverse().join(''));
  if (value instanceof Iterated) return owned(listOf(value).reverse());
  return new Iterated(reversed(value));
}

function extreme(env: Environment, value: Value, sign: 1 | -1, caseSensitive: Value, attribute: Value): Value {
  const get = keyGetter(env, caseSensitive, attribute);
  let best: { readonly item: Value; readonly key: Value } | undefined;
  for (const item of iterate(value)) {
    const key = get(item);
    if (!best || order(key, best.key) * sign < 0) best = { item, key };
  }
  return best ? best.item : env.missing('there is no item, the sequence is empty');
}

function sort(env: Environment, value: Value, reverseIt: Value, caseSensitive: Value, attribute: Value): Value {
  const paths = typeof attribute === 'string' ? attribute.split(',') : [attribute];
  const getters = paths.map((path) => keyGetter(env, caseSensitive, path));
  return owned(sorted(listOf(value), (item) => getters.map((get) => get(item)), reverseIt));
}

function* unique(env: Environment, value: Value, caseSensitive: Value, attribute: Value): Generator<Value> {
  const get = keyGetter(env, caseSensitive, attribute);
  const seen = new Set<unknown>();
  for (const item of iterate(value)) {
    const key = hash(get(item));
    if (seen.has(key)) continue;
    seen.add(key);
    yield item;
  }
}

function dictSort(value: Value, caseSensitive: Value, by: Value, reverseIt: Value): Value {
  const dict = asDict(value);
  if (value instanceof Undefined) value.fail();
  const at = by === undefined ? 0 : ['key', 'value'].indexOf(textIn(by));
  if (at < 0) fail('dictsort sorts by "key" or "value"');
  const pairs = entriesOf(dict ?? fail('dictsort needs a dict')).map((entry) => new Tuple(entry));
  const key = (pair: Value) => (pair instanceof Tuple ? pair.items[at] : undefined);
  return owned(sorted(pairs, (pair) => (isSet(caseSensitive) ? key(pair) : ignoreCase(key(pair))), reverseIt));
}

function groupBy(env: Environment, value: Value, attribute: Value, otherwise: Value, caseSensitive: Value): Value {
  const get = keyGetter(env, caseSensitive, attribute, otherwise);
  const groups: { key: Value; items: Value[] }[] = [];
  for (const item of sorted(listOf(value), get)) {
    const key = get(item);
    const group = groups.at(-1);
    if (group && equal(group.key, key)) group.items.push(item);
    else groups.push({ key, items: owned([item]) });
  }
  const shown = attributeGetter(env, attribute, otherwise);
  return owned(groups.map(({ key, items }) => new Group(isSet(caseSensitive) ? key : shown(items[0]), items)));
}

function* batch(value: Value, count: Value, fill: Value): Generator<Value> {
  const lineCount = smallInteger(count, 'the count of a batch');
  let row: Value[] = owned([]);
  for (const item of iterate(value)) {
    if (row.length === lineCount) {
      yield row;
      row = owned([]);
    }
    row.push(item);
  }
  if (row.length === 0) return;
  if (fill !== undefined && fill !== null) while (row.length < lineCount) row.push(fill);
  yield row;
}

function* slices(value: Value, count: Value, fill: Value): Generator<Value> {
  const items = listOf(value);
  const columns = smallInteger(count, 'the number of slices');
  if (columns === 0) fail('integer division or modulo by zero');
  const each = Math.floor(items.length / columns);
  const longer = items.length - each * columns;
  let start = 0;
  for (let column = 0; column < columns; column++) {
    const end = start + each + (column < longer ? 1 : 0);
    const slice = owned(items.slice(start, end));
    if (fill !== undefined && fill !== null && column >= longer) slice.push(fill);
    yield slice;
    start = end;
  }
}

function* items(value: Value): Generator<Value> {
  if (value instanceof Undefined) return;
  const dict = asDict(value) ?? fail('items needs a dict');
  for (const entry of entriesOf(dict)) yield new Tuple(entry);
}

function otherwiseDefault(value: Value, otherwise: Value, alsoFalse: Value): Value {
  const replacement = otherwise === undefined ? '' : otherwise;
  if (value instanceof Undefined) return replacement;
  return isSet(alsoFalse) && !truth(value) ? replacement : value;
}

const DEFAULT: FilterRow = {
  parameters: ['default_value?', 'boolean?'],
  run: (_, value, otherwise: Value, alsoFalse: Value) => otherwiseDefault(value, otherwise, alsoFalse),
};
const LENGTH: FilterRow = { parameters: [], run: (_, value) => size(value) };
const KEYED = ['case_sensitive?', 'attribute?'];

/** Filters of lists, dicts and whatever can be gone through. */
export const sequenceFilters: Readonly<Record<string, FilterRow>> = {
  batch: {
    parameters: ['linecount', 'fill_with?'],
    run: (_, value, count: Value, fill: Value) => new Iterated(batch(value, count, fill)),
  },
  count: LENGTH,
  d: DEFAULT,
  default: DEFAULT,
  dictsort: {
    parameters: ['case_sensitive?', 'by?', 'reverse?'],
    run: (_, value, sensitive: Value, by: Value, reverseIt: Value) => dictSort(value, sensitive, by, reverseIt),
  },
  first: { parameters: [], run: first },
  groupby: {
    parameters: ['attribute', 'default?', 'case_sensitive?'],
    run: (env, value, attribute: Value, otherwise: Value, sensitive: Value) =>
      groupBy(env, value, attribute, otherwise, sensitive),
  },
  items: { parameters: [], run: (_, value) => new Iterated(items(value)) },
  join: {
    parameters: ['d?', 'attribute?'],
    text: true,
    run: (env, value, by: Value, attribute: Value) => join(env, value, by, attribute),
  },
  last: { parameters: [], run: last },
  length: LENGTH,
  list: { parameters: [], run: (_, value) => listOf(value) },
  max: {
    parameters: KEYED,
    run: (env, value, sensitive: Value, attribute: Value) => extreme(env, value, -1, sensitive, attribute),
  },
  min: {
    parameters: KEYED,
    run: (env, value, sensitive: Value, attribute: Value) => extreme(env, value, 1, sensitive, attribute),
  },
  reverse: { parameters: [], run: (_, value) => reverse(value) },
  slice: {
    parameters: ['slices', 'fill_with?'],
    run: (_, value, count: Value, fill: Value) => new Iterated(slices(value, count, fill)),
  },
  sort: {
    parameters: ['reverse?', 'case_sensitive?', 'attribute?'],
    run: (env, value, reverseIt: Value, sensitive: Value, attribute: Value) =>
      sort(env, value, reverseIt, sensitive, attribute),
  },
  unique: {
    parameters: KEYED,
    run: (env, value, sensitive: Value, attribute: Value) => new Iterated(unique(env, value, sensitive, attribute)),
  },
};

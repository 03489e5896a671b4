import { bind } from './bind.js';
import { asDict, Dict, type DictLike, entriesOf, getKey, View } from './dicts.js';
import { listOf, unpack } from './iterate.js';
import { type Method, method } from './methods.js';
import { fail } from './problem.js';
import { repr } from './text.js';
import { Tuple, type Value } from './values.js';

function dictIn(target: Value): DictLike {
  return asDict(target) ?? fail('not a dict');
}

function changeableIn(target: Value): Dict {
  if (target instanceof Dict) return target;
  return fail('a dict that was given to the template can not be changed; copy it first: dict(...)');
}

/** The pairs in a dict, or in a list of pairs. */
export function pairsOf(value: Value): [Value, Value][] {
  const dict = asDict(value);
  if (dict) return entriesOf(dict);
  return listOf(value).map((pair) => {
    const [key, item] = unpack(pair, 2);
    return [key, item];
  });
}

/** Methods of dicts. What changes the dict prints None, as in Python. */
export const dictMethods: Readonly<Record<string, Method>> = {
  clear: method('clear', [], (dict) => {
    changeableIn(dict).clear();
    return null;
  }),
  copy: method('copy', [], (dict) => new Dict(entriesOf(dictIn(dict)))),
  get: method('get', ['/key', '/default?'], (dict, key, otherwise = null) => {
    const found = getKey(dictIn(dict), key);
    return found === undefined ? otherwise : found;
  }),
  items: method('items', [], (dict) => new View('items', dictIn(dict))),
  keys: method('keys', [], (dict) => new View('keys', dictIn(dict))),
  pop: method('pop', ['/key', '/default?'], (dict, key, otherwise) => {
    const own = changeableIn(dict);
    const found = own.get(key);
    if (found === undefined) return otherwise === undefined ? fail(`KeyError: ${repr(key)}`) : otherwise;
    own.delete(key);
    return found;
  }),
  popitem: method('popitem', [], (dict) => {
    const own = changeableIn(dict);
    const last = own.entries().at(-1) ?? fail('popitem(): dictionary is empty');
    own.delete(last[0]);
    return new Tuple(last);
  }),
  setdefault: method('setdefault', ['/key', '/default?'], (dict, key, otherwise = null) => {
    const own = changeableIn(dict);
    const found = own.get(key);
    if (found !== undefined) return found;
    own.set(key, otherwise);
    return otherwise;
  }),
  update: (dict, args, keywords) => {
    const own = changeableIn(dict);
    const [others] = bind('update', ['/other?'], args);
    if (others !== undefined) for (const [key, value] of pairsOf(others)) own.set(key, value);
    for (const [key, value] of keywords ?? []) own.set(key, value);
    return null;
  },
  values: method('values', [], (dict) => new View('values', dictIn(dict))),
};

/** The global function `dict(...)`. */
export function makeDict(args: readonly Value[], keywords: Iterable<readonly [string, Value]> = []): Dict {
  const [source] = bind('dict', ['/source?'], args);
  return new Dict([...(source === undefined ? [] : pairsOf(source)), ...keywords]);
}

/** Keys and values that `**dict` gives to a call. */
export function keywordsOf(value: Value): [string, Value][] {
  return pairsOf(asDict(value) ?? fail('** needs a dict')).map(([key, item]) => {
    if (typeof key !== 'string') fail('** needs a dict whose keys are strings');
    return [String(key), item];
  });
}

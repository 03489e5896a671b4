import { characters, isWide } from './characters.js';
import { dictMethods } from './dict-methods.js';
import { asDict, Dict, getKey } from './dicts.js';
import { integerIn, smallInteger } from './integers.js';
import { listMethods } from './list-methods.js';
import { hiddenAttributes, type Method } from './methods.js';
import { fail, unsupported } from './problem.js';
import { stringMethods } from './string-methods.js';
import {
  Func,
  Group,
  isText,
  type Keywords,
  Markup,
  owned,
  Range,
  Tuple,
  typeName,
  Undefined,
  type Value,
} from './values.js';

/** A value with attributes of its own: loops, macros, namespaces, modules. */
export interface Attributed {
  /** Undefined when there is none of this name. */
  attribute(name: string): Value;
}

function isAttributed(value: object): value is Attributed {
  return 'attribute' in value && typeof value.attribute === 'function' && asDict(value) === undefined;
}

/** `target.name`: a method or attribute, else the item under the key. Undefined when there is neither. */
export function attribute(target: Value, name: string): Value {
  const method = methodOf(target, name);
  if (method) return new Func(name, (args, keywords) => method(target, args, keywords));
  const own = ownAttribute(target, name);
  if (own !== undefined) return own;
  const dict = asDict(target);
  return dict ? getKey(dict, name) : undefined;
}

/** `target[key]`: the item under the key, else an attribute of that name. */
export function item(target: Value, key: Value): Value {
  const dict = asDict(target);
  if (dict) {
    const found = isHashable(key) ? getKey(dict, key) : undefined;
    if (found !== undefined) return found;
  } else if (target instanceof Undefined) target.fail();
  else {
    const index = integerIn(key);
    if (index !== undefined) return itemAt(target, Number(index));
  }
  if (!isText(key)) return undefined;
  const name = typeof key === 'string' ? key : key.text;
  const method = methodOf(target, name);
  if (method) return new Func(name, (args, keywords) => method(target, args, keywords));
  return ownAttribute(target, name);
}

function isHashable(key: Value): boolean {
  return !Array.isArray(key) && asDict(key) === undefined;
}

function itemAt(target: Value, index: number): Value {
  if (Array.isArray(target)) return target[index < 0 ? index + target.length : index];
  if (typeof target === 'string') {
    const text = isWide(target) ? characters(target) : target;
    return text[index < 0 ? index + text.length : index];
  }
  if (target instanceof Tuple) return target.items[index < 0 ? index + target.items.length : index];
  if (target instanceof Markup) {
    const found = itemAt(target.text, index);
    return typeof found === 'string' ? new Markup(found) : undefined;
  }
  if (target instanceof Range) {
    const at = index < 0 ? index + target.length : index;
    return at >= 0 && at < target.length ? target.at(at) : undefined;
  }
  return undefined;
}

/** `target[start:stop:step]`. */
export function slice(target: Value, start: Value, stop: Value, step: Value): Value {
  if (target instanceof Undefined) target.fail();
  if (typeof target === 'string') return sliceItems(characters(target), start, stop, step).join('');
  if (target instanceof Markup) return new Markup(String(slice(target.text, start, stop, step)));
  if (Array.isArray(target)) return owned(sliceItems(target, start, stop, step));
  if (target instanceof Tuple) return new Tuple(sliceItems(target.items, start, stop, step));
  if (target instanceof Range) return unsupported('a slice of a range (make a list of it first)');
  return fail(`a ${typeName(target)} can not be sliced`);
}

function sliceItems<T>(items: readonly T[], start: Value, stop: Value, step: Value): T[] {
  const by = step === null || step === undefined ? 1 : smallInteger(step, 'the step of a slice');
  if (by === 0) fail('slice step cannot be zero');
  const { length } = items;
  const bound = (value: Value, otherwise: number): number => {
    if (value === null || value === undefined) return otherwise;
    if (value instanceof Undefined) value.fail();
    const whole = integerIn(value) ?? fail('the bounds of a slice have to be ints');
    const at = Number(whole) < 0 ? Number(whole) + length : Number(whole);
    return by > 0 ? Math.min(Math.max(at, 0), length) : Math.min(Math.max(at, -1), length - 1);
  };
  const from = bound(start, by > 0 ? 0 : length - 1);
  const to = bound(stop, by > 0 ? length : -1);
  const taken: T[] = [];
  for (let at = from; by > 0 ? at < to : at > to; at += by) taken.push(items[at] as T);
  return taken;
}

/** `target.name(...)`, without making the method a value first. */
export function callMethod(target: Value, name: string, args: readonly Value[], keywords?: Keywords): Value {
  const method = methodOf(target, name);
  return method ? method(target, args, keywords) : undefined;
}

/** Python's method of a text, a dict, a list or a tuple. */
export function methodOf(target: Value, name: string): Method | undefined {
  if (isText(target)) return own(stringMethods, name);
  if (Array.isArray(target)) return own(listMethods, name);
  if (typeof target !== 'object' || target === null) return undefined;
  if (target instanceof Tuple) return name === 'count' || name === 'index' ? own(listMethods, name) : undefined;
  if (asDict(target)) return own(dictMethods, name);
  return undefined;
}

function own(table: Readonly<Record<string, Method>>, name: string): Method | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

function ownAttribute(target: Value, name: string): Value {
  if (target instanceof Undefined) target.fail();
  if (name.startsWith('__')) return unsupported(`the attribute ${name}`);
  if (target instanceof Group && (name === 'grouper' || name === 'list')) return target[name];
  if (typeof target === 'object' && target !== null && isAttributed(target)) return target.attribute(name);
  if (hiddenAttributes(target instanceof Dict ? 'dict' : typeName(target)).includes(name)) {
    return unsupported(`${name} of a ${typeName(target)}`);
  }
  return undefined;
}

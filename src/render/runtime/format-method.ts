import { asDict, getKey } from './dicts.js';
import { formatValue } from './format-spec.js';
import { fail, unsupported } from './problem.js';
import { quoted, repr, str } from './text.js';
import { type Keywords, Tuple, type Value } from './values.js';

/** Python's `text.format(...)`. */
export function formatMethod(text: string, args: readonly Value[], keywords: Keywords | undefined): string {
  const counter: Counter = { next: 0, mode: undefined };
  return expand(text, args, keywords ?? new Map(), counter, 2);
}

interface Counter {
  next: number;
  /** Fields are numbered by themselves, or all of them by hand. */
  mode: 'automatic' | 'manual' | undefined;
}

function expand(text: string, args: readonly Value[], keywords: Keywords, counter: Counter, depth: number): string {
  if (depth === 0) fail('Max string recursion exceeded');
  let result = '';
  for (let at = 0; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '{' || character === '}') {
      if (text.charAt(at + 1) === character) {
        result += character;
        at += 1;
        continue;
      }
      if (character === '}') fail("Single '}' encountered in format string");
      const end = closing(text, at);
      result += field(text.slice(at + 1, end), args, keywords, counter, depth);
      at = end;
    } else result += character;
  }
  return result;
}

function closing(text: string, start: number): number {
  let open = 0;
  for (let at = start; at < text.length; at++) {
    if (text.charAt(at) === '{') open += 1;
    else if (text.charAt(at) === '}') {
      open -= 1;
      if (open === 0) return at;
    }
  }
  return fail("expected '}' before end of string");
}

const FIELD = /^([^!:[.{}]*)((?:\.[^!:[.{}]+|\[[^\]]+\])*)(?:!([\s\S]))?(?::([\s\S]*))?$/;

function field(text: string, args: readonly Value[], keywords: Keywords, counter: Counter, depth: number): string {
  const [, name = '', path = '', conversion, spec = ''] =
    FIELD.exec(text) ?? fail(`the field {${text}} can not be read`);
  let value = start(name, args, keywords, counter);
  for (const step of path.match(/\.[^[.]+|\[[^\]]+\]/g) ?? []) value = stepInto(value, step);
  const inner = spec.includes('{') || spec.includes('}') ? expand(spec, args, keywords, counter, depth - 1) : spec;
  if (conversion === 'r') value = repr(value);
  else if (conversion === 's') value = str(value);
  else if (conversion === 'a')
    value = typeof value === 'string' ? quoted(value, true) : unsupported('!a of what is no text');
  else if (conversion !== undefined) fail(`unknown conversion specifier '${conversion}'`);
  return formatValue(value, inner);
}

function start(name: string, args: readonly Value[], keywords: Keywords, counter: Counter): Value {
  if (name !== '' && !/^\d+$/.test(name)) {
    const found = keywords.get(name);
    return found === undefined ? fail(`KeyError: ${quoted(name)}`) : found;
  }
  const mode = name === '' ? 'automatic' : 'manual';
  counter.mode ??= mode;
  if (counter.mode !== mode) fail('fields have either all numbers or none');
  const index = name === '' ? counter.next++ : Number(name);
  const found = args[index];
  return found === undefined ? fail(`there is no argument ${index} for the format`) : found;
}

function stepInto(value: Value, step: string): Value {
  if (step.startsWith('.')) return fail(`a value has no attribute ${step.slice(1)} in a format`);
  const key = step.slice(1, -1);
  const index = /^\d+$/.test(key) ? Number(key) : undefined;
  const items = Array.isArray(value) ? value : value instanceof Tuple ? value.items : undefined;
  const dict = asDict(value);
  const found = dict ? getKey(dict, index ?? key) : index === undefined ? undefined : items?.[index];
  return found === undefined ? fail(`there is no [${key}] for the format`) : found;
}

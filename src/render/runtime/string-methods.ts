import { characters, lengthOf, SPACE, splitLines } from './characters.js';
import { truth } from './compare.js';
import { formatMethod } from './format-method.js';
import { integerIn, smallInteger } from './integers.js';
import { iterate } from './iterate.js';
import { type Method, method } from './methods.js';
import { fail, unsupported } from './problem.js';
import { stringTests } from './string-tests.js';
import { str } from './text.js';
import { isText, Markup, owned, Tuple, typeName, Undefined, type Value } from './values.js';

/** The text in a value; fails for others. */
export function textIn(value: Value, what = 'the argument'): string {
  if (value instanceof Undefined) value.fail();
  return isText(value) ? str(value) : fail(`${what} has to be a text, not ${typeName(value)}`);
}

/** A transformation of a text by its arguments; of text that is marked as safe the result is marked too. */
function changing(
  name: string,
  parameters: readonly string[],
  run: (text: string, ...args: Value[]) => string,
): Method {
  return method(name, parameters, (target, ...args) => {
    const result = run(str(target), ...args);
    return target instanceof Markup ? new Markup(result) : result;
  });
}

/** A transformation that escapes its arguments when the text is marked as safe, which is not supported. */
function plain(name: string, parameters: readonly string[], run: (text: string, ...args: Value[]) => Value): Method {
  return method(name, parameters, (target, ...args) => run(unmarked(target, name), ...args));
}

function unmarked(target: Value, name: string): string {
  return target instanceof Markup ? unsupported(`${name}() of text that is marked as safe`) : str(target);
}

/** A question about a text. */
function asking(name: string, parameters: readonly string[], run: (text: string, ...args: Value[]) => Value): Method {
  return method(name, parameters, (target, ...args) => run(str(target), ...args));
}

const LEADING = new RegExp(`^[${SPACE}]+`);
const TRAILING = new RegExp(`[${SPACE}]+$`);

/** Python's `strip`: white space, or these characters. */
export function strip(text: string, chars: Value, side: 'both' | 'left' | 'right' = 'both'): string {
  if (chars === undefined || chars === null) {
    const left = side === 'right' ? text : text.replace(LEADING, '');
    return side === 'left' ? left : left.replace(TRAILING, '');
  }
  const set = new Set(Array.from(textIn(chars)));
  const all = Array.from(text);
  let [start, end] = [0, all.length];
  if (side !== 'right') while (start < end && set.has(all[start] ?? '')) start += 1;
  if (side !== 'left') while (end > start && set.has(all[end - 1] ?? '')) end -= 1;
  return all.slice(start, end).join('');
}

/** First letter large, all others small. */
export function capitalize(text: string): string {
  const [first = '', ...rest] = Array.from(text);
  if (first !== first.toUpperCase() && first.toUpperCase().length !== first.length)
    unsupported(`the title case of "${first}"`);
  return first.toUpperCase() + rest.join('').toLowerCase();
}

/** Spaces around a text; where they can't be the same on both sides, as CPython has it. */
export function center(text: string, width: number, fill = ' '): string {
  const missing = Math.max(0, width - lengthOf(text));
  const left = Math.floor(missing / 2) + (missing & width & 1);
  return fill.repeat(left) + text + fill.repeat(missing - left);
}

function title(text: string): string {
  return text.replace(/\p{Cased}+/gu, (word) => capitalize(word));
}

/** At most `limit` replacements; all when it is negative. */
export function replaceText(text: string, old: string, by: string, limit: number): string {
  if (limit < 0) return text.replaceAll(old, () => by);
  const parts = old === '' ? characters(text) : text.split(old);
  if (old === '') {
    const count = Math.min(limit, parts.length + 1);
    const filled = parts.map((part, index) => (index < count ? by + part : part)).join('');
    return count > parts.length ? filled + by : filled;
  }
  const taken = Math.min(limit, parts.length - 1);
  return (
    parts.slice(0, taken + 1).join(by) +
    parts
      .slice(taken + 1)
      .map((part) => old + part)
      .join('')
  );
}

function limitOf(value: Value): number {
  return value === undefined ? -1 : smallInteger(value, 'the limit');
}

/** `split` and `rsplit`. */
export function splitText(text: string, separator: Value, limit: number, fromRight = false): string[] {
  if (separator === undefined || separator === null) return splitSpace(text, limit, fromRight);
  const by = textIn(separator);
  if (by === '') fail('empty separator');
  const parts = text.split(by);
  if (limit < 0 || parts.length <= limit + 1) return parts;
  if (fromRight) return [parts.slice(0, parts.length - limit).join(by), ...parts.slice(parts.length - limit)];
  return [...parts.slice(0, limit), parts.slice(limit).join(by)];
}

function splitSpace(text: string, limit: number, fromRight: boolean): string[] {
  const words = [...text.matchAll(new RegExp(`[^${SPACE}]+`, 'g'))];
  if (limit < 0 || words.length <= limit) return words.map(([word]) => word);
  if (fromRight) {
    const kept = words.slice(words.length - limit);
    const end = words[words.length - limit - 1];
    const head = end ? text.slice(0, end.index + end[0].length) : '';
    return [head, ...kept.map(([word]) => word)];
  }
  const rest = words[limit];
  const head = words.slice(0, limit).map(([word]) => word);
  return rest ? [...head, text.slice(rest.index)] : head;
}

function partition(text: string, separator: Value, last: boolean): Tuple {
  const by = textIn(separator);
  if (by === '') fail('empty separator');
  const at = last ? text.lastIndexOf(by) : text.indexOf(by);
  if (at < 0) return new Tuple(last ? ['', '', text] : [text, '', '']);
  return new Tuple([text.slice(0, at), by, text.slice(at + by.length)]);
}

/** A part of a text by Python's bounds, and where it starts; counted in code points. */
function part(
  text: string,
  start: Value,
  stop: Value,
): { readonly all: string[]; readonly from: number; readonly to: number } {
  const all = characters(text);
  const bound = (value: Value, otherwise: number) => {
    if (value === undefined || value === null) return otherwise;
    const at = smallInteger(value, 'a bound');
    return at < 0 ? Math.max(0, at + all.length) : at;
  };
  return { all, from: bound(start, 0), to: Math.min(bound(stop, all.length), all.length) };
}

function find(text: string, wanted: Value, start: Value, stop: Value, last: boolean): number {
  const { all, from, to } = part(text, start, stop);
  const word = textIn(wanted);
  if (from > to) return -1;
  const inner = all.slice(from, to).join('');
  const at = last ? inner.lastIndexOf(word) : inner.indexOf(word);
  return at < 0 ? -1 : from + lengthOf(inner.slice(0, at));
}

function index(text: string, wanted: Value, start: Value, stop: Value, last: boolean): number {
  const at = find(text, wanted, start, stop, last);
  return at < 0 ? fail('substring not found') : at;
}

function count(text: string, wanted: Value, start: Value, stop: Value): number {
  const { all, from, to } = part(text, start, stop);
  if (from > to) return 0;
  const word = textIn(wanted);
  return word === '' ? to - from + 1 : all.slice(from, to).join('').split(word).length - 1;
}

function hasEnd(text: string, wanted: Value, start: Value, stop: Value, atStart: boolean): boolean {
  const { all, from, to } = part(text, start, stop);
  if (from > to) return false;
  const inner = all.slice(from, to).join('');
  const words = wanted instanceof Tuple ? wanted.items : [wanted];
  return words.some((word) => (atStart ? inner.startsWith(textIn(word)) : inner.endsWith(textIn(word))));
}

function fillOf(value: Value): string {
  const fill = value === undefined ? ' ' : textIn(value);
  return lengthOf(fill) === 1 ? fill : fail('the fill character must be exactly one character long');
}

function padding(text: string, width: Value, fill: Value): string {
  return fillOf(fill).repeat(Math.max(0, smallInteger(width, 'the width') - lengthOf(text)));
}

function expandTabs(text: string, size: number): string {
  let column = 0;
  return Array.from(text, (character) => {
    if (character === '\t') {
      const spaces = size > 0 ? size - (column % size) : 0;
      column += spaces;
      return ' '.repeat(spaces);
    }
    column = character === '\n' || character === '\r' ? 0 : column + 1;
    return character;
  }).join('');
}

const BOUNDS = ['/wanted', '/start?', '/stop?'];
const SPLIT = ['sep?', 'maxsplit?'];
const listFrom = (texts: readonly string[]) => owned([...texts]);

/** Methods of texts. */
export const stringMethods: Readonly<Record<string, Method>> = {
  capitalize: changing('capitalize', [], capitalize),
  casefold: changing('casefold', [], (text) =>
    /\P{ASCII}/u.test(text) ? unsupported('casefold() beyond ASCII') : text.toLowerCase(),
  ),
  center: plain('center', ['/width', '/fillchar?'], (text, width, fill) =>
    center(text, smallInteger(width, 'the width'), fillOf(fill)),
  ),
  count: asking('count', BOUNDS, count),
  endswith: asking('endswith', BOUNDS, (text, wanted, start, stop) => hasEnd(text, wanted, start, stop, false)),
  expandtabs: changing('expandtabs', ['tabsize?'], (text, size) =>
    expandTabs(text, size === undefined ? 8 : smallInteger(size, 'the size')),
  ),
  find: asking('find', BOUNDS, (text, wanted, start, stop) => find(text, wanted, start, stop, false)),
  format: (target, args, keywords) => formatMethod(unmarked(target, 'format'), args, keywords),
  index: asking('index', BOUNDS, (text, wanted, start, stop) => index(text, wanted, start, stop, false)),
  join: plain('join', ['/iterable'], (text, items) =>
    Array.from(iterate(items), (item) => textIn(item, 'an item of join()')).join(text),
  ),
  ljust: plain('ljust', ['/width', '/fillchar?'], (text, width, fill) => text + padding(text, width, fill)),
  lower: changing('lower', [], (text) => text.toLowerCase()),
  lstrip: changing('lstrip', ['/chars?'], (text, chars) => strip(text, chars, 'left')),
  partition: plain('partition', ['/sep'], (text, by) => partition(text, by, false)),
  removeprefix: changing('removeprefix', ['/prefix'], (text, prefix) => {
    return text.startsWith(textIn(prefix)) ? text.slice(textIn(prefix).length) : text;
  }),
  removesuffix: changing('removesuffix', ['/suffix'], (text, suffix) => {
    const end = textIn(suffix);
    return end !== '' && text.endsWith(end) ? text.slice(0, -end.length) : text;
  }),
  replace: plain('replace', ['/old', '/new', '/count?'], (text, old, by, limit) =>
    replaceText(text, textIn(old), textIn(by), limitOf(limit)),
  ),
  rfind: asking('rfind', BOUNDS, (text, wanted, start, stop) => find(text, wanted, start, stop, true)),
  rindex: asking('rindex', BOUNDS, (text, wanted, start, stop) => index(text, wanted, start, stop, true)),
  rjust: plain('rjust', ['/width', '/fillchar?'], (text, width, fill) => padding(text, width, fill) + text),
  rpartition: plain('rpartition', ['/sep'], (text, by) => partition(text, by, true)),
  rsplit: plain('rsplit', SPLIT, (text, by, limit) => listFrom(splitText(text, by, limitOf(limit), true))),
  rstrip: changing('rstrip', ['/chars?'], (text, chars) => strip(text, chars, 'right')),
  split: plain('split', SPLIT, (text, by, limit) => listFrom(splitText(text, by, limitOf(limit)))),
  splitlines: plain('splitlines', ['keepends?'], (text, keep) =>
    listFrom(
      splitLines(
        text,
        keep !== undefined && (integerIn(keep) !== undefined ? truth(keep) : fail('keepends has to be true or false')),
      ),
    ),
  ),
  startswith: asking('startswith', BOUNDS, (text, wanted, start, stop) => hasEnd(text, wanted, start, stop, true)),
  strip: changing('strip', ['/chars?'], (text, chars) => strip(text, chars)),
  swapcase: changing('swapcase', [], (text) =>
    Array.from(text, (one) => (one === one.toLowerCase() ? one.toUpperCase() : one.toLowerCase())).join(''),
  ),
  title: changing('title', [], title),
  upper: changing('upper', [], (text) => text.toUpperCase()),
  zfill: changing('zfill', ['/width'], (text, width) => {
    const sign = /^[-+]/.exec(text)?.[0] ?? '';
    return sign + '0'.repeat(Math.max(0, smallInteger(width, 'the width') - lengthOf(text))) + text.slice(sign.length);
  }),
  ...Object.fromEntries(
    Object.entries(stringTests).map(([name, test]) => [name, asking(name, [], (text) => test(text))]),
  ),
};

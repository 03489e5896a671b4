import { characters, lengthOf, SPACE, splitLines } from '../runtime/characters.js';
import { truth } from '../runtime/compare.js';
import { Dict } from '../runtime/dicts.js';
import { smallInteger } from '../runtime/integers.js';
import { size } from '../runtime/iterate.js';
import { escapeMarkup } from '../runtime/markup.js';
import { percentFormat } from '../runtime/percent.js';
import { fail, unsupported } from '../runtime/problem.js';
import type { FilterRow } from '../runtime/rows.js';
import { capitalize, center, replaceText, strip, textIn } from '../runtime/string-methods.js';
import { str } from '../runtime/text.js';
import { isText, type Keywords, Markup, Tuple, typeName, type Value } from '../runtime/values.js';
import { likeInput } from './shared.js';
import { wrapLines } from './wrap.js';

const WORD_START = new RegExp(`([-${SPACE}({[<]+)`);

function title(text: string): string {
  const words = text.split(WORD_START).map((word) => {
    const [first = '', ...rest] = Array.from(word);
    return first.toUpperCase() + rest.join('').toLowerCase();
  });
  return words.join('');
}

function indent(text: string, width: Value, first: Value, blank: Value): string {
  const by = isText(width)
    ? str(width)
    : ' '.repeat(Math.max(0, width === undefined ? 4 : smallInteger(width, 'the width')));
  const lines = splitLines(`${text}\n`);
  const all = blank !== undefined && truth(blank);
  const rest = lines.slice(1).map((line) => (all || line !== '' ? by + line : line));
  const indented = [lines[0] ?? '', ...rest].join('\n');
  return first !== undefined && truth(first) ? by + indented : indented;
}

function truncate(text: string, length: Value, killWords: Value, end: Value, leeway: Value): string {
  const ending = end === undefined ? '...' : textIn(end);
  const limit = length === undefined ? 255 : smallInteger(length, 'the length');
  const slack = leeway === undefined || leeway === null ? 5 : smallInteger(leeway, 'the leeway');
  if (limit < lengthOf(ending)) fail(`expected length >= ${lengthOf(ending)}, got ${limit}`);
  if (slack < 0) fail(`expected leeway >= 0, got ${slack}`);
  const all = characters(text);
  if (all.length <= limit + slack) return text;
  const cut = all.slice(0, limit - lengthOf(ending)).join('');
  if (killWords !== undefined && truth(killWords)) return cut + ending;
  const space = cut.lastIndexOf(' ');
  return (space < 0 ? cut : cut.slice(0, space)) + ending;
}

/** `format`: `%` with all arguments. */
function format(value: Value, args: readonly Value[], keywords: Keywords | undefined): string {
  if (args.length > 0 && keywords && keywords.size > 0) fail('format takes arguments by place or by name, not both');
  if (value instanceof Markup) return unsupported('format of text that is marked as safe');
  return percentFormat(str(value), keywords && keywords.size > 0 ? new Dict(keywords) : new Tuple(args));
}

/** Filters from a text to a text. What is no text is printed first, as in Jinja2. */
export const textFilters: Readonly<Record<string, FilterRow>> = {
  capitalize: { parameters: [], run: (_, value) => likeInput(value, capitalize) },
  center: {
    parameters: ['width?'],
    run: (_, value, width: Value) =>
      likeInput(value, (text) => center(text, width === undefined ? 80 : smallInteger(width, 'the width'))),
  },
  format: {
    text: true,
    run: (_, value, args: readonly Value[], keywords: Keywords | undefined) => format(value, args, keywords),
  },
  indent: {
    parameters: ['width?', 'first?', 'blank?'],
    run: (_, value, width: Value, first: Value, blank: Value) =>
      likeInput(isText(value) ? value : textIn(value, 'the input of indent'), (text) =>
        indent(text, width, first, blank),
      ),
  },
  lower: { parameters: [], run: (_, value) => likeInput(value, (text) => text.toLowerCase()) },
  replace: {
    parameters: ['old', 'new', 'count?'],
    text: true,
    run: (_, value, old: Value, by: Value, count: Value) =>
      replaceText(
        str(value),
        str(old),
        str(by),
        count === undefined || count === null ? -1 : smallInteger(count, 'the count'),
      ),
  },
  string: { parameters: [], run: (_, value) => (value instanceof Markup ? value : str(value)) },
  striptags: { parameters: [], run: (_, value) => stripTags(str(value)) },
  title: { parameters: [], text: true, run: (_, value) => title(str(value)) },
  trim: { parameters: ['chars?'], run: (_, value, chars: Value) => likeInput(value, (text) => strip(text, chars)) },
  truncate: {
    parameters: ['length?', 'killwords?', 'end?', 'leeway?'],
    run: (_, value, length: Value, kill: Value, end: Value, leeway: Value) => {
      if (isText(value)) return likeInput(value, (text) => truncate(text, length, kill, end, leeway));
      // What else has a length stays as it is when it is short.
      const stays = truncate('x'.repeat(size(value)), length, kill, end, leeway).length === size(value);
      return stays ? value : fail(`a ${typeName(value)} can not be truncated`);
    },
  },
  upper: { parameters: [], run: (_, value) => likeInput(value, (text) => text.toUpperCase()) },
  wordcount: { parameters: [], run: (_, value) => str(value).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0 },
  wordwrap: {
    parameters: ['width?', 'break_long_words?', 'wrapstring?', 'break_on_hyphens?'],
    text: true,
    run: (_, value, width: Value, breakWords: Value, by: Value, hyphens: Value) => {
      const limit = width === undefined ? 79 : smallInteger(width, 'the width');
      const options = {
        breakWords: breakWords === undefined || truth(breakWords),
        hyphens: hyphens === undefined || truth(hyphens),
      };
      const joint = by === undefined || by === null ? '\n' : textIn(by);
      const lines = splitLines(textIn(value, 'the input of wordwrap'));
      return lines.map((line) => wrapLines(line, limit, options).join(joint)).join(joint);
    },
  },
  e: { parameters: [], run: (_, value) => new Markup(escapeMarkup(value)) },
  escape: { parameters: [], run: (_, value) => new Markup(escapeMarkup(value)) },
  forceescape: { parameters: [], run: (_, value) => new Markup(escapeMarkup(str(value))) },
  safe: { parameters: [], run: (_, value) => new Markup(str(value)) },
};

function stripTags(text: string): string {
  if (/&/.test(text)) return unsupported('striptags of text with "&", whose entities Python resolves');
  const bare = text.replace(/<!--[\s\S]*?-->/g, '').replace(/<[^>]*>/g, '');
  if (/<!--|<[^>]*$/.test(bare)) return unsupported('striptags of a tag that does not end');
  return strip(bare, undefined).split(SPACES).join(' ');
}

const SPACES = new RegExp(`[${SPACE}]+`);

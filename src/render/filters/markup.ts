import { lengthOf } from '../runtime/characters.js';
import { order, truth } from '../runtime/compare.js';
import { pairsOf } from '../runtime/dict-methods.js';
import { asDict, Dict, entriesOf } from '../runtime/dicts.js';
import { iterableOf } from '../runtime/iterate.js';
import { escapeMarkup } from '../runtime/markup.js';
import { fail, unsupported } from '../runtime/problem.js';
import type { FilterRow } from '../runtime/rows.js';
import { textIn } from '../runtime/string-methods.js';
import { quoted, repr, str } from '../runtime/text.js';
import { isText, owned, Tuple, Undefined, type Value } from '../runtime/values.js';

function xmlAttributes(value: Value, autoSpace: Value): string {
  if (value instanceof Undefined) value.fail();
  const written = entriesOf(asDict(value) ?? fail('xmlattr needs a dict'))
    .filter(([, item]) => item !== null && !(item instanceof Undefined))
    .map(([key, item]) => {
      if (/[\s/>=]/.test(textIn(key, 'a key'))) fail(`Invalid character in attribute name: ${quoted(str(key))}`);
      return `${escapeMarkup(key)}="${escapeMarkup(item)}"`;
    })
    .join(' ');
  return written !== '' && (autoSpace === undefined || truth(autoSpace)) ? ` ${written}` : written;
}

/** Python's `quote()`: letters, digits and `_.-~` stay, and `/` outside of a query. */
function quote(value: Value, inQuery: boolean): string {
  const encoded = Array.from(Buffer.from(str(value), 'utf8'), (byte) => {
    const character = String.fromCharCode(byte);
    if (/[A-Za-z0-9_.~-]/.test(character) || (character === '/' && !inQuery)) return character;
    return inQuery && character === ' ' ? '+' : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
  });
  return encoded.join('');
}

function urlEncode(value: Value): string {
  if (isText(value) || iterableOf(value) === undefined) return quote(value, false);
  return pairsOf(value)
    .map(([key, item]) => `${quote(key, true)}=${quote(item, true)}`)
    .join('&');
}

/** Dicts with their keys in order, at any depth. */
function ordered(value: Value): Value {
  if (Array.isArray(value)) return owned(value.map(ordered));
  if (value instanceof Tuple) return new Tuple(value.items.map(ordered));
  const dict = asDict(value);
  if (!dict) return value;
  return new Dict(
    entriesOf(dict)
      .map(([key, item]): [Value, Value] => [key, ordered(item)])
      .sort(([one], [other]) => order(one, other)),
  );
}

/** As Python's pprint, for what fits on one line of 80 characters. */
function prettyPrint(value: Value): string {
  if (value instanceof Undefined) value.tolerate();
  const text = repr(ordered(value));
  return lengthOf(text) <= 80 ? text : unsupported('pprint of what is longer than one line');
}

/** Filters for markup and addresses, and `pprint`. */
export const markupFilters: Readonly<Record<string, FilterRow>> = {
  pprint: { parameters: [], text: true, run: (_, value) => prettyPrint(value) },
  urlencode: { parameters: [], text: true, run: (_, value) => urlEncode(value) },
  xmlattr: {
    parameters: ['autospace?'],
    text: true,
    run: (_, value, autoSpace: Value) => xmlAttributes(value, autoSpace),
  },
};

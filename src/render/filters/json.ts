import { order } from '../runtime/compare.js';
import { asDict, entriesOf, keysOf } from '../runtime/dicts.js';
import { floatIn, integerIn } from '../runtime/integers.js';
import { fail } from '../runtime/problem.js';
import type { FilterRow } from '../runtime/rows.js';
import { floatText, str } from '../runtime/text.js';
import { isText, Markup, Tuple, typeName, Undefined, type Value } from '../runtime/values.js';

/** A text in JSON, in ASCII. */
function jsonText(text: string): string {
  return JSON.stringify(text).replace(
    /[\x7f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function scalar(value: Value): string | undefined {
  if (value === null) return 'null';
  if (typeof value === 'boolean') return String(value);
  if (isText(value)) return jsonText(str(value));
  const whole = integerIn(value);
  if (whole !== undefined) return String(whole);
  const fraction = floatIn(value);
  if (fraction === undefined) return undefined;
  if (Number.isNaN(fraction)) return 'NaN';
  return Number.isFinite(fraction) ? floatText(fraction) : fraction > 0 ? 'Infinity' : '-Infinity';
}

/** As Python's json.dumps with sorted keys. `step`: what each level is indented by; undefined for one line. */
function json(value: Value, step: string | undefined, depth: number): string {
  if (value instanceof Undefined) value.fail();
  const simple = scalar(value);
  if (simple !== undefined) return simple;
  const lines = (open: string, parts: readonly string[], close: string) => {
    if (parts.length === 0) return open + close;
    if (step === undefined) return `${open}${parts.join(', ')}${close}`;
    const start = `\n${step.repeat(depth + 1)}`;
    return `${open}${start}${parts.join(`,${start}`)}\n${step.repeat(depth)}${close}`;
  };
  const items = Array.isArray(value) ? value : value instanceof Tuple ? value.items : undefined;
  if (items)
    return lines(
      '[',
      items.map((item) => json(item, step, depth + 1)),
      ']',
    );
  const dict = asDict(value) ?? fail(`a ${typeName(value)} has no JSON form`);
  const keys = keysOf(dict);
  const sorted = entriesOf(dict).sort(([one], [other]) => order(one, other));
  if (keys.some((key) => !isText(key) && scalar(key) === undefined))
    fail('the keys of JSON are texts, numbers, true, false or null');
  const pairs = sorted.map(([key, item]) => {
    const name = isText(key) ? jsonText(str(key)) : `"${scalar(key)}"`;
    return `${name}: ${json(item, step, depth + 1)}`;
  });
  return lines('{', pairs, '}');
}

const UNSAFE: Readonly<Record<string, string>> = { '<': '\\u003c', '>': '\\u003e', '&': '\\u0026', "'": '\\u0027' };

function toJson(value: Value, indent: Value): Markup {
  const step =
    indent === undefined || indent === null
      ? undefined
      : isText(indent)
        ? str(indent)
        : ' '.repeat(Number(integerIn(indent) ?? fail('indent has to be an int')));
  return new Markup(json(value, step, 0).replace(/[<>&']/g, (character) => UNSAFE[character] ?? character));
}

/** Filters that encode: `tojson` and `b64encode`, which is not Jinja2's. */
export const jsonFilters: Readonly<Record<string, FilterRow>> = {
  b64encode: { parameters: [], text: true, run: (_, value) => Buffer.from(str(value), 'utf8').toString('base64') },
  tojson: { parameters: ['indent?'], run: (_, value, indent: Value) => toJson(value, indent) },
};

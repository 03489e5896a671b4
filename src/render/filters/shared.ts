import { item } from '../runtime/attributes.js';
import type { Environment } from '../runtime/rows.js';
import { str } from '../runtime/text.js';
import { Markup, Undefined, type Value } from '../runtime/values.js';

/** The text of the input; where it was marked as safe, so is the result. */
export function likeInput(value: Value, change: (text: string) => string): Value {
  const text = change(str(value));
  return value instanceof Markup ? new Markup(text) : text;
}

/** Lower case for texts: how Jinja2 compares unless told to look at it. */
export function ignoreCase(value: Value): Value {
  if (value instanceof Markup) return value.text.toLowerCase();
  return typeof value === 'string' ? value.toLowerCase() : value;
}

/** `a.b.0`, as filters take it: what it leads to, undefined values included. A default takes the place of each part that is not there. */
export function attributeGetter(env: Environment, path: Value, otherwise?: Value): (value: Value) => Value {
  if (path === undefined || path === null) return (value) => value;
  const parts: Value[] =
    typeof path === 'string' ? path.split('.').map((part) => (/^\d+$/.test(part) ? Number(part) : part)) : [path];
  return (value) => {
    let found = value;
    for (const part of parts) {
      const next = item(found, part);
      found = next === undefined ? undefinedPart(env, part) : next;
      if (found instanceof Undefined && otherwise !== undefined && otherwise !== null) found = otherwise;
    }
    return found;
  };
}

function undefinedPart(env: Environment, part: Value): Value {
  return env.missing(`there is no ${typeof part === 'string' ? part : `[${String(part)}]`}`);
}

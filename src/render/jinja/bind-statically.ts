import type { Arguments, Expression } from './nodes.js';

/** What is known of a filter's or a test's arguments. */
export interface ArgumentRow {
  /** Names after the input, in order; `?` at the end: may be left out. Undefined: it takes any. */
  readonly parameters?: readonly string[];
}

/**
 * Arguments in the order of the parameters, undefined where none is given. Undefined when only the render can tell (`*list`, or a filter
 * that takes any arguments); a message when they do not fit.
 */
export function bindStatically(
  name: string,
  { parameters }: ArgumentRow,
  { positional, keywords, rest, restKeywords }: Arguments,
): (Expression | undefined)[] | string | undefined {
  if (parameters === undefined || rest || restKeywords) return undefined;
  if (positional.length > parameters.length) return `${name} takes ${parameters.length} arguments at most`;
  const bound: (Expression | undefined)[] = parameters.map((_, index) => positional[index]);
  const names = parameters.map((parameter) => parameter.replace('?', ''));
  for (const { name: key, value } of keywords) {
    const at = names.indexOf(key);
    if (at < 0) return `${name} has no argument ${key}${names.length > 0 ? `; it has ${names.join(', ')}` : ''}`;
    if (bound[at]) return `${name} is given ${key} twice`;
    bound[at] = value;
  }
  const missing = parameters.findIndex((parameter, index) => !parameter.endsWith('?') && !bound[index]);
  return missing < 0 ? bound : `${name} needs the argument ${names[missing]}`;
}

import { fail } from './problem.js';
import type { Keywords, Value } from './values.js';

/**
 * Names of parameters, in order. `?` at the end: it may be left out. `/` before the name: it is only given by place, `*` before: only by name.
 */
export type Parameters = readonly string[];

/** Arguments in the order of the parameters, undefined where none is given. Fails as Python does. */
export function bind(name: string, parameters: Parameters, args: readonly Value[], keywords?: Keywords): Value[] {
  const byPlace = parameters.filter((parameter) => !parameter.startsWith('*')).length;
  if (args.length > byPlace) fail(`${name}() takes at most ${byPlace} arguments, ${args.length} are given`);
  const bound: Value[] = [...args];
  for (const [key, value] of keywords ?? []) {
    const at = parameters.findIndex((parameter) => parameter.replace(/^\*|\?$/g, '') === key);
    if (at < 0) fail(`${name}() has no argument ${key}${known(parameters)}`);
    if (bound[at] !== undefined) fail(`${name}() is given ${key} twice`);
    bound[at] = value;
  }
  for (const [index, parameter] of parameters.entries()) {
    if (!parameter.endsWith('?') && bound[index] === undefined) fail(`${name}() needs ${clean(parameter)}`);
  }
  return bound;
}

function known(parameters: Parameters): string {
  const names = parameters.filter((parameter) => !parameter.startsWith('/')).map(clean);
  return names.length === 0 ? '' : `; it has ${names.join(', ')}`;
}

function clean(parameter: string): string {
  return parameter.replace(/^[/*]|\?$/g, '').replace(/\?$/, '');
}

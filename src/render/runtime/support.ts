import { PaiError } from '../../model/errors.js';
import { didYouMean } from '../../model/suggest.js';
import { filters } from '../filters/table.js';
import { type Place, placeText } from '../jinja/place.js';
import { withKey } from '../jinja/text-of.js';
import { tests } from '../tests/table.js';
import { applyFilter, applyTest } from './apply.js';
import { attribute, methodOf } from './attributes.js';
import { BlockReference, type Context, type Module, type RenderFunction } from './context.js';
import { asDict, keysOf } from './dicts.js';
import { fail, Problem, TemplateNotFound } from './problem.js';
import type { Environment } from './rows.js';
import { Callable, type Keywords, typeName, Undefined, type Value } from './values.js';

/** What a compiled template calls that knows the template's name and how undefined variables behave. */
export interface TemplateSupport {
  readonly env: Environment;
  /** An error with its place in this template; one that has a place already stays. */
  located(error: unknown, at: Place): Error;
  missing(message: string): Undefined;
  noName(name: string, context: Context, at: Place): Undefined;
  noAttribute(target: Value, key: Value, label: string, at: Place): Undefined;
  noElse(label: string, at: Place): Undefined;
  callValue(target: Value, args: readonly Value[], keywords: Keywords | undefined): Value;
  callMethod(
    target: Value,
    name: string,
    args: readonly Value[],
    keywords: Keywords | undefined,
    label: string,
    at: Place,
  ): Value;
  imported(module: Module, name: string, at: Place): Value;
  superBlock(name: string, context: Context, current: RenderFunction): Value;
}

/** Makes it. `label`: the file as told in errors; `strict`: undefined values may not even be printed. */
export function createSupport(label: string, strict: boolean): TemplateSupport {
  const where = (at: Place) => `${label}:${placeText(at)}`;
  const missing = (message: string) => new Undefined({ message }, strict);

  const noAttribute = (target: Value, key: Value, text: string, at: Place): Undefined => {
    const suggestion = () => {
      const dict = asDict(target);
      return typeof key === 'string' && dict ? didYouMean(key, keysOf(dict).map(String)) : undefined;
    };
    return new Undefined({ message: `${withKey(text, key)} is undefined`, where: where(at), suggestion }, strict);
  };

  const callValue = (target: Value, args: readonly Value[], keywords: Keywords | undefined): Value => {
    if (target instanceof Callable) {
      const result = target.call(args, keywords);
      return result === undefined ? missing('the result of the call is undefined') : result;
    }
    if (target instanceof Undefined) return target.fail();
    return fail(`a ${typeName(target)} can not be called`);
  };

  const env: Environment = {
    missing,
    filter: (...args) => applyFilter(env, ...args),
    test: (...args) => applyTest(env, ...args),
    knows: (kind, name) => Object.hasOwn(kind === 'filter' ? filters : tests, name),
  };
  return {
    env,
    located(error, at) {
      if (error instanceof PaiError) return error;
      if (error instanceof TemplateNotFound) {
        error.where ??= where(at);
        return error;
      }
      if (error instanceof RangeError)
        return located('this goes too deep: something includes or calls itself without end', where(at), error);
      if (error instanceof Problem) return located(error.message, where(at), error);
      // A bug of ours, or a getter of a given value that threw.
      return located(`internal error: ${error instanceof Error ? error.message : String(error)}`, where(at), error);
    },
    missing,
    noName(name, context, at) {
      const suggestion = () => didYouMean(name, context.names());
      return new Undefined({ message: `${name} is undefined`, where: where(at), suggestion }, strict);
    },
    noAttribute,
    noElse: (text, at) =>
      new Undefined({ message: `the condition of ${text} is false and there is no else`, where: where(at) }, false),
    callValue,
    callMethod(target, name, args, keywords, text, at) {
      const method = methodOf(target, name);
      if (method) return method(target, args, keywords);
      const found = attribute(target, name);
      return found === undefined ? noAttribute(target, name, text, at).fail() : callValue(found, args, keywords);
    },
    imported(module, name, at) {
      const suggestion = () => didYouMean(name, module.names());
      const message = `the imported template has no ${name}`;
      const found = module.attribute(name);
      return found === undefined ? new Undefined({ message, where: where(at), suggestion }, strict) : found;
    },
    superBlock(name, context, current) {
      const depth = (context.blocks.get(name) ?? []).indexOf(current) + 1;
      if (context.blocks.get(name)?.[depth]) return new BlockReference(name, context, depth);
      return missing(`there is no parent block called ${name}`);
    },
  };
}

function located(message: string, where: string, cause: unknown): PaiError {
  return new PaiError('TEMPLATE', message, { where, next: 'Correct the template at this place.', cause });
}

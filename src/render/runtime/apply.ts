import { filters } from '../filters/table.js';
import { tests } from '../tests/table.js';
import { bind } from './bind.js';
import { fail } from './problem.js';
import type { Environment } from './rows.js';
import type { Keywords, Value } from './values.js';

/** Arguments that only the render knows. */
function apply<R>(
  env: Environment,
  name: string,
  row: { readonly parameters?: readonly string[]; run(env: Environment, value: Value, ...args: never[]): R },
  value: Value,
  args: readonly Value[],
  keywords: Keywords | undefined,
): R {
  const bound = row.parameters ? bind(name, row.parameters, args, keywords) : [args, keywords];
  return row.run(env, value, ...(bound as never[]));
}

/** Applies a filter by its name. */
export function applyFilter(
  env: Environment,
  name: string,
  value: Value,
  args: readonly Value[],
  keywords: Keywords | undefined,
): Value {
  const row = Object.hasOwn(filters, name) ? filters[name] : undefined;
  return apply(env, name, row ?? fail(`there is no filter "${name}"`), value, args, keywords);
}

/** Applies a test by its name. */
export function applyTest(
  env: Environment,
  name: string,
  value: Value,
  args: readonly Value[],
  keywords: Keywords | undefined,
): boolean {
  const row = Object.hasOwn(tests, name) ? tests[name] : undefined;
  return apply(env, name, row ?? fail(`there is no test "${name}"`), value, args, keywords);
}

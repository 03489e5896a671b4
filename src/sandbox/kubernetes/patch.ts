import type { Json, JsonObject } from '../../model/json.js';
import { isObject, textAt } from '../../model/json-path.js';
import { mergeApplied } from './fields.js';
import { badRequest } from './status.js';

/** JSON merge patch (RFC 7386): null removes. */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isObject(patch)) return patch;
  const merged: Record<string, Json> = isObject(target) ? { ...target } : {};
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete merged[key];
    else merged[key] = mergePatch(merged[key], value);
  }
  return merged;
}

/** Strategic merge patch without its `$` directives: keyed lists are merged, null removes. */
export function strategicPatch(target: JsonObject, patch: JsonObject, custom: boolean): Json {
  return removeNulls(mergeApplied(target, patch, custom), patch);
}

function removeNulls(merged: Json, patch: Json): Json {
  if (!isObject(merged) || !isObject(patch)) return merged;
  const kept = Object.entries(merged).filter(([key]) => patch[key] !== null);
  return Object.fromEntries(kept.map(([key, value]) => [key, removeNulls(value, patch[key] ?? {})]));
}

/** JSON patch (RFC 6902): add, replace, remove and test. */
export function jsonPatch(target: Json, operations: readonly Json[]): Json {
  return operations.reduce((value, operation) => {
    const pointer = textAt(operation, 'path') ?? '';
    const path = pointer
      .split('/')
      .slice(1)
      .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
    const given = isObject(operation) ? (operation.value ?? null) : null;
    return operate(value, path, textAt(operation, 'op') ?? '', given, pointer);
  }, target);
}

function operate(value: Json, path: readonly string[], op: string, given: Json, pointer: string): Json {
  const [key = '', ...rest] = path;
  if (path.length === 0) {
    if (op === 'test' && JSON.stringify(value) !== JSON.stringify(given)) {
      throw badRequest(`testing value ${pointer} failed`);
    }
    return op === 'test' ? value : given;
  }
  const isLast = rest.length === 0;
  if (Array.isArray(value)) {
    const list: Json[] = [...value];
    const index = key === '-' ? list.length : Number(key);
    if (!Number.isInteger(index) || index > list.length) throw badRequest(`no index ${pointer}`);
    if (isLast && op === 'add') list.splice(index, 0, given);
    else if (isLast && op === 'remove') list.splice(index, 1);
    else list[index] = operate(list[index] ?? null, rest, op, given, pointer);
    return list;
  }
  if (!isObject(value) || (value[key] === undefined && (op !== 'add' || !isLast))) {
    throw badRequest(`the server rejected our request due to an error in our request: no value at ${pointer}`);
  }
  if (isLast && op === 'remove') {
    const { [key]: _gone, ...left } = value;
    return left;
  }
  return { ...value, [key]: isLast && op !== 'test' ? given : operate(value[key] ?? null, rest, op, given, pointer) };
}

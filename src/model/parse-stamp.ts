import { isObject, parseJson } from './parse-json.js';
import type { Stamp } from './stamp.js';

/**
 * The stamp that a text (JSON) or an already parsed value is. Undefined for anything else: a stamp that is damaged, or of
 * another format, counts as none.
 */
export function parseStamp(source: unknown): Stamp | undefined {
  const value = typeof source === 'string' ? parseJson(source) : source;
  if (!isObject(value) || value.format !== 1) return undefined;
  const { target, fingerprint, output, parts, run } = value;
  if (!isText(target) || !isText(fingerprint) || !isText(output) || !isText(run) || !isDigests(parts)) return undefined;
  return { format: 1, target, fingerprint, output, parts, run };
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isDigests(value: unknown): value is Readonly<Record<string, string>> {
  return isObject(value) && Object.values(value).every(isText);
}

import { isUtf8 } from 'node:buffer';
import type { Json } from '../model/json.js';
import type { PartChange } from '../model/plan.js';
import type { NoText, PartText } from '../state/part-text.js';
import { diffText, type Hunk } from './line-diff.js';

/** What changed in a part of a fingerprint: its lines and what stands beside them, or why that can't be told. */
export type PartDiff =
  | {
      readonly kind: 'lines';
      /** Changes beside the content: `mode 0644 -> 0755`. */
      readonly beside: readonly string[];
      readonly hunks: readonly Hunk[];
    }
  | { readonly kind: 'none'; readonly why: string };

/**
 * What changed in a part.
 * @param before text of what was applied; undefined when none is kept
 * @param after text of what it should be; undefined when the part is removed
 */
export async function diffPart(
  change: PartChange['change'],
  before: PartText | undefined,
  after: PartText | NoText | undefined,
): Promise<PartDiff> {
  if (after === 'secret') return none(`secret: only that it ${change === 'added' ? 'is new' : 'changed'} is told`);
  if (after === 'checksum') return none('only its checksum is known');
  if (after === 'unreadable') return none('its text is too large to show, or changed once more');
  if (before === undefined && change !== 'added') return none('its text of last time is not kept');
  const [old, wanted] = await Promise.all([readable(before), readable(after)]);
  if (typeof old === 'number' || typeof wanted === 'number') {
    return none(`binary, ${sizeOf(before)} -> ${sizeOf(after)} bytes`);
  }
  const beside = before && after ? changedValues(before.value, after.value) : [];
  // A line end that is missing on both sides is no news.
  const end = [old, wanted].some((text) => text === '' || text.endsWith('\n')) ? '' : '\n';
  return { kind: 'lines', beside, hunks: diffText(old + end, wanted + end) };
}

function none(why: string): PartDiff {
  return { kind: 'none', why };
}

function sizeOf(text: PartText | undefined): number {
  return text?.content.byteLength ?? 0;
}

/** As lines for people, JSON as YAML; the number of bytes of what is no text. */
async function readable(text: PartText | undefined): Promise<string | number> {
  if (text === undefined) return '';
  const { kind, content } = text;
  if (content.includes(0) || !isUtf8(content)) return content.byteLength;
  const decoded = Buffer.from(content).toString();
  if (kind === 'bytes') return decoded;
  const { dump } = await import('js-yaml');
  const value: unknown = JSON.parse(decoded);
  return dump(value, { sortKeys: true, lineWidth: -1, noRefs: true });
}

const CHECKSUM = /^[0-9a-f]{64}$/;

/** The fields in which two values differ, but for checksums: these say no more than that the content differs. */
function changedValues(before: Json | undefined, after: Json | undefined): readonly string[] {
  const old = fieldsOf(before);
  const wanted = fieldsOf(after);
  return [...new Set([...old.keys(), ...wanted.keys()])].flatMap((name) => {
    const [from, to] = [old.get(name), wanted.get(name)];
    if (JSON.stringify(from) === JSON.stringify(to)) return [];
    if ([from, to].every((value) => typeof value === 'string' && CHECKSUM.test(value))) return [];
    return [`${name} ${told(name, from)} -> ${told(name, to)}`];
  });
}

function fieldsOf(value: Json | undefined): ReadonlyMap<string, Json> {
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return new Map(isObject ? Object.entries(value) : []);
}

function told(name: string, value: Json | undefined): string {
  if (value === undefined) return '-';
  if (name === 'mode' && typeof value === 'number') return value.toString(8).padStart(4, '0');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

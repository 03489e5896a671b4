/** Folders that no wildcard reaches into: other tools' own, and ours. A pattern that names one reaches into it. */
const OWN_FOLDERS: readonly string[] = ['node_modules', '.git', '.cache'];

/** Any number of folders, none too. */
export const DEEP = Symbol('**');

/** One name of a pattern: as it is, an expression, or any number of folders. */
export type Segment = string | RegExp | typeof DEEP;

/** A path or glob, taken apart. */
export interface Pattern {
  readonly text: string;
  readonly segments: readonly Segment[];
  /** Whether all segments are names as they are. */
  readonly literal: boolean;
  /** Written as a path, without any glob: it has to exist. */
  readonly required: boolean;
  /** Names that wildcards of it pass over. */
  readonly passedOver: ReadonlySet<string>;
}

/** Whether a path of a task is a glob. */
export function isFileGlob(text: string): boolean {
  return /[*?[{\\]/.test(text);
}

/**
 * Patterns that a glob stands for, its braces expanded. The text must be relative, normal, with forward slashes.
 * Throws an Error that tells what can't be read.
 */
export function parsePattern(text: string): Pattern[] {
  const extended = /[@+!?*]\(/.exec(text);
  if (extended !== null) throw new Error(`'${extended[0]}...)' is not supported; use {a,b}`);
  return expandBraces(text).map((one) => {
    const segments = one.split('/').map(parseSegment);
    const named = new Set(segments.filter((segment) => typeof segment === 'string'));
    return {
      text: one,
      segments,
      required: !isFileGlob(text),
      literal: segments.every((segment) => typeof segment === 'string'),
      passedOver: new Set(OWN_FOLDERS.filter((folder) => !named.has(folder))),
    };
  });
}

/** Whether a pattern matches a path; `folders`: also a path inside of a folder that it matches. */
export function matchesPath(pattern: Pattern, path: string, folders = false): boolean {
  return match(pattern.segments, 0, path.split('/'), 0, folders);
}

/** Whether one segment matches a name. */
export function matchesName(segment: string | RegExp, name: string): boolean {
  return typeof segment === 'string' ? segment === name : segment.test(name);
}

/** The folders in front of a pattern's first wildcard: `src/app` of `src/app/*.ts`; '' for none. */
export function literalBase(pattern: Pattern): string {
  const first = pattern.segments.findIndex((segment) => typeof segment !== 'string');
  const names = pattern.segments.slice(0, first === -1 ? -1 : first);
  return names.map(String).join('/');
}

function match(
  segments: readonly Segment[],
  at: number,
  names: readonly string[],
  from: number,
  folders: boolean,
): boolean {
  const segment = segments[at];
  if (segment === undefined) return folders || from === names.length;
  if (segment === DEEP) {
    // At the end it stands for everything below; a folder is below itself only for those who ask for folders.
    if (at === segments.length - 1) return folders || from < names.length;
    for (let next = from; next < names.length; next++) if (match(segments, at + 1, names, next, folders)) return true;
    return false;
  }
  const name = names[from];
  return name !== undefined && matchesName(segment, name) && match(segments, at + 1, names, from + 1, folders);
}

function parseSegment(text: string): Segment {
  if (text === '**') return DEEP;
  if (!isFileGlob(text)) return text;
  let source = '';
  for (const [token] of text.matchAll(/\\.|\*+|\?|\[[!^]?\]?[^\]]*\]|./gsu)) {
    if (token.startsWith('*')) source += '.*';
    else if (token === '?') source += '.';
    else if (token.startsWith('[') && token.length > 1) source += characterClass(token.slice(1, -1));
    else source += escapeExpression(token.length === 2 && token.startsWith('\\') ? token.slice(1) : token);
  }
  return new RegExp(`^${source}$`, 'su');
}

function characterClass(inside: string): string {
  const negated = /^[!^]/.test(inside);
  const members = inside.slice(negated ? 1 : 0).replaceAll(/[\\\][^]/g, '\\$&');
  return `[${negated ? '^' : ''}${members}]`;
}

function escapeExpression(text: string): string {
  return text.replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}

/** `a{b,c}d` -> `abd`, `acd`; braces in braces too. One that is not closed stands for itself. */
function expandBraces(text: string): string[] {
  const open = text.search(/(?<!\\)\{/);
  if (open === -1) return [text];
  const parts: string[] = [];
  let depth = 0;
  let start = open + 1;
  for (let index = open; index < text.length; index++) {
    const character = text[index];
    if (character === '\\') index++;
    else if (character === '{') depth++;
    else if (character === ',' && depth === 1) {
      parts.push(text.slice(start, index));
      start = index + 1;
    } else if (character === '}' && --depth === 0) {
      parts.push(text.slice(start, index));
      const [head, tail] = [text.slice(0, open), text.slice(index + 1)];
      return parts.flatMap((part) => expandBraces(`${head}${part}${tail}`));
    }
  }
  return [text];
}

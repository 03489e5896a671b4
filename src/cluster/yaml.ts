import {
  constructFromEvents,
  EVENT_ID,
  type Event,
  FAILSAFE_SCHEMA,
  getScalarValue,
  nullCoreTag,
  parseEvents,
  SCALAR_STYLE,
  YAMLException,
} from 'js-yaml';
import type { Secret } from '../model/secret.js';
import type { Problem } from './problems.js';
import { REFERENCE_TAGS, type Reference, unknownTag } from './references.js';

/**
 * Scalars stay as they are written, so that `tag: 3.10` is not 3.1 and `dashboard: true` is the same as "true"; the
 * JSON Schema says which are numbers.
 */
const AS_WRITTEN = FAILSAFE_SCHEMA.withTags([nullCoreTag, ...REFERENCE_TAGS]);

/** Where a node of a document is: offsets into the source. */
interface Place {
  readonly key: number;
  readonly value: number;
}

/** A parsed YAML file that knows where its nodes are. Nodes are named by JSON pointers: `/machine-list/0/hostip`. */
export interface YamlFile {
  /** Path as told in problems. */
  readonly file: string;
  /** The document, every scalar a string or a Reference; undefined when it could not be parsed. */
  readonly data: unknown;
  /** Whether anything in it has a tag. */
  readonly tagged: boolean;
  /** What references stood at which pointers, once they were answered (resolve.ts). */
  readonly references: ReadonlyMap<string, Reference>;
  /** Those of them that are secrets, and not asked for yet. */
  readonly secrets: ReadonlyMap<string, Secret>;
  /** Pointers of keys without a value; told in `problems` already. */
  readonly empty: ReadonlySet<string>;
  /** Syntax errors, duplicate keys, keys without a value. */
  readonly problems: readonly Problem[];
  /** A problem at a node (its key or its value); at the nearest node above it that exists when it does not. */
  problem(pointer: string, part: 'key' | 'value', what: string): Problem;
  /** Line of a node's key, from 1. */
  line(pointer: string): number;
  /** Whether a node is in the file: a default is not. */
  has(pointer: string): boolean;
}

/** The pointer of a child. */
export function child(pointer: string, key: string | number): string {
  return `${pointer}/${String(key).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}

/** Pointers of all that a node is in, the nearest first. */
function above(pointer: string): readonly string[] {
  const found: string[] = [];
  for (let at = pointer; at !== ''; ) {
    at = at.slice(0, at.lastIndexOf('/'));
    found.push(at);
  }
  return found;
}

/** What a pointer points to in a document; undefined when nothing is there. */
export function at(document: unknown, pointer: string): unknown {
  let node = document;
  for (const segment of pointer.split('/').slice(1)) {
    if (typeof node !== 'object' || node === null) return undefined;
    node = new Map<string, unknown>(Object.entries(node)).get(unescapeSegment(segment));
  }
  return node;
}

/** Parses one YAML file. Never throws for what is wrong in it: that is in `problems`. */
export function parseYaml(file: string, text: string): YamlFile {
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const places = new Map<string, Place>();
  const empty = new Set<string>();
  const aliases = new Set<string>();
  const problems: Problem[] = [];
  const position = positions(source);

  const placeOf = (pointer: string): Place => {
    for (let above = pointer; above !== ''; above = above.slice(0, above.lastIndexOf('/'))) {
      const place = places.get(above);
      if (place) return place;
    }
    return places.get('') ?? { key: 0, value: 0 };
  };
  const problemAt = (offset: number, what: string): Problem => ({ file, ...position(offset), what });
  let data: unknown;
  let tagged = false;
  try {
    const events = parseEvents(source, {});
    const walked = walk(events, source, { places, empty, aliases });
    tagged = walked.tagged;
    for (const offset of walked.taggedKeys) problems.push(problemAt(offset, 'a key can have no tag, only a value'));
    const documents =
      walked.taggedKeys.length > 0
        ? [undefined]
        : constructFromEvents(events, { source, schema: AS_WRITTEN, json: true });
    for (const { offset, key, first } of walked.duplicates) {
      problems.push(problemAt(offset, `duplicate key "${key}": it is already on line ${position(first).line}`));
    }
    for (const pointer of empty) {
      const what =
        pointer === '' ? 'the file is empty' : `${nameOf(pointer)} has no value: give it one or remove the line`;
      problems.push(problemAt(placeOf(pointer).key, what));
    }
    if (documents.length > 1)
      problems.push(problemAt(places.get('')?.value ?? 0, 'must be one YAML document, without `---`'));
    else if (documents.length === 0) problems.push(problemAt(0, 'the file is empty'));
    else if (!empty.has('')) data = documents[0];
  } catch (error) {
    if (!(error instanceof YAMLException)) throw error;
    const { line = 0, column = 0 } = error.mark ?? {};
    problems.push({
      file,
      line: line + 1,
      column: column + 1,
      what: unknownTag(error.reason) ?? `not valid YAML: ${error.reason}`,
    });
  }
  return {
    file,
    data,
    tagged,
    references: new Map(),
    secrets: new Map(),
    empty,
    problems,
    problem: (pointer, part, what) => problemAt(placeOf(pointer)[part], what),
    line: (pointer) => position(placeOf(pointer).key).line,
    has: (pointer) => places.has(pointer) || above(pointer).some((one) => aliases.has(one)),
  };
}

/** A node's name for people: `hostip`, `prerequisite[1]`. */
export function nameOf(pointer: string): string {
  const segments = pointer.split('/').slice(1);
  let name = '';
  while (segments.length > 0) {
    const segment = segments.pop() ?? '';
    if (!/^\d+$/.test(segment)) return unescapeSegment(segment) + name;
    name = `[${segment}]${name}`;
  }
  return name === '' ? 'the file' : `entry ${name}`;
}

function unescapeSegment(segment: string): string {
  return segment.replaceAll('~1', '/').replaceAll('~0', '~');
}

/** What is noted of nodes, by their pointers. */
interface Notes {
  readonly places: Map<string, Place>;
  readonly empty: Set<string>;
  readonly aliases: Set<string>;
}

interface Duplicate {
  readonly offset: number;
  readonly key: string;
  readonly first: number;
}

/**
 * Finds where every node of the first document is. An alias is a leaf here: problems below it are told where it stands.
 */
function walk(events: readonly Event[], source: string, { places, empty, aliases }: Notes) {
  const duplicates: Duplicate[] = [];
  const taggedKeys: number[] = [];
  let tagged = false;
  let next = 1; // after the document's own event

  const node = (pointer: string, key: number | undefined): void => {
    const event = events[next++];
    if (!event || event.type === EVENT_ID.POP || event.type === EVENT_ID.DOCUMENT) return;
    const start = startOf(event);
    const place = { key: key ?? start ?? 0, value: start ?? key ?? 0 };
    places.set(pointer, place);
    switch (event.type) {
      case EVENT_ID.ALIAS:
        aliases.add(pointer);
        return;
      case EVENT_ID.SCALAR:
        if (event.tagStart >= 0) tagged = true;
        if (isNull(event, source)) empty.add(pointer);
        return;
      case EVENT_ID.SEQUENCE:
        for (let index = 0; !closes(); index++) node(child(pointer, index), undefined);
        return;
      case EVENT_ID.MAPPING: {
        const seen = new Map<string, number>();
        while (!closes()) pair(pointer, seen);
      }
    }
  };
  const pair = (pointer: string, seen: Map<string, number>): void => {
    const event = events[next];
    const name = event?.type === EVENT_ID.SCALAR ? getScalarValue(source, event) : undefined;
    if (event === undefined || name === undefined) {
      // A key that is an alias: problems with it are told at the mapping.
      const nested = child(pointer, '?');
      node(nested, undefined);
      node(nested, undefined);
      return;
    }
    next++;
    const offset = startOf(event) ?? 0;
    if (event.type === EVENT_ID.SCALAR && event.tagStart >= 0) taggedKeys.push(event.tagStart);
    const first = seen.get(name);
    if (first === undefined) seen.set(name, offset);
    else duplicates.push({ offset, key: name, first });
    node(child(pointer, name), offset);
  };
  const closes = (): boolean => {
    const event = events[next];
    if (event !== undefined && event.type !== EVENT_ID.POP) return false;
    next++;
    return true;
  };

  if (events.length > 0 && events[1]?.type !== EVENT_ID.POP) node('', undefined);
  return { duplicates, taggedKeys, tagged };
}

function startOf(event: Event): number | undefined {
  switch (event.type) {
    case EVENT_ID.SCALAR: {
      const quoted = event.style === SCALAR_STYLE.SINGLE_QUOTED || event.style === SCALAR_STYLE.DOUBLE_QUOTED;
      if (event.valueStart < 0) return event.tagStart < 0 ? undefined : event.tagStart;
      return event.valueStart - (quoted ? 1 : 0);
    }
    case EVENT_ID.SEQUENCE:
    case EVENT_ID.MAPPING:
      return event.start;
    case EVENT_ID.ALIAS:
      return event.anchorStart - 1;
    default:
      return undefined;
  }
}

function isNull(event: Event & { type: typeof EVENT_ID.SCALAR }, source: string): boolean {
  if (event.style !== SCALAR_STYLE.PLAIN || event.tagStart >= 0) return false;
  return ['', '~', 'null', 'Null', 'NULL'].includes(getScalarValue(source, event));
}

function positions(source: string): (offset: number) => { line: number; column: number } {
  return (offset) => {
    const before = source.slice(0, offset).split('\n');
    return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
  };
}

import { constructFromEvents, type Event, FAILSAFE_SCHEMA, nullCoreTag, parseEvents, YAMLException } from 'js-yaml';
import type { Secret } from '../model/secret.js';
import { above, nameOf } from './pointers.js';
import type { Problem } from './problems.js';
import { REFERENCE_TAGS, type Reference, unknownTag } from './references.js';
import { isPlain, type Place, positions, type Walked, walk } from './yaml-places.js';

/**
 * Scalars stay as they are written, so that `tag: 3.10` is not 3.1 and `dashboard: true` is the same as "true"; the
 * JSON Schema says which are numbers.
 */
const AS_WRITTEN = FAILSAFE_SCHEMA.withTags([nullCoreTag, ...REFERENCE_TAGS]);

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

/** Parses one YAML file. Never throws for what is wrong in it: that is in `problems`. */
export function parseYaml(file: string, text: string): YamlFile {
  const source = text.startsWith('\uFEFF') ? text.slice(1) : text;
  const problems: Problem[] = [];
  const position = positions(source);
  let events: Event[] = [];
  let walked: Walked | undefined;
  // Looked for when somebody asks: of a large file that takes as long as reading it.
  const look = (): Walked => {
    walked ??= walk(events, source);
    return walked;
  };
  const placeOf = (pointer: string): Place => {
    const { places } = look();
    for (let above = pointer; above !== ''; above = above.slice(0, above.lastIndexOf('/'))) {
      const place = places.get(above);
      if (place) return place;
    }
    return places.get('') ?? { key: 0, value: 0 };
  };
  const problemAt = (offset: number, what: string): Problem => ({ file, ...position(offset), what });
  let data: unknown;
  let tagged = false;
  let empty: ReadonlySet<string> = new Set();
  try {
    events = parseEvents(source, {});
    let documents = isPlain(events, source) ? constructPlain(events, source) : undefined;
    if (documents === undefined) {
      const { taggedKeys, duplicates } = look();
      ({ tagged, empty } = look());
      for (const offset of taggedKeys) problems.push(problemAt(offset, 'a key can have no tag, only a value'));
      documents =
        taggedKeys.length > 0 ? [undefined] : constructFromEvents(events, { source, schema: AS_WRITTEN, json: true });
      for (const { offset, key, first } of duplicates) {
        problems.push(problemAt(offset, `duplicate key "${key}": it is already on line ${position(first).line}`));
      }
    }
    for (const pointer of empty) {
      const what =
        pointer === '' ? 'the file is empty' : `${nameOf(pointer)} has no value: give it one or remove the line`;
      problems.push(problemAt(placeOf(pointer).key, what));
    }
    if (documents.length > 1) problems.push(problemAt(placeOf('').value, 'must be one YAML document, without `---`'));
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
    has: (pointer) => look().places.has(pointer) || above(pointer).some((one) => look().aliases.has(one)),
  };
}

/** The documents; undefined when something is wrong, such as duplicate keys. */
function constructPlain(events: Event[], source: string): unknown[] | undefined {
  try {
    return constructFromEvents(events, { source, schema: AS_WRITTEN });
  } catch (error) {
    if (error instanceof YAMLException) return undefined;
    throw error;
  }
}

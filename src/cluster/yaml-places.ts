import { EVENT_ID, type Event, getScalarValue, SCALAR_STYLE } from 'js-yaml';
import { child } from './pointers.js';

/** Where a node of a document is: offsets into the source. */
export interface Place {
  readonly key: number;
  readonly value: number;
}

interface Duplicate {
  readonly offset: number;
  readonly key: string;
  readonly first: number;
}

/** What is where in a document. Nodes are named by JSON pointers. */
export interface Walked {
  readonly places: ReadonlyMap<string, Place>;
  /** Keys without a value. */
  readonly empty: ReadonlySet<string>;
  /** Nodes that are aliases: what is in them stands elsewhere. */
  readonly aliases: ReadonlySet<string>;
  readonly duplicates: readonly Duplicate[];
  /** Offsets of the tags of keys. */
  readonly taggedKeys: readonly number[];
  /** Whether any scalar has a tag. */
  readonly tagged: boolean;
}

/**
 * Finds where every node of the first document is. An alias is a leaf here: problems below it are told where it stands.
 */
export function walk(events: readonly Event[], source: string): Walked {
  const places = new Map<string, Place>();
  const empty = new Set<string>();
  const aliases = new Set<string>();
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
  return { places, empty, aliases, duplicates, taggedKeys, tagged };
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
  if (event.style !== SCALAR_STYLE.PLAIN || event.tagStart >= 0 || event.valueEnd - event.valueStart > 4) return false;
  return ['', '~', 'null', 'Null', 'NULL'].includes(getScalarValue(source, event));
}

/** Whether no scalar has a tag or stands for nothing: then a document has nothing that only `walk` sees but duplicate keys. */
export function isPlain(events: readonly Event[], source: string): boolean {
  return events.every((event) => event.type !== EVENT_ID.SCALAR || (event.tagStart < 0 && !isNull(event, source)));
}

/** Line and column, from 1, of offsets into a text. */
export function positions(source: string): (offset: number) => { line: number; column: number } {
  let starts: readonly number[] | undefined;
  return (offset) => {
    // Made at the first question: most files have nothing to tell.
    starts ??= lineStarts(source);
    let low = 0;
    let high = starts.length;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return { line: low + 1, column: offset - (starts[low] ?? 0) + 1 };
  };
}

function lineStarts(source: string): readonly number[] {
  const starts = [0];
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) starts.push(at + 1);
  return starts;
}

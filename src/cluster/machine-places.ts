import { COLLECTION_STYLE, EVENT_ID, type Event, getScalarValue, parseEvents, SCALAR_STYLE } from 'js-yaml';

/** A node of a document: where it begins and ends in the source (offsets, the end excluded), and what is in it. */
interface Node {
  readonly start: number;
  readonly end: number;
  readonly flow: boolean;
  /** Of a mapping: key, value, key, value ... */
  readonly children: readonly Node[];
  /** Of a scalar. */
  readonly text?: string;
  readonly isMapping: boolean;
}

/** An entry of the list of machines. */
export interface MachinePlace {
  readonly start: number;
  readonly end: number;
  /** `{ hostname: ... }`, on one line or several. */
  readonly flow: boolean;
  /** Where its first key is; its own start when it has none. */
  readonly firstKey: number;
  /** Whether that key is quoted, as JSON has it. */
  readonly quoted: boolean;
}

/** Where the machines are in cluster-configuration.yaml. */
export interface MachineListPlace {
  /** `[...]`. */
  readonly flow: boolean;
  readonly start: number;
  readonly machines: readonly MachinePlace[];
}

/**
 * Finds the list of machines in the source of a document that js-yaml accepts. Undefined when it stands there in a way that has no place of its own:
 * as an alias, or as something else than a list.
 */
export function findMachines(source: string): MachineListPlace | undefined {
  const root = new Reader(source).document();
  const keys = root?.isMapping === true ? root.children : [];
  const at = keys.findIndex(({ text }, index) => index % 2 === 0 && lettersOf(text) === 'machinelist');
  const list = at < 0 ? undefined : keys[at + 1];
  if (list === undefined || list.isMapping || list.children.length === 0) return undefined;
  return {
    flow: list.flow,
    start: list.start,
    machines: list.children.map((node) => {
      const firstKey = node.children[0]?.start ?? node.start;
      return { start: node.start, end: node.end, flow: node.flow, firstKey, quoted: source[firstKey] === '"' };
    }),
  };
}

function lettersOf(text: string | undefined): string | undefined {
  return text?.replaceAll(/[-_]/g, '').toLowerCase();
}

/** Builds nodes from events, which say where nodes begin but not where collections end. */
class Reader {
  readonly #source: string;
  readonly #events: readonly Event[];
  #next = 1; // after the document's own event

  constructor(source: string) {
    this.#source = source;
    this.#events = parseEvents(source, {});
  }

  document(): Node | undefined {
    return this.#closes() ? undefined : this.#node();
  }

  #node(): Node {
    const event = this.#events[this.#next++];
    switch (event?.type) {
      case EVENT_ID.SCALAR:
        return this.#scalar(event);
      case EVENT_ID.ALIAS:
        return { ...EMPTY, start: event.anchorStart - 1, end: event.anchorEnd };
      case EVENT_ID.MAPPING:
      case EVENT_ID.SEQUENCE:
        return this.#collection(event);
      default:
        return EMPTY;
    }
  }

  #scalar(event: Extract<Event, { type: typeof EVENT_ID.SCALAR }>): Node {
    const { style, valueStart, valueEnd, tagStart, tagEnd } = event;
    const text = getScalarValue(this.#source, event);
    if (valueStart < 0) return { ...EMPTY, start: Math.max(tagStart, 0), end: Math.max(tagEnd, 0), text };
    const quote = style === SCALAR_STYLE.SINGLE_QUOTED || style === SCALAR_STYLE.DOUBLE_QUOTED ? 1 : 0;
    // That of a block scalar goes on to the next thing.
    const end = valueStart + this.#source.slice(valueStart, valueEnd).trimEnd().length;
    return { ...EMPTY, start: valueStart - quote, end: quote === 1 ? valueEnd + 1 : end, text };
  }

  #collection(event: Extract<Event, { type: typeof EVENT_ID.MAPPING | typeof EVENT_ID.SEQUENCE }>): Node {
    const { start } = event;
    const flow = event.style === COLLECTION_STYLE.FLOW;
    const children: Node[] = [];
    while (!this.#closes()) children.push(this.#node());
    const last = Math.max(start + (flow ? 1 : 0), ...children.map(({ end }) => end));
    const end = flow ? this.#closingBracket(last) : last;
    return { start, end, flow, children, isMapping: event.type === EVENT_ID.MAPPING };
  }

  #closes(): boolean {
    const event = this.#events[this.#next];
    if (event !== undefined && event.type !== EVENT_ID.POP) return false;
    this.#next++;
    return true;
  }

  /** Behind the bracket that closes a flow collection whose last child ends there: only space, commas and comments stand before it. */
  #closingBracket(from: number): number {
    const between = /(?:[\s,:]|#[^\r\n]*)*/y;
    between.lastIndex = from;
    between.exec(this.#source);
    return between.lastIndex + 1;
  }
}

const EMPTY: Node = { start: 0, end: 0, flow: false, children: [], isMapping: false };

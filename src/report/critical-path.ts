import type { RunEvent } from '../model/events.js';

/** When a target worked, in milliseconds since the epoch. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** One target of the critical path. */
export interface Step {
  readonly target: string;
  readonly seconds: number;
  /** Between the end of the step before it (for the first: of planning) and its start: for room in its pools, mostly. */
  readonly waitedSeconds: number;
}

/** Gathers from events when each target worked, and what came before it. */
export class Timeline {
  readonly #starts = new Map<string, number>();
  readonly #spans = new Map<string, Span>();
  #before: ReadonlyMap<string, readonly string[]> = new Map();
  #planned = 0;

  tell(event: RunEvent): void {
    if (event.type === 'plan') {
      this.#planned = event.at;
      this.#before = new Map(Object.entries(event.before ?? {}));
    } else if (event.type === 'target-start') {
      this.#starts.set(event.target, event.at);
    } else if (event.type === 'target-end') {
      const start = this.#starts.get(event.target);
      if (start !== undefined) this.#spans.set(event.target, { start, end: event.at });
    }
  }

  /** How many targets worked. */
  get worked(): number {
    return this.#spans.size;
  }

  /** The chain of targets that decided how long the run took. */
  criticalPath(): Step[] {
    return criticalPath(this.#spans, this.#before, this.#planned);
  }
}

/**
 * The chain of targets that decided when the last one ended, first to last: of all that came before a target the one that ended
 * last is what it waited for. What did not work itself (it was cut off) is looked through. `planned` is when the first could start.
 */
export function criticalPath(
  spans: ReadonlyMap<string, Span>,
  before: ReadonlyMap<string, readonly string[]>,
  planned: number,
): Step[] {
  const path: Step[] = [];
  const seen = new Set<string>();
  let current = latest(spans.keys(), spans);
  // Events that were read from a file may be anything, so that what was seen ends it.
  while (current !== undefined && !seen.has(current)) {
    seen.add(current);
    const span = spans.get(current);
    if (span === undefined) break;
    const earlier = latest(workedBefore(current, spans, before), spans);
    const free = (earlier === undefined ? undefined : spans.get(earlier)?.end) ?? planned;
    path.push({
      target: current,
      seconds: Math.max(0, span.end - span.start) / 1000,
      waitedSeconds: Math.max(0, span.start - free) / 1000,
    });
    current = earlier;
  }
  return path.reverse();
}

function latest(names: Iterable<string>, spans: ReadonlyMap<string, Span>): string | undefined {
  let last: string | undefined;
  let end = Number.NEGATIVE_INFINITY;
  for (const name of names) {
    const span = spans.get(name);
    if (span === undefined || span.end < end) continue;
    last = name;
    end = span.end;
  }
  return last;
}

function workedBefore(
  name: string,
  spans: ReadonlyMap<string, Span>,
  before: ReadonlyMap<string, readonly string[]>,
): Set<string> {
  const found = new Set<string>();
  const looked = new Set(before.get(name));
  // A set hands out what is added while it is walked.
  for (const earlier of looked) {
    if (spans.has(earlier)) found.add(earlier);
    else for (const other of before.get(earlier) ?? []) looked.add(other);
  }
  return found;
}

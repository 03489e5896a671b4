import type { PartChange, PlanEntry, Reason } from '../model/plan.js';
import { diffLines } from './diff-text.js';
import { driftLines } from './drift-text.js';
import { changeLines, MOST_PARTS } from './explain-reasons.js';
import type { PartDiff } from './part-diff.js';
import { describeReason } from './reasons.js';
import { plainStyle, type Style } from './style.js';
import { oneLine } from './text.js';

/** Lines of one part's diff that `why` shows, and their longest length; `pai diff` shows all. */
const DIFF_LINES = 40;
const LINE_LENGTH = 200;
/** How many targets deep a chain of needs is told; further down one has to ask again. */
const DEEPEST = 40;
const STEP = '    ';

/** Diffs of changed parts: target -> name of the part -> diff. */
export type Diffs = ReadonlyMap<string, ReadonlyMap<string, PartDiff>>;

/** What `formatWhy` shows besides the plan. */
export interface WhyOptions {
  readonly diffs?: Diffs;
  readonly style?: Style;
}

/** The entries of `names` and of everything that their reasons lead to, each once, causes after what they cause. */
export function causesOf(names: readonly string[], entries: ReadonlyMap<string, PlanEntry>): PlanEntry[] {
  const found = new Set(names);
  // A set hands out what is added while it is walked.
  for (const name of found)
    for (const reason of entries.get(name)?.reasons ?? []) {
      const cause = causeOf(reason);
      if (cause !== undefined) found.add(cause);
    }
  return [...found].flatMap((name) => entries.get(name) ?? []);
}

/**
 * Why a target is in its state: its reasons, changed parts with digests and diffs, and below a stale need why that is stale.
 */
export function formatWhy(name: string, entries: ReadonlyMap<string, PlanEntry>, options: WhyOptions = {}): string {
  const explanation = new Explanation(entries, options);
  explanation.add(name, '');
  return `${explanation.lines.join('\n')}\n`;
}

class Explanation {
  readonly lines: string[] = [];
  readonly #entries: ReadonlyMap<string, PlanEntry>;
  readonly #diffs: Diffs;
  readonly #style: Style;
  readonly #told = new Set<string>();

  constructor(entries: ReadonlyMap<string, PlanEntry>, { diffs = new Map(), style = plainStyle }: WhyOptions) {
    this.#entries = entries;
    this.#diffs = diffs;
    this.#style = style;
  }

  add(name: string, indent: string): void {
    const entry = this.#entries.get(name);
    if (entry === undefined) return;
    const again = this.#told.has(name) && entry.reasons.length > 0;
    this.lines.push(`${indent}${name} is ${entry.state}${again ? ' (see above)' : ''}`);
    if (again) return;
    if (indent.length > DEEPEST * STEP.length) {
      this.lines.push(`${indent}  and so on: pai why ${name}`);
      return;
    }
    this.#told.add(name);
    if (entry.mayBeCutOff) this.lines.push(`${indent}  runs only if what it needs gives another output`);
    for (const reason of entry.reasons) this.#reason(entry.name, reason, `${indent}  `);
  }

  #reason(name: string, reason: Reason, indent: string): void {
    if (reason.kind === 'changed') {
      this.#changes(name, reason.parts, indent);
      return;
    }
    this.lines.push(`${indent}${describeReason(reason)}`, ...driftLines([reason]).map((line) => `${indent}  ${line}`));
    if (reason.kind === 'unreachable' && reason.next !== undefined) {
      this.lines.push(`${indent}  next: ${oneLine(reason.next)}`);
    }
    const cause = causeOf(reason);
    if (cause !== undefined) this.add(cause, `${indent.slice(2)}${STEP}`);
  }

  #changes(name: string, parts: readonly PartChange[], indent: string): void {
    const shown = parts.slice(0, MOST_PARTS);
    const told = changeLines(shown);
    for (const [index, part] of shown.entries()) {
      this.lines.push(`${indent}${told[index] ?? ''}`);
      const diff = this.#diffs.get(name)?.get(part.name);
      if (diff === undefined) continue;
      const lines = diffLines(diff, this.#style, LINE_LENGTH);
      const more = lines.length - DIFF_LINES;
      for (const line of lines.slice(0, DIFF_LINES)) this.lines.push(`${indent}  ${line}`);
      if (more > 0) this.lines.push(`${indent}  ${this.#style.quiet(`(${more} more lines: pai diff ${name})`)}`);
    }
    const others = parts.length - shown.length;
    if (others > 0) this.lines.push(`${indent}${this.#style.quiet(`and ${others} more: pai diff ${name}`)}`);
  }
}

/** The other target that a reason points at. */
function causeOf(reason: Reason): string | undefined {
  if (reason.kind === 'need-stale') return reason.target;
  return reason.kind === 'not-asked' ? reason.through : undefined;
}

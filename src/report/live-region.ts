import type { Screen } from './screen.js';
import { rowsOf } from './width.js';

/** Escape sequences, all of them understood or ignored by every terminal since the VT100. */
const HIDE_CURSOR = '\x1b[?25l';
const SHOW_CURSOR = '\x1b[?25h';
const WRAP_OFF = '\x1b[?7l';
const WRAP_ON = '\x1b[?7h';
const CLEAR_RIGHT = '\x1b[K';
/** Terminals that know this show all in between at once; the others ignore it. */
const BEGIN_UPDATE = '\x1b[?2026h';
const END_UPDATE = '\x1b[?2026l';

/** A line to draw. */
export interface LiveLine {
  readonly text: string;
  /** Without colours. */
  readonly plain: string;
}

/**
 * The lowest lines of a terminal, redrawn in place, with permanent lines scrolling up above them. Between updates the cursor
 * stands at the start of the row below the last line. Lines must be narrower than the terminal, and fewer than its rows.
 */
export class LiveRegion {
  readonly #screen: Screen;
  #drawn: readonly LiveLine[] = [];
  /** Columns of the terminal when it was drawn. */
  #columns = 0;
  #cursorHidden = false;

  constructor(screen: Screen) {
    this.#screen = screen;
  }

  /**
   * Shows these lines, and above them for good the permanent ones (whole lines). One write, of what changed only. The cursor is
   * hidden while there are lines, unless `mayHide` is false.
   */
  update(lines: readonly LiveLine[], permanent = '', mayHide = true): void {
    const { columns, rows } = this.#screen.size();
    const taken = this.#rowsTaken(columns);
    // Only then each line is still where it was drawn.
    const inPlace = permanent === '' && taken === this.#drawn.length && taken < rows;
    const hide = mayHide && lines.length > 0;
    if (inPlace && hide === this.#cursorHidden && sameLines(lines, this.#drawn)) return;
    const up = Math.min(taken, rows - 1);
    const parts = [BEGIN_UPDATE, '\r', cursorUp(up)];
    // The terminal wraps permanent lines, so they may end anywhere: nothing of what was there may be left.
    if (!inPlace) parts.push(clearRows(up), permanent);
    parts.push(WRAP_OFF);
    for (const [index, { text }] of lines.entries()) {
      const same = inPlace && this.#drawn[index]?.text === text;
      parts.push(same ? '\n' : `${text}${CLEAR_RIGHT}\n`);
    }
    parts.push(WRAP_ON);
    if (inPlace) parts.push(clearRows(this.#drawn.length - lines.length));
    if (hide !== this.#cursorHidden) parts.push(hide ? HIDE_CURSOR : SHOW_CURSOR);
    parts.push(END_UPDATE);
    this.#cursorHidden = hide;
    this.#drawn = [...lines];
    this.#columns = columns;
    this.#screen.write(parts.join(''));
  }

  /** Takes the lines away, after permanent ones, and shows the cursor; what comes next is written where they began. */
  clear(permanent = ''): void {
    this.update([], permanent);
  }

  /** Takes it that others have written since: what was drawn stays where it is, and the next lines come below. */
  forget(): void {
    this.#drawn = [];
    this.#cursorHidden = false;
  }

  /** How many rows what was drawn takes by now: in a window that became narrower, lines may have been broken. */
  #rowsTaken(columns: number): number {
    if (columns >= this.#columns || !this.#screen.reflows) return this.#drawn.length;
    return this.#drawn.reduce((rows, line) => rows + rowsOf(line.plain, columns), 0);
  }
}

function sameLines(some: readonly LiveLine[], others: readonly LiveLine[]): boolean {
  return some.length === others.length && some.every((line, index) => line.text === others[index]?.text);
}

function cursorUp(rows: number): string {
  return rows > 0 ? `\x1b[${rows}A` : '';
}

/** Clears rows from the cursor down, and comes back. Some terminals take it for the end of a screen if it is done in one go. */
function clearRows(rows: number): string {
  return rows > 0 ? `${CLEAR_RIGHT}\n`.repeat(rows) + cursorUp(rows) : '';
}

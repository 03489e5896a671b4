import { eastAsianWidth } from 'get-east-asian-width';
import type { Screen, ScreenEvent } from '../../../src/report/screen.js';

/** How a virtual terminal behaves. */
export interface VirtualTerminalOptions {
  readonly columns: number;
  readonly rows: number;
  /** Breaks lines that become too long when it is made narrower; else cuts them. */
  readonly reflows?: boolean;
  /** Draws emoji that are joined of several as one of two columns; else one beside the other. */
  readonly joins?: boolean;
}

interface Row {
  /** One for each column; the second column of a wide character is ''. */
  cells: string[];
  /** Goes on in the next row. */
  wrapped: boolean;
}

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/**
 * A terminal in memory: obeys the escape sequences that the reporters use, and throws for all others, as for control characters
 * that have no business on it.
 */
export class VirtualTerminal implements Screen {
  readonly reflows: boolean;
  readonly #joins: boolean;
  readonly #captors = new Set<(line: string) => void>();
  readonly #listeners = new Set<(happened: ScreenEvent) => void>();
  #columns: number;
  #rows: number;
  #lines: Row[] = [{ cells: [], wrapped: false }];
  /** The row of `#lines` at the top of the screen, and the cursor; its row counts in `#lines` too. */
  #top = 0;
  #row = 0;
  #column = 0;
  #wraps = true;
  #inUpdate = false;
  cursorVisible = true;
  /** Characters that were written beyond the last column while lines were not to be wrapped. */
  overflow = '';
  /** How often somebody wrote, and what. */
  readonly writes: string[] = [];

  constructor({ columns, rows, reflows = true, joins = false }: VirtualTerminalOptions) {
    this.#columns = columns;
    this.#rows = rows;
    this.reflows = reflows;
    this.#joins = joins;
  }

  write(text: string): void {
    this.writes.push(text);
    for (let rest = text; rest !== ''; ) {
      // biome-ignore lint/suspicious/noControlCharactersInRegex: this is what it is about.
      const [sequence, parameters = '', letter = ''] = /^\x1b\[([?\d;]*)([A-Za-z])/.exec(rest) ?? [];
      if (sequence !== undefined) {
        this.#obey(`${parameters}${letter}`);
        rest = rest.slice(sequence.length);
        continue;
      }
      // biome-ignore lint/suspicious/noControlCharactersInRegex: the same.
      const [plain] = /^[^\x1b\r\n]+/.exec(rest) ?? [];
      if (plain !== undefined) this.#print(plain);
      else if (rest.startsWith('\n')) this.#newLine(false);
      else if (rest.startsWith('\r')) this.#column = 0;
      else throw new Error(`not for a terminal: ${JSON.stringify(rest.slice(0, 20))}`);
      rest = rest.slice(plain?.length ?? 1);
    }
    if (this.#inUpdate) throw new Error('an update was begun and not ended');
    if (!this.#wraps) throw new Error('wrapping was left off');
  }

  size(): { columns: number; rows: number } {
    return { columns: this.#columns, rows: this.#rows };
  }

  on(listener: (happened: ScreenEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  capture(listener: (line: string) => void): () => void {
    this.#captors.add(listener);
    return () => this.#captors.delete(listener);
  }

  /** Somebody else in the process writes a line. */
  disturb(line: string): void {
    if (this.#captors.size === 0) this.write(`${line}\n`);
    for (const captor of this.#captors) captor(line);
  }

  happen(happened: ScreenEvent): void {
    for (const listener of [...this.#listeners]) listener(happened);
  }

  /** How many still listen. */
  get listening(): number {
    return this.#listeners.size + this.#captors.size;
  }

  /** What is in sight, without blank rows at its end. */
  screen(): string[] {
    return trimmed(this.#lines.slice(this.#top).map(textOf));
  }

  /** Everything that was ever written and not overwritten, rows that were wrapped put together again. */
  history(): string[] {
    const lines: string[] = [];
    let text = '';
    for (const row of this.#lines) {
      text += row.wrapped ? row.cells.join('') : textOf(row);
      if (row.wrapped) continue;
      lines.push(text);
      text = '';
    }
    return trimmed(lines);
  }

  /** Gives it another size, as somebody does who drags the corner of its window. */
  resize(columns: number, rows: number): void {
    if (this.reflows) this.#reflow(columns);
    else for (const row of this.#lines) row.cells.length = Math.min(row.cells.length, columns);
    this.#columns = columns;
    this.#rows = rows;
    this.#column = Math.min(this.#column, columns - 1);
    while (this.#lines.length > this.#row + 1 && textOf(this.#lines.at(-1)) === '') this.#lines.pop();
    this.#top = Math.max(0, this.#lines.length - rows);
    this.happen('resize');
  }

  #reflow(columns: number): void {
    const lines: Row[] = [];
    let row = 0;
    let line: string[] = [];
    for (const [index, { cells, wrapped }] of this.#lines.entries()) {
      if (index === this.#row) row = lines.length;
      line.push(...cells);
      if (wrapped) continue;
      while (line.length > columns) {
        const width = line[columns] === '' ? columns - 1 : columns;
        lines.push({ cells: line.splice(0, width), wrapped: true });
      }
      lines.push({ cells: line, wrapped: false });
      line = [];
    }
    this.#lines = lines;
    this.#row = row;
  }

  #obey(sequence: string): void {
    const up = /^(\d+)A$/.exec(sequence);
    if (up !== null) this.#row = Math.max(this.#top, this.#row - Number(up[1]));
    else if (sequence === 'K') this.#current().cells.length = Math.min(this.#column, this.#current().cells.length);
    else if (sequence === '?25l' || sequence === '?25h') this.cursorVisible = sequence.endsWith('h');
    else if (sequence === '?7l' || sequence === '?7h') this.#wraps = sequence.endsWith('h');
    else if (sequence === '?2026l' || sequence === '?2026h') this.#inUpdate = sequence.endsWith('h');
    else if (!/^[\d;]*m$/.test(sequence)) throw new Error(`unknown escape sequence ${sequence}`);
  }

  #print(text: string): void {
    const units = this.#joins ? Array.from(segmenter.segment(text), ({ segment }) => segment) : [...text];
    for (const unit of units) {
      if (/\p{Cc}/u.test(unit)) throw new Error(`control character ${JSON.stringify(unit)}`);
      const width = this.#widthOf(unit);
      if (width === 0) this.#combine(unit);
      else this.#put(unit, width);
    }
  }

  #widthOf(unit: string): number {
    const widths = Array.from(unit, (character) =>
      /^(?!\u00ad)[\p{Mn}\p{Me}\p{Cf}\u1160-\u11ff]$/u.test(character)
        ? 0
        : eastAsianWidth(character.codePointAt(0) ?? 0),
    );
    if (unit.includes('\ufe0f') && unit.length > 1) return 2;
    return Math.min(
      2,
      widths.reduce<number>((sum, width) => sum + width, 0),
    );
  }

  #put(unit: string, width: number): void {
    if (this.#column + width > this.#columns) {
      if (this.#wraps) this.#newLine(true);
      else {
        this.overflow += unit;
        this.#column = Math.max(0, this.#columns - width);
      }
    }
    const { cells } = this.#current();
    while (cells.length < this.#column) cells.push(' ');
    cells[this.#column] = unit;
    if (width === 2) cells[this.#column + 1] = '';
    this.#column += width;
  }

  #combine(unit: string): void {
    const { cells } = this.#current();
    for (let column = this.#column - 1; column >= 0; column--) {
      if (cells[column] === '') continue;
      cells[column] += unit;
      return;
    }
  }

  #newLine(wrapped: boolean): void {
    this.#current().wrapped = wrapped;
    this.#row++;
    this.#column = 0;
    if (this.#row === this.#lines.length) this.#lines.push({ cells: [], wrapped: false });
    if (this.#row - this.#top >= this.#rows) this.#top++;
  }

  #current(): Row {
    const row = this.#lines[this.#row];
    if (row === undefined) throw new Error('the cursor is nowhere');
    return row;
  }
}

function textOf(row: Row | undefined): string {
  return (row?.cells ?? []).join('').trimEnd();
}

function trimmed(lines: readonly string[]): string[] {
  return lines.slice(0, lines.findLastIndex((line) => line !== '') + 1);
}

import { StringDecoder } from 'node:string_decoder';
import type { RunPhase } from './supervisor.js';

/** Lines that an error shows. */
const LAST_LINES = 20;

/** A line without an end is told in pieces of this many characters. */
const LONGEST_LINE = 16_384;

/** How a run on a host ended: exit code of the phase that ended it. */
export interface RunEnd {
  readonly code: number;
  readonly phase: RunPhase;
}

/**
 * Reads a run's log as it grows: tells its lines, keeps the last ones, and notices the line that ends it. Knows how many
 * bytes it has had, so that a broken connection can go on where it was.
 */
export class LogFollower {
  readonly #tell: (line: string) => void;
  #id: string;
  #decoder = new StringDecoder('utf8');
  #partial = '';
  #offset = 0;
  #last: string[] = [];
  #end: RunEnd | undefined;

  constructor(id: string, tell: (line: string) => void) {
    this.#id = id;
    this.#tell = tell;
  }

  /** Bytes of the log that were read. */
  get offset(): number {
    return this.#offset;
  }

  get id(): string {
    return this.#id;
  }

  get end(): RunEnd | undefined {
    return this.#end;
  }

  /** Last lines of the script or, once that has begun, of its probe. */
  get lastLines(): readonly string[] {
    return this.#last;
  }

  /** Goes over to the log of another run, from its start. */
  follow(id: string): void {
    this.#id = id;
    this.#decoder = new StringDecoder('utf8');
    this.#partial = '';
    this.#offset = 0;
  }

  /** Takes more of the log. True once its end was seen. */
  take(chunk: Buffer): boolean {
    if (this.#end !== undefined) return true;
    this.#offset += chunk.length;
    const lines = (this.#partial + this.#decoder.write(chunk)).split('\n');
    this.#partial = lines.pop() ?? '';
    for (const line of lines) {
      this.#takeLine(line);
      if (this.#end !== undefined) return true;
    }
    if (this.#partial.length > LONGEST_LINE) {
      this.#tellLine(this.#partial);
      this.#partial = '';
    }
    return false;
  }

  /** How it ended, as learnt from elsewhere than the log. */
  endWith(end: RunEnd): void {
    if (this.#partial !== '') this.#tellLine(this.#partial);
    this.#partial = '';
    this.#end ??= end;
  }

  #takeLine(line: string): void {
    // The script's last line may lack its end; our marks then follow on the same line.
    const [before, mark, rest] = splitAt(line, [`pai-end ${this.#id} `, `pai-probe ${this.#id}`]);
    if (before !== '' || mark === undefined) this.#tellLine(before);
    if (mark === undefined) return;
    this.#last = mark.startsWith('pai-probe') ? [] : this.#last;
    if (mark.startsWith('pai-probe')) return;
    const [code, phase] = rest.split(' ');
    this.#end = { code: Number(code), phase: toPhase(phase) };
  }

  #tellLine(line: string): void {
    const text = line.endsWith('\r') ? line.slice(0, -1) : line;
    this.#last = [...this.#last.slice(1 - LAST_LINES), text];
    this.#tell(text);
  }
}

/** The phase of that name; what a newer host program may say counts as the script's. */
export function toPhase(word: string | undefined): RunPhase {
  return word === 'done' || word === 'probe' || word === 'stamp' || word === 'stopped' ? word : 'script';
}

function splitAt(line: string, marks: readonly string[]): [before: string, mark: string | undefined, rest: string] {
  for (const mark of marks) {
    const at = line.indexOf(mark);
    if (at >= 0) return [line.slice(0, at), mark, line.slice(at + mark.length)];
  }
  return [line, undefined, ''];
}

import { SPACE } from '../runtime/characters.js';
import { unescapeString } from './escapes.js';
import { type Place, place, syntaxError } from './place.js';

/** Kinds of tokens. An operator's kind is its text. */
export type TokenKind =
  | 'data'
  | 'block-begin'
  | 'block-end'
  | 'variable-begin'
  | 'variable-end'
  | 'name'
  | 'string'
  | 'integer'
  | 'float'
  | 'operator'
  | 'end';

/** One token of a template. */
export interface Token {
  readonly kind: TokenKind;
  /** Text of a name, an operator or data; a string's value; digits of a number without underscores. */
  readonly text: string;
  readonly at: Place;
}

const DATA = new RegExp(
  `(\\{%[-+]?[${SPACE}]*raw[${SPACE}]*(?:-%\\}[${SPACE}]*|%\\}))|(\\{%[-+]?)|(\\{#[-+]?)|(\\{\\{[-+]?)`,
  'g',
);
const RAW_END = new RegExp(`\\{%([-+]?)[${SPACE}]*endraw[${SPACE}]*(?:\\+%\\}|-%\\}[${SPACE}]*|%\\})`, 'g');
const COMMENT_END = new RegExp(`(?:\\+#\\}|-#\\}[${SPACE}]*|#\\})`, 'g');
const BLOCK_END = new RegExp(`\\+%\\}|-%\\}[${SPACE}]*|%\\}`, 'y');
const VARIABLE_END = new RegExp(`-\\}\\}[${SPACE}]*|\\}\\}`, 'y');
const SPACES = new RegExp(`[${SPACE}]+`, 'y');
const FLOAT = /(?<!\.)(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?e[+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/iy;
const INTEGER = /0b(?:_?[01])+|0o(?:_?[0-7])+|0x(?:_?[\da-f])+|[1-9](?:_?\d)*|0(?:_?0)*/iy;
const NAME = /[\p{L}\p{N}\p{M}_]+/uy;
const IDENTIFIER = /^[\p{ID_Start}_][\p{ID_Continue}]*$/u;
const STRING = /'[^'\\]*(?:\\[\s\S][^'\\]*)*'|"[^"\\]*(?:\\[\s\S][^"\\]*)*"/y;
const OPERATOR = /\/\/|\*\*|==|!=|>=|<=|[-+/*%~[\](){}><=.:|,;]/y;
const TRAILING_SPACE = new RegExp(`[${SPACE}]+$`);
const CLOSES: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

/**
 * Splits a template into tokens by Jinja2's rules with its default options: any line end counts as `\n`, one at the end of
 * the file is dropped, blocks are not trimmed unless `-` says so. `label` is the file as told in errors.
 */
export function tokenize(text: string, label: string): Token[] {
  return new Lexer(text, label).run();
}

class Lexer {
  readonly #source: string;
  readonly #label: string;
  readonly #tokens: Token[] = [];
  #position = 0;
  // Line and start of the line of the last place that was asked for; places only move forward.
  #line = 1;
  #lineStart = 0;

  constructor(text: string, label: string) {
    const source = text.replace(/\r\n?/g, '\n');
    this.#source = source.endsWith('\n') ? source.slice(0, -1) : source;
    this.#label = label;
  }

  run(): Token[] {
    while (this.#position < this.#source.length) this.#data();
    this.#push('end', '', this.#source.length);
    return this.#tokens;
  }

  /** Text up to the next tag, and that tag. */
  #data(): void {
    const start = this.#position;
    DATA.lastIndex = start;
    const match = DATA.exec(this.#source);
    if (!match) {
      this.#push('data', this.#source.slice(start), start);
      this.#position = this.#source.length;
      return;
    }
    const [tag, raw, block, comment] = match;
    const text = this.#source.slice(start, match.index);
    const strips = tag.charAt(2) === '-';
    this.#push('data', strips ? text.replace(TRAILING_SPACE, '') : text, start);
    this.#position = match.index + tag.length;
    if (raw !== undefined) this.#raw(match.index);
    else if (comment !== undefined) this.#comment(match.index);
    else if (block !== undefined) this.#tag('block-begin', match.index, BLOCK_END, 'block-end');
    else this.#tag('variable-begin', match.index, VARIABLE_END, 'variable-end');
  }

  #raw(begin: number): void {
    RAW_END.lastIndex = this.#position;
    const match = RAW_END.exec(this.#source);
    if (!match) throw this.#error('missing end of raw block: {% endraw %}', begin);
    const text = this.#source.slice(this.#position, match.index);
    this.#push('data', match[1] === '-' ? text.replace(TRAILING_SPACE, '') : text, this.#position);
    this.#position = match.index + match[0].length;
  }

  #comment(begin: number): void {
    COMMENT_END.lastIndex = this.#position;
    const match = COMMENT_END.exec(this.#source);
    if (!match) throw this.#error('missing end of comment: #}', begin);
    this.#position = match.index + match[0].length;
  }

  /** What stands between the two ends of a tag. Its end is an operator like others while a bracket is open. */
  #tag(begin: TokenKind, at: number, end: RegExp, endKind: TokenKind): void {
    this.#push(begin, '', at);
    const open: string[] = [];
    while (this.#position < this.#source.length) {
      const start = this.#position;
      if (open.length === 0 && this.#match(end) !== undefined) {
        this.#push(endKind, '', start);
        return;
      }
      if (this.#match(SPACES) !== undefined) continue;
      this.#token(start, open);
    }
  }

  #token(start: number, open: string[]): void {
    const { kind, text } = this.#literal(start) ?? { kind: 'operator', text: this.#operator(start, open) };
    this.#push(kind, text, start);
  }

  #literal(start: number): { readonly kind: TokenKind; readonly text: string } | undefined {
    const float = this.#match(FLOAT);
    if (float !== undefined) return { kind: 'float', text: float.replaceAll('_', '') };
    const integer = this.#match(INTEGER);
    if (integer !== undefined) return { kind: 'integer', text: integer.replaceAll('_', '') };
    const name = this.#match(NAME);
    if (name !== undefined) {
      if (!IDENTIFIER.test(name)) throw this.#error(`"${name}" is not a name`, start);
      return { kind: 'name', text: name };
    }
    const string = this.#match(STRING);
    if (string === undefined) return undefined;
    const { value, problem } = unescapeString(string.slice(1, -1));
    if (problem !== undefined) throw this.#error(problem, start);
    return { kind: 'string', text: value };
  }

  #operator(start: number, open: string[]): string {
    const operator = this.#match(OPERATOR);
    if (operator === undefined) throw this.#error(`unexpected character "${this.#source.charAt(start)}"`, start);
    if (operator in CLOSES) open.push(CLOSES[operator] ?? '');
    else if (operator === ')' || operator === ']' || operator === '}') {
      const expected = open.pop();
      if (expected !== operator) {
        const wanted =
          expected === undefined ? `unexpected "${operator}"` : `expected "${expected}", got "${operator}"`;
        throw this.#error(wanted, start);
      }
    }
    return operator;
  }

  /** The text that matches here, which is then behind us. */
  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#position;
    const match = pattern.exec(this.#source);
    if (!match) return undefined;
    this.#position = pattern.lastIndex;
    return match[0];
  }

  #push(kind: TokenKind, text: string, offset: number): void {
    if (kind === 'data' && text === '') return;
    this.#tokens.push({ kind, text, at: this.#place(offset) });
  }

  #place(offset: number): Place {
    for (;;) {
      const end = this.#source.indexOf('\n', this.#lineStart);
      if (end < 0 || end >= offset) return place(this.#line, offset - this.#lineStart + 1);
      this.#line += 1;
      this.#lineStart = end + 1;
    }
  }

  #error(message: string, offset: number): Error {
    return syntaxError(message, this.#label, this.#place(offset));
  }
}

import type { Token, TokenKind } from './lexer.js';
import { type Place, syntaxError } from './place.js';

/** The tokens of a template, one after the other. */
export class TokenStream {
  readonly #tokens: readonly Token[];
  readonly #label: string;
  #index = 0;

  constructor(tokens: readonly Token[], label: string) {
    this.#tokens = tokens;
    this.#label = label;
  }

  get current(): Token {
    return this.#at(this.#index);
  }

  /** The token after the current one. */
  get following(): Token {
    return this.#at(this.#index + 1);
  }

  /** The current token, which is then behind us. */
  next(): Token {
    const token = this.current;
    this.#index += 1;
    return token;
  }

  /** Whether this is an operator, or a name, with this text. */
  is(kind: 'operator' | 'name', text: string): boolean {
    const { current } = this;
    return current.kind === kind && current.text === text;
  }

  /** Takes an operator or a name if it is there. */
  skip(kind: 'operator' | 'name', text: string): boolean {
    const found = this.is(kind, text);
    if (found) this.#index += 1;
    return found;
  }

  /** Takes a token of this kind (and text); an error when it is another. */
  expect(kind: TokenKind, text?: string): Token {
    const { current } = this;
    if (current.kind === kind && (text === undefined || current.text === text)) return this.next();
    throw this.error(`expected ${text === undefined ? KINDS[kind] : `"${text}"`}, got ${describe(current)}`);
  }

  /** A syntax error here, or at another place. */
  error(message: string, at: Place = this.current.at): Error {
    return syntaxError(message, this.#label, at);
  }

  #at(index: number): Token {
    const token = this.#tokens[Math.min(index, this.#tokens.length - 1)];
    if (!token) throw new Error('a template has at least the token that ends it');
    return token;
  }
}

const KINDS: Readonly<Record<TokenKind, string>> = {
  data: 'text',
  'block-begin': '{%',
  'block-end': '%}',
  'variable-begin': '{{',
  'variable-end': '}}',
  name: 'a name',
  string: 'a string',
  integer: 'a number',
  float: 'a number',
  operator: 'an operator',
  end: 'the end of the file',
};

/** A token as told in errors. */
export function describe(token: Token): string {
  switch (token.kind) {
    case 'name':
    case 'operator':
    case 'integer':
    case 'float':
      return `"${token.text}"`;
    default:
      return KINDS[token.kind];
  }
}

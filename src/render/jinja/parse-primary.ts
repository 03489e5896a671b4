import type { Arguments, Call, Expression, Filter } from './nodes.js';
import { describe, type TokenStream } from './stream.js';

const NO_ARGUMENTS: Arguments = { positional: [], keywords: [] };

/** How an expression may end where there are no brackets. */
export interface TupleOptions {
  /** False: `a if b` is not taken. */
  readonly conditional?: boolean;
  /** A name that ends it. */
  readonly end?: string;
  /** Inside of brackets nothing at all is an empty tuple. */
  readonly brackets?: boolean;
}

/** Names, literals and brackets, and what may stand behind them: attributes, items, calls, filters and tests. */
export abstract class PrimaryParser {
  protected readonly stream: TokenStream;

  constructor(stream: TokenStream) {
    this.stream = stream;
  }

  protected abstract expression(conditional?: boolean): Expression;
  protected abstract tuple(options?: TupleOptions): Expression;

  protected primary(): Expression {
    const { stream } = this;
    const token = stream.current;
    const { at, text } = token;
    switch (token.kind) {
      case 'name':
        stream.next();
        return constantName(text, at) ?? { kind: 'name', name: text, at };
      case 'string': {
        let value = '';
        while (stream.current.kind === 'string') value += stream.next().text;
        return { kind: 'constant', type: 'string', value, at };
      }
      case 'integer':
      case 'float':
        stream.next();
        return { kind: 'constant', type: token.kind, value: text, at };
      case 'operator':
        if (text === '(') return this.#brackets();
        if (text === '[') return this.#list();
        if (text === '{') return this.#dict();
    }
    throw stream.error(`expected an expression, got ${describe(token)}`);
  }

  #brackets(): Expression {
    this.stream.next();
    const inner = this.tuple({ brackets: true });
    this.stream.expect('operator', ')');
    return inner;
  }

  #list(): Expression {
    const { at } = this.stream.next();
    const items: Expression[] = [];
    while (!this.stream.is('operator', ']')) {
      if (items.length > 0) this.stream.expect('operator', ',');
      if (this.stream.is('operator', ']')) break;
      items.push(this.expression());
    }
    this.stream.expect('operator', ']');
    return { kind: 'list', items, at };
  }

  #dict(): Expression {
    const { at } = this.stream.next();
    const items: { key: Expression; value: Expression }[] = [];
    while (!this.stream.is('operator', '}')) {
      if (items.length > 0) this.stream.expect('operator', ',');
      if (this.stream.is('operator', '}')) break;
      const key = this.expression();
      this.stream.expect('operator', ':');
      items.push({ key, value: this.expression() });
    }
    this.stream.expect('operator', '}');
    return { kind: 'dict', items, at };
  }

  protected postfix(start: Expression): Expression {
    let node = start;
    for (;;) {
      if (this.stream.is('operator', '.')) node = this.#attribute(node);
      else if (this.stream.is('operator', '[')) node = this.#item(node);
      else if (this.stream.is('operator', '(')) node = this.#call(node);
      else return node;
    }
  }

  protected filters(start: Expression): Expression {
    let node = start;
    for (;;) {
      if (this.stream.is('operator', '|')) node = this.filter(node);
      else if (this.stream.is('name', 'is')) node = this.#test(node);
      else if (this.stream.is('operator', '(')) node = this.#call(node);
      else return node;
    }
  }

  #attribute(target: Expression): Expression {
    const { stream } = this;
    stream.next();
    const token = stream.next();
    if (token.kind === 'name') return { kind: 'attribute', target, name: token.text, at: target.at };
    if (token.kind !== 'integer') throw stream.error(`expected a name or a number, got ${describe(token)}`, token.at);
    const key: Expression = { kind: 'constant', type: 'integer', value: token.text, at: token.at };
    return { kind: 'item', target, key, at: target.at };
  }

  #item(target: Expression): Expression {
    const { stream } = this;
    const { at } = stream.next();
    const keys: Expression[] = [];
    while (!stream.is('operator', ']')) {
      if (keys.length > 0) stream.expect('operator', ',');
      keys.push(this.#subscript());
    }
    stream.expect('operator', ']');
    const [only] = keys;
    const key: Expression = keys.length === 1 && only ? only : { kind: 'tuple', items: keys, at };
    return { kind: 'item', target, key, at: target.at };
  }

  #subscript(): Expression {
    const { stream } = this;
    const { at } = stream.current;
    const start = stream.is('operator', ':') ? undefined : this.expression();
    if (!stream.skip('operator', ':')) {
      if (start) return start;
      throw stream.error(`expected an expression, got ${describe(stream.current)}`);
    }
    const stop = this.#sliceEnds() || stream.is('operator', ':') ? undefined : this.expression();
    const step = stream.skip('operator', ':') && !this.#sliceEnds() ? this.expression() : undefined;
    return { kind: 'slice', start, stop, step, at };
  }

  #sliceEnds(): boolean {
    return this.stream.is('operator', ']') || this.stream.is('operator', ',');
  }

  #call(target: Expression): Call {
    const { at } = this.stream.current;
    return { kind: 'call', target, args: this.#arguments(), at };
  }

  #arguments(): Arguments {
    const { stream } = this;
    const { at } = stream.expect('operator', '(');
    const positional: Expression[] = [];
    const keywords: { name: string; value: Expression }[] = [];
    let rest: Expression | undefined;
    let restKeywords: Expression | undefined;
    const ensure = (valid: boolean) => {
      if (!valid) throw stream.error('positional arguments come before those with names', at);
    };
    for (let first = true; !stream.is('operator', ')'); first = false) {
      if (!first) {
        stream.expect('operator', ',');
        if (stream.is('operator', ')')) break;
      }
      const { current, following } = stream;
      if (stream.skip('operator', '*')) {
        ensure(!rest && !restKeywords);
        rest = this.expression();
      } else if (stream.skip('operator', '**')) {
        ensure(!restKeywords);
        restKeywords = this.expression();
      } else if (current.kind === 'name' && following.kind === 'operator' && following.text === '=') {
        ensure(!restKeywords);
        stream.next();
        stream.next();
        if (keywords.some(({ name }) => name === current.text)) {
          throw stream.error(`the argument ${current.text} is given twice`, current.at);
        }
        keywords.push({ name: current.text, value: this.expression() });
      } else {
        ensure(!rest && !restKeywords && keywords.length === 0);
        positional.push(this.expression());
      }
    }
    stream.expect('operator', ')');
    return { positional, keywords, ...(rest && { rest }), ...(restKeywords && { restKeywords }) };
  }

  /** `| name(...) | name ...`. `inline`: the first has no `|`, as in `{% filter name %}`. */
  protected filter(target: Expression, inline?: boolean): Filter;
  protected filter(target: Expression | undefined, inline?: boolean): Filter | undefined;
  protected filter(target: Expression | undefined, inline = false): Filter | undefined {
    let node: Filter | undefined;
    for (let first = inline; first || this.stream.skip('operator', '|'); first = false) {
      const { name, at } = this.#dottedName();
      node = { kind: 'filter', target: node ?? target, name, args: this.#optionalArguments(), at };
    }
    return node;
  }

  #optionalArguments(): Arguments {
    return this.stream.is('operator', '(') ? this.#arguments() : NO_ARGUMENTS;
  }

  #dottedName() {
    const { text, at } = this.stream.expect('name');
    let name = text;
    while (this.stream.skip('operator', '.')) name += `.${this.stream.expect('name').text}`;
    return { name, at };
  }

  #test(target: Expression): Expression {
    const { stream } = this;
    const { at } = stream.next();
    const negated = stream.skip('name', 'not');
    const { name } = this.#dottedName();
    const node: Expression = { kind: 'test', target, name, args: this.#testArguments(), at };
    return negated ? { kind: 'not', operand: node, at } : node;
  }

  /** In brackets, or one value without them: `is divisibleby 3`. */
  #testArguments(): Arguments {
    const { stream } = this;
    const { kind, text } = stream.current;
    if (kind === 'operator' && text === '(') return this.#arguments();
    const value =
      kind === 'string' ||
      kind === 'integer' ||
      kind === 'float' ||
      (kind === 'operator' && (text === '[' || text === '{')) ||
      (kind === 'name' && !['else', 'or', 'and'].includes(text));
    if (!value) return NO_ARGUMENTS;
    if (stream.is('name', 'is')) throw stream.error('tests can not be chained with "is"');
    return { positional: [this.postfix(this.primary())], keywords: [] };
  }
}

/** Names of constants: they can't be assigned to. */
export const RESERVED: ReadonlySet<string> = new Set(['true', 'True', 'false', 'False', 'none', 'None']);

function constantName(name: string, at: number): Expression | undefined {
  if (!RESERVED.has(name)) return undefined;
  const value = name.toLowerCase();
  return { kind: 'constant', type: value === 'none' ? 'none' : 'boolean', value, at };
}

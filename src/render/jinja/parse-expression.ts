import type { BinaryOperator, Comparison, Expression, Target } from './nodes.js';
import { PrimaryParser, RESERVED, type TupleOptions } from './parse-primary.js';
import { describe } from './stream.js';

const COMPARISONS: ReadonlySet<string> = new Set(['==', '!=', '<', '<=', '>', '>=']);
/** Jinja2's grammar of expressions, from the loosest operators to the tightest. */
export class ExpressionParser extends PrimaryParser {
  protected expression(conditional = true): Expression {
    return conditional ? this.#conditional() : this.#or();
  }

  /** An expression, or several with commas between them: a tuple. */
  protected tuple({ conditional = true, end, brackets = false }: TupleOptions = {}): Expression {
    const { stream } = this;
    const { at } = stream.current;
    const items: Expression[] = [];
    let comma = false;
    for (;;) {
      if (items.length > 0) stream.expect('operator', ',');
      if (this.#tupleEnds(end)) break;
      items.push(this.expression(conditional));
      if (!stream.is('operator', ',')) break;
      comma = true;
    }
    const [first] = items;
    if (!comma && first) return first;
    if (!comma && !brackets) throw stream.error(`expected an expression, got ${describe(stream.current)}`);
    return { kind: 'tuple', items, at };
  }

  /** One or several names to assign to; `a.b` only where `namespaces` allows it. */
  protected target(end?: string, namespaces = false): Target {
    const { stream } = this;
    const { at } = stream.current;
    const items: Target[] = [];
    let comma = false;
    for (;;) {
      if (items.length > 0) stream.expect('operator', ',');
      if (this.#tupleEnds(end)) break;
      items.push(this.#targetItem(namespaces));
      if (!stream.is('operator', ',')) break;
      comma = true;
    }
    const [first] = items;
    if (!first) throw stream.error(`expected a name to assign to, got ${describe(stream.current)}`);
    return comma ? { kind: 'targets', items, at } : first;
  }

  #targetItem(namespaces: boolean): Target {
    const { stream } = this;
    const { at } = stream.current;
    if (stream.skip('operator', '(')) {
      const inner = this.target(undefined, false);
      stream.expect('operator', ')');
      return inner;
    }
    const name = stream.expect('name').text;
    if (RESERVED.has(name)) throw stream.error(`"${name}" can't be assigned to`, at);
    if (namespaces && stream.skip('operator', '.')) {
      return { kind: 'namespace', name, attribute: stream.expect('name').text, at };
    }
    return { kind: 'name', name, at };
  }

  #tupleEnds(end: string | undefined): boolean {
    const { current } = this.stream;
    if (current.kind === 'variable-end' || current.kind === 'block-end') return true;
    return this.stream.is('operator', ')') || (end !== undefined && this.stream.is('name', end));
  }

  #conditional(): Expression {
    const { stream } = this;
    let { at } = stream.current;
    let then = this.#or();
    while (stream.skip('name', 'if')) {
      const test = this.#or();
      const otherwise = stream.skip('name', 'else') ? this.#conditional() : undefined;
      then = { kind: 'conditional', test, then, otherwise, at };
      at = stream.current.at;
    }
    return then;
  }

  #or(): Expression {
    let left = this.#and();
    while (this.stream.skip('name', 'or')) left = { kind: 'or', left, right: this.#and(), at: left.at };
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.stream.skip('name', 'and')) left = { kind: 'and', left, right: this.#not(), at: left.at };
    return left;
  }

  #not(): Expression {
    const { at } = this.stream.current;
    if (this.stream.skip('name', 'not')) return { kind: 'not', operand: this.#not(), at };
    return this.#compare();
  }

  #compare(): Expression {
    const first = this.#sum();
    const others: { operator: Comparison; operand: Expression }[] = [];
    for (let operator = this.#comparison(); operator !== undefined; operator = this.#comparison()) {
      others.push({ operator, operand: this.#sum() });
    }
    return others.length === 0 ? first : { kind: 'compare', first, others, at: first.at };
  }

  #comparison(): Comparison | undefined {
    const { stream } = this;
    if (stream.current.kind === 'operator' && COMPARISONS.has(stream.current.text)) {
      return stream.next().text as Comparison;
    }
    if (stream.skip('name', 'in')) return 'in';
    const { following } = stream;
    if (stream.is('name', 'not') && following.kind === 'name' && following.text === 'in') {
      stream.next();
      stream.next();
      return 'not in';
    }
    return undefined;
  }

  #sum(): Expression {
    return this.#binary(['+', '-'], () => this.#concat());
  }

  #concat(): Expression {
    const first = this.#product();
    const items = [first];
    while (this.stream.skip('operator', '~')) items.push(this.#product());
    return items.length === 1 ? first : { kind: 'concat', items, at: first.at };
  }

  #product(): Expression {
    return this.#binary(['*', '/', '//', '%'], () => this.#power());
  }

  /** Left to right as in Jinja2, unlike Python. */
  #power(): Expression {
    return this.#binary(['**'], () => this.#unary(true));
  }

  #binary(operators: readonly BinaryOperator[], operand: () => Expression): Expression {
    let left = operand();
    for (;;) {
      const operator = operators.find((one) => this.stream.is('operator', one));
      if (operator === undefined) return left;
      const { at } = this.stream.next();
      left = { kind: 'binary', operator, left, right: operand(), at };
    }
  }

  #unary(filters: boolean): Expression {
    const { at } = this.stream.current;
    let node: Expression;
    if (this.stream.skip('operator', '-')) node = { kind: 'negative', operand: this.#unary(false), at };
    else if (this.stream.skip('operator', '+')) node = { kind: 'positive', operand: this.#unary(false), at };
    else node = this.primary();
    node = this.postfix(node);
    return filters ? this.filters(node) : node;
  }
}

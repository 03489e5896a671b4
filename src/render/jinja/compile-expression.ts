import { PaiError } from '../../model/errors.js';
import { didYouMean } from '../../model/suggest.js';
import { filters } from '../filters/table.js';
import { dictMethods } from '../runtime/dict-methods.js';
import { tests } from '../tests/table.js';
import { type ArgumentRow, bindStatically } from './bind-statically.js';
import type { Arguments, Call, Comparison, Constant, Expression, Filter } from './nodes.js';
import { type Place, placeText, syntaxError } from './place.js';
import type { Scope } from './scope.js';
import { textOf } from './text-of.js';

/** JavaScript of an expression, and what is known of its value. */
export interface Compiled {
  readonly code: string;
  /** `text`: a JavaScript string; `boolean`: true or false. */
  readonly type: 'text' | 'boolean' | 'any';
}

const COMPARE: Readonly<Record<Comparison, string>> = {
  '==': 'equal',
  '!=': 'notEqual',
  '<': 'less',
  '<=': 'lessOrEqual',
  '>': 'greater',
  '>=': 'greaterOrEqual',
  in: 'isIn',
  'not in': 'isNotIn',
};
const BINARY = {
  '+': 'add',
  '-': 'subtract',
  '*': 'multiply',
  '/': 'divide',
  '//': 'floorDivide',
  '%': 'modulo',
  '**': 'raise',
};
const LOOP_PROPERTIES: ReadonlySet<string> = new Set(['index', 'index0', 'first', 'last', 'length']);

/**
 * Turns expressions into JavaScript over the functions of runtime/library.ts. Each call of one gets as a last argument, which it
 * does not look at, the assignment `p=<place>`: arguments are evaluated in order, so `p` is where it happens when it fails.
 */
export class ExpressionCompiler {
  readonly label: string;
  #temporaries = 0;
  /** Declarations of what every render shares: constants, filters, tests. */
  readonly shared = new Map<string, string>();

  constructor(label: string) {
    this.label = label;
  }

  /** Parameters of a macro that have no value yet while its defaults are evaluated. */
  protected readonly unset = new Set<string>();

  /** A variable that nothing else uses; declared by whoever asks. */
  protected fresh(prefix = 't'): string {
    this.#temporaries += 1;
    return `${prefix}${this.#temporaries}`;
  }

  /** Variables that the code of expressions needs in the function that is being written. */
  protected readonly temporaries: string[][] = [[]];

  protected temporary(): string {
    const name = this.fresh();
    this.temporaries.at(-1)?.push(name);
    return name;
  }

  /** An expression whose value is printed: JavaScript of a string. */
  protected printed(node: Expression, scope: Scope): string {
    const { code, type } = this.expression(node, scope);
    return type === 'text' ? code : `str(${code},p=${node.at})`;
  }

  /** An expression as a condition: JavaScript of a boolean. */
  protected condition(node: Expression, scope: Scope): string {
    const { code, type } = this.expression(node, scope);
    return type === 'boolean' ? code : `truth(${code},p=${node.at})`;
  }

  protected value(node: Expression, scope: Scope): string {
    return this.expression(node, scope).code;
  }

  protected expression(node: Expression, scope: Scope): Compiled {
    switch (node.kind) {
      case 'constant':
        return this.#constant(node);
      case 'name':
        return any(this.#name(node.name, node.at, scope));
      case 'tuple':
        return any(`new Tuple([${this.#values(node.items, scope)}])`);
      case 'list':
        return any(`owned([${this.#values(node.items, scope)}])`);
      case 'dict':
        return any(this.#dict(node.items, node.at, scope));
      case 'concat':
        return { code: `(${node.items.map((item) => this.printed(item, scope)).join('+')})`, type: 'text' };
      case 'attribute':
        return any(this.#attribute(node.target, node.name, node, scope));
      case 'item':
        return any(this.#item(node, scope));
      case 'slice':
        throw syntaxError('a slice can only stand alone in the brackets', this.label, node.at);
      case 'call':
        return any(this.call(node, scope));
      case 'filter':
        return this.filter(node, node.target ? this.value(node.target, scope) : '""', scope);
      case 'test':
        return this.#test(node, scope);
      case 'binary': {
        const [left, right] = [this.value(node.left, scope), this.value(node.right, scope)];
        return any(`${BINARY[node.operator]}(${left},${right},p=${node.at})`);
      }
      case 'and':
      case 'or':
        return this.#logical(node.kind, node.left, node.right, scope);
      case 'not':
        return { code: `!${this.condition(node.operand, scope)}`, type: 'boolean' };
      case 'negative':
        return any(`negate(${this.value(node.operand, scope)},p=${node.at})`);
      case 'positive':
        return any(`positive(${this.value(node.operand, scope)},p=${node.at})`);
      case 'compare':
        return this.#compare(node, scope);
      case 'conditional':
        return this.#conditional(node, scope);
    }
  }

  #constant({ type, value }: Constant): Compiled {
    switch (type) {
      case 'string':
        return { code: JSON.stringify(value), type: 'text' };
      case 'boolean':
        return { code: value, type: 'boolean' };
      case 'none':
        return any('null');
      case 'integer': {
        const whole = BigInt(value);
        return any(Number.isSafeInteger(Number(whole)) ? String(whole) : `${whole}n`);
      }
      case 'float':
        return any(this.share(`float(${Number(value)})`));
    }
  }

  /** A variable of the module with this value. */
  protected share(code: string): string {
    const known = this.shared.get(code) ?? this.fresh('k');
    this.shared.set(code, known);
    return known;
  }

  #name(name: string, at: Place, scope: Scope): string {
    const variable = scope.variable(name);
    if (scope.isParameter(variable) && !this.unset.has(variable)) return variable;
    return `(${variable}===undefined?noName(${JSON.stringify(name)},c,${at}):${variable})`;
  }

  #values(nodes: readonly Expression[], scope: Scope): string {
    return nodes.map((node) => this.value(node, scope)).join(',');
  }

  #dict(items: readonly { key: Expression; value: Expression }[], at: Place, scope: Scope): string {
    const pairs = items.map(({ key, value }) => `[${this.value(key, scope)},${this.value(value, scope)}]`);
    return `makeDict([${pairs.join(',')}],p=${at})`;
  }

  #attribute(target: Expression, name: string, node: Expression, scope: Scope): string {
    if (name.startsWith('__')) throw syntaxError(`the attribute ${name} is not supported`, this.label, node.at);
    if (target.kind === 'name' && target.name === 'loop' && LOOP_PROPERTIES.has(name)) {
      const variable = scope.variable('loop');
      if (scope.isParameter(variable)) return `${variable}.${name}`;
    }
    const [on, found] = [this.temporary(), this.temporary()];
    const key = JSON.stringify(name);
    const read = `attribute(${on},${key},p=${node.at})`;
    const none = `noAttribute(${on},${key},${JSON.stringify(textOf(target))},${node.at})`;
    const slow = `(${found}=${read})===undefined?${none}:${found}`;
    const start = `${on}=${this.value(target, scope)}`;
    if (!isOnlyKey(name)) return `(${start},${slow})`;
    // Written out, so that V8 knows the shape of the objects at each place: three times as fast as a function for all of them.
    const plain = `typeof ${on}==="object"&&${on}!==null&&${on}.constructor===Object&&(${found}=${on}[${key}])!==undefined`;
    return `(${start},${plain}?${found}:${slow})`;
  }

  #item(node: Extract<Expression, { kind: 'item' }>, scope: Scope): string {
    const { key, at } = node;
    const target = this.value(node.target, scope);
    if (key.kind === 'slice') {
      const bound = (part: Expression | undefined) => (part ? this.value(part, scope) : 'null');
      return `slice(${target},${bound(key.start)},${bound(key.stop)},${bound(key.step)},p=${at})`;
    }
    const [on, by, found] = [this.temporary(), this.temporary(), this.temporary()];
    const read = `${found}=item(${on}=${target},${by}=${this.value(key, scope)},p=${at})`;
    return `((${read})===undefined?noAttribute(${on},${by},${JSON.stringify(textOf(node.target))},${at}):${found})`;
  }

  /** A call; `caller`: the variable with the body of a call block. */
  protected call({ target, args, at }: Call, scope: Scope, caller?: string): string {
    if (target.kind === 'attribute' && !target.name.startsWith('__')) {
      const on = this.value(target.target, scope);
      const label = JSON.stringify(textOf(target.target));
      const given = this.#arguments(args, scope, caller);
      return `callMethod(${on},${JSON.stringify(target.name)},${given},${label},p=${target.at})`;
    }
    return `callValue(${this.value(target, scope)},${this.#arguments(args, scope, caller)},p=${at})`;
  }

  /** Two arguments: the positional ones, and those with names or undefined. */
  #arguments(args: Arguments, scope: Scope, caller?: string): string {
    const positional = args.positional.map((node) => this.value(node, scope));
    if (args.rest) positional.push(`...iterate(${this.value(args.rest, scope)},p=${args.rest.at})`);
    const keywords = args.keywords.map(({ name, value }) => `[${JSON.stringify(name)},${this.value(value, scope)}]`);
    if (args.restKeywords)
      keywords.push(`...keywordsOf(${this.value(args.restKeywords, scope)},p=${args.restKeywords.at})`);
    if (caller !== undefined) keywords.push(`["caller",${caller}]`);
    return `[${positional.join(',')}],${keywords.length === 0 ? 'undefined' : `keywords([${keywords.join(',')}])`}`;
  }

  /** A filter over JavaScript of its input. */
  protected filter({ name, args, at }: Filter, input: string, scope: Scope): Compiled {
    const row = this.#row('filter', filters, name, at);
    const code = this.#applied('filter', name, row, input, args, at, scope);
    return { code, type: row.text === true ? 'text' : 'any' };
  }

  #test({ target, name, args, at }: Extract<Expression, { kind: 'test' }>, scope: Scope): Compiled {
    const row = this.#row('test', tests, name, at);
    const code = this.#applied('test', name, row, this.value(target, scope), args, at, scope);
    return { code, type: 'boolean' };
  }

  #applied(
    kind: 'filter' | 'test',
    name: string,
    row: ArgumentRow,
    input: string,
    args: Arguments,
    at: Place,
    scope: Scope,
  ): string {
    const bound = bindStatically(name, row, args);
    if (typeof bound === 'string') return `failAt(${input},${JSON.stringify(bound)},p=${at})`;
    if (bound) {
      const run = this.share(`${kind}s[${JSON.stringify(name)}].run`);
      const values = bound.map((node) => (node ? this.value(node, scope) : 'undefined'));
      return `${run}(${['env', input, ...values, `p=${at}`].join(',')})`;
    }
    return `apply${kind}(env,${JSON.stringify(name)},${input},${this.#arguments(args, scope)},p=${at})`;
  }

  #row<T>(kind: string, rows: Readonly<Record<string, T>>, name: string, at: Place): T {
    const row = Object.hasOwn(rows, name) ? rows[name] : undefined;
    if (row !== undefined) return row;
    const suggestion = didYouMean(name, Object.keys(rows));
    throw new PaiError('TEMPLATE', `there is no ${kind} "${name}"${suggestion ? `; ${suggestion}` : ''}`, {
      where: `${this.label}:${placeText(at)}`,
      next: `Correct the name of the ${kind}.`,
    });
  }

  #logical(kind: 'and' | 'or', left: Expression, right: Expression, scope: Scope): Compiled {
    const [a, b] = [this.expression(left, scope), this.expression(right, scope)];
    if (a.type === 'boolean' && b.type === 'boolean') {
      return { code: `(${a.code}${kind === 'and' ? '&&' : '||'}${b.code})`, type: 'boolean' };
    }
    const kept = this.temporary();
    const test = `truth(${kept}=${a.code},p=${left.at})`;
    return any(kind === 'and' ? `(${test}?${b.code}:${kept})` : `(${test}?${kept}:${b.code})`);
  }

  #compare({ first, others }: Extract<Expression, { kind: 'compare' }>, scope: Scope): Compiled {
    let left = this.value(first, scope);
    const parts = others.map(({ operator, operand }, index) => {
      const last = index === others.length - 1;
      const kept = last ? '' : this.temporary();
      const right = this.value(operand, scope);
      const code = `${COMPARE[operator]}(${left},${last ? right : `${kept}=${right}`},p=${first.at})`;
      left = kept;
      return code;
    });
    return { code: parts.length === 1 ? (parts[0] ?? '') : `(${parts.join('&&')})`, type: 'boolean' };
  }

  #conditional(node: Extract<Expression, { kind: 'conditional' }>, scope: Scope): Compiled {
    const test = this.condition(node.test, scope);
    const then = this.expression(node.then, scope);
    const otherwise = node.otherwise
      ? this.expression(node.otherwise, scope)
      : any(`noElse(${JSON.stringify(textOf(node.then))},${node.at})`);
    const type = then.type === otherwise.type ? then.type : 'any';
    return { code: `(${test}?${then.code}:${otherwise.code})`, type };
  }
}

/** Whether a name on a dict is a key and never a method, Python's or JavaScript's. */
function isOnlyKey(name: string): boolean {
  return !Object.hasOwn(dictMethods, name) && !(name in Object.prototype);
}

function any(code: string): Compiled {
  return { code, type: 'any' };
}

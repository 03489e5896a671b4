import type { Arguments, Expression, Filter, Statement, Target } from './nodes.js';

/** Where the variable of a scope has its first value from. */
export type Load =
  | { readonly from: 'parameter' | 'nothing' }
  /** The context: what the template was given, or has set at its top. */
  | { readonly from: 'context'; readonly name: string }
  /** A variable of a scope around it. */
  | { readonly from: 'outer'; readonly variable: string };

/**
 * The names of one scope, by Jinja2's rules: what is set in a loop or a block is gone after it, what is set in a branch of `if` is not,
 * and a name means one thing in a whole scope. Variables are those of the compiled JavaScript.
 */
export class Scope {
  readonly #level: number;
  readonly #parent: Scope | undefined;
  readonly #variables: Map<string, string>;
  readonly #loads: Map<string, Load>;
  readonly #stores: Set<string>;

  constructor(parent?: Scope, copied?: Scope) {
    this.#parent = parent;
    this.#level = copied ? copied.#level : parent ? parent.#level + 1 : 0;
    this.#variables = new Map(copied ? copied.#variables : []);
    this.#loads = new Map(copied ? copied.#loads : []);
    this.#stores = new Set(copied ? copied.#stores : []);
  }

  /** Variables to declare at the start of the scope. */
  get loads(): ReadonlyMap<string, Load> {
    return this.#loads;
  }

  /** The variable of a name that is used in this scope. */
  variable(name: string): string {
    const variable = this.#find(name);
    if (variable === undefined) throw new Error(`the scope does not know ${name}`);
    return variable;
  }

  /** Whether a variable always has a value: a loop's. */
  isParameter(variable: string): boolean {
    for (let scope: Scope | undefined = this; scope; scope = scope.#parent) {
      const load = scope.#loads.get(variable);
      if (load) return load.from === 'parameter';
    }
    return false;
  }

  /** Names that were set here or in scopes around, with their variables. */
  stored(): Map<string, string> {
    const found = new Map<string, string>();
    for (let scope: Scope | undefined = this; scope; scope = scope.#parent) {
      for (const name of scope.#stores) {
        if (!found.has(name)) found.set(name, scope.variable(name));
      }
    }
    return found;
  }

  /** A name that has its value from outside. */
  parameter(name: string): string {
    this.#stores.add(name);
    return this.#define(name, { from: 'parameter' });
  }

  /** Statements of this scope. What is inside of loops and blocks belongs to scopes of their own. */
  statements(statements: readonly Statement[]): this {
    for (const statement of statements) this.#statement(statement);
    return this;
  }

  /** An expression that is evaluated in this scope. */
  expression(expression: Expression): this {
    for (const name of namesIn(expression)) this.#load(name);
    return this;
  }

  /** A filter without a target, as of a filter block. */
  filter(filter: Filter): this {
    return this.expression(filter);
  }

  /** Names that are set; as parameters when a loop gives them their values. */
  target(target: Target, parameters = false): this {
    if (target.kind === 'targets') for (const item of target.items) this.target(item, parameters);
    else if (target.kind === 'namespace') this.#load(target.name);
    else if (parameters) this.parameter(target.name);
    else this.#store(target.name);
    return this;
  }

  #statement(statement: Statement): void {
    switch (statement.kind) {
      case 'output':
        for (const part of statement.parts) if (typeof part !== 'string') this.expression(part);
        break;
      case 'for':
        this.expression(statement.iterable);
        break;
      case 'if':
        this.#if(statement);
        break;
      case 'macro':
        this.#store(statement.name);
        break;
      case 'call-block':
        this.expression(statement.call);
        break;
      case 'filter-block':
        this.filter(statement.filter);
        break;
      case 'with':
        for (const value of statement.values) this.expression(value);
        break;
      case 'set':
        this.expression(statement.value).target(statement.target);
        break;
      case 'set-block':
        this.target(statement.target);
        break;
      case 'extends':
      case 'include':
        this.expression(statement.template);
        break;
      case 'import':
        this.expression(statement.template).#store(statement.target);
        break;
      case 'from-import':
        this.expression(statement.template);
        for (const { alias } of statement.names) this.#store(alias);
        break;
      case 'scope':
      case 'block':
        break;
    }
  }

  #if(statement: Extract<Statement, { kind: 'if' }>): void {
    this.expression(statement.test);
    const branch = (statements: readonly Statement[]) => new Scope(this.#parent, this).statements(statements);
    this.#join([branch(statement.body), branch(statement.elifs), branch(statement.otherwise)]);
  }

  /** After branches: what only some of them set has, in the others, the value that it had before. */
  #join(branches: readonly Scope[]): void {
    const stored = new Set(branches.flatMap((branch) => [...branch.#stores]).filter((name) => !this.#stores.has(name)));
    for (const branch of branches) {
      for (const [name, variable] of branch.#variables) this.#variables.set(name, variable);
      for (const [variable, load] of branch.#loads) this.#loads.set(variable, load);
      for (const name of branch.#stores) this.#stores.add(name);
    }
    for (const name of stored) {
      const outer = this.#outer(name);
      const load: Load = outer === undefined ? { from: 'context', name } : { from: 'outer', variable: outer };
      this.#loads.set(this.variable(name), load);
    }
  }

  #find(name: string): string | undefined {
    return this.#variables.get(name) ?? this.#outer(name);
  }

  #outer(name: string): string | undefined {
    return this.#parent ? this.#parent.#find(name) : undefined;
  }

  #load(name: string): void {
    if (this.#find(name) === undefined) this.#define(name, { from: 'context', name });
  }

  #store(name: string): void {
    this.#stores.add(name);
    if (this.#variables.has(name)) return;
    const outer = this.#outer(name);
    this.#define(name, outer === undefined ? { from: 'nothing' } : { from: 'outer', variable: outer });
  }

  #define(name: string, load: Load): string {
    const variable = `l${this.#level}_${name}`;
    this.#variables.set(name, variable);
    this.#loads.set(variable, load);
    return variable;
  }
}

/** Names that an expression reads, in order. */
export function* namesIn(expression: Expression): Generator<string> {
  if (expression.kind === 'name') yield expression.name;
  for (const part of partsOf(expression)) yield* namesIn(part);
}

/** The expressions inside of one, in the order in which they stand. */
function partsOf(node: Expression): readonly Expression[] {
  switch (node.kind) {
    case 'constant':
    case 'name':
      return [];
    case 'call':
    case 'test':
      return [node.target, ...partsOfArguments(node.args)];
    case 'filter':
      return [...(node.target ? [node.target] : []), ...partsOfArguments(node.args)];
    case 'slice':
      return [node.start, node.stop, node.step].filter((part) => part !== undefined);
    case 'tuple':
    case 'list':
    case 'concat':
      return node.items;
    case 'dict':
      return node.items.flatMap(({ key, value }) => [key, value]);
    case 'attribute':
      return [node.target];
    case 'item':
      return [node.target, node.key];
    case 'binary':
    case 'and':
    case 'or':
      return [node.left, node.right];
    case 'not':
    case 'negative':
    case 'positive':
      return [node.operand];
    case 'compare':
      return [node.first, ...node.others.map(({ operand }) => operand)];
    case 'conditional':
      return [node.test, node.then, ...(node.otherwise ? [node.otherwise] : [])];
  }
}

function partsOfArguments({ positional, keywords, rest, restKeywords }: Arguments): Expression[] {
  return [
    ...positional,
    ...keywords.map(({ value }) => value),
    ...(rest ? [rest] : []),
    ...(restKeywords ? [restKeywords] : []),
  ];
}

import { PaiError } from '../model/errors.js';
import { didYouMean } from '../model/suggest.js';
import type {
  AnyNode,
  Compiler,
  FilterEnvironment,
  FilterNode,
  LookupNode,
  Nunjucks,
  Transformer,
} from './nunjucks.js';

/** Name of the global through which compiled templates reach `StrictRuntime`; no template can write it. */
export const RUNTIME = '#runtime';
const RUNTIME_CODE = `env.getGlobal(${JSON.stringify(RUNTIME)})`;
const KEYS_FILTER = '#keys';

/**
 * Makes the compiler of an environment. What it compiles differs from nunjucks in this:
 * - an undefined name or attribute is an error wherever its value is used: printed, joined, looped over, given to a
 *   filter. As in Jinja2 it may be asked for: in `if`, in `is defined`, as the input of `default`.
 * - `for key in dict` goes through the keys, as in Jinja2.
 * - an unknown filter is an error before anything is rendered.
 */
export function createCompiler(nunjucks: Nunjucks, transformer: Transformer, environment: FilterEnvironment) {
  const StrictCompiler = strictCompiler(nunjucks, environment);
  environment.addGlobal(RUNTIME, strictRuntime(nunjucks));
  environment.addFilter(KEYS_FILTER, (value: unknown) => (isDict(value) ? Object.keys(value) : value));

  /** Compiles a template to the source of a JavaScript function. `label` is the file as told in errors. */
  return (source: string, label: string): string => {
    const tree = transformer.transform(nunjucks.parser.parse(source, [], {}), [], label);
    const compiler = new StrictCompiler(label, true);
    compiler.compile(tree);
    return compiler.getCode();
  };
}

function strictCompiler(nunjucks: Nunjucks, environment: FilterEnvironment) {
  const { Filter, NodeList, Symbol: Name } = nunjucks.nodes;

  return class extends nunjucks.compiler.Compiler implements Compiler {
    /** Names and attributes that may be undefined where they stand. */
    readonly #asked = new WeakSet<AnyNode>();

    override compileSymbol(node: AnyNode, frame: unknown): void {
      const asked = this.#asked.has(node);
      if (!asked) this._emit(`${RUNTIME_CODE}.name(`);
      super.compileSymbol(node, frame);
      if (!asked) this._emit(`, ${JSON.stringify(node.value)}, ${this.#where(node)}, context)`);
    }

    override compileLookupVal(node: LookupNode, frame: unknown): void {
      const { target, val } = node;
      this._emit(`${RUNTIME_CODE}.attribute((`);
      this._compileExpression(target, frame);
      this._emit('), (');
      this._compileExpression(val, frame);
      const told = this.#asked.has(node) ? 'undefined' : this.#where(node);
      this._emit(`), ${JSON.stringify(textOf(target))}, ${told})`);
    }

    override compileFilter(node: FilterNode, frame: unknown): void {
      const { name, args } = node;
      const filter = String(name.value);
      if (!Object.hasOwn(environment.filters, filter)) {
        const known = Object.keys(environment.filters).filter((other) => other !== KEYS_FILTER);
        const suggestion = didYouMean(filter, known);
        throw new PaiError('TEMPLATE', `there is no filter "${filter}"${suggestion ? `; ${suggestion}` : ''}`, {
          where: position(this.templateName, name),
          next: 'Correct the name of the filter.',
        });
      }
      if (filter === 'default' || filter === 'd') this.#ask(args.children?.[0]);
      this._emit(`${RUNTIME_CODE}.filter(env.getFilter(${JSON.stringify(filter)}), `);
      this._emit(`${JSON.stringify(filter)}, ${this.#where(name)}, context, `);
      this._compileAggregate(args, frame, '[', '])');
    }

    override compileIs(node: AnyNode, frame: unknown): void {
      this.#ask(node.left);
      super.compileIs(node, frame);
    }

    override compileIf(node: AnyNode, frame: unknown): void {
      this.#ask(node.cond);
      super.compileIf(node, frame);
    }

    override compileInlineIf(node: AnyNode, frame: unknown): void {
      this.#ask(node.cond);
      super.compileInlineIf(node, frame);
    }

    override compileFor(node: AnyNode, frame: unknown): void {
      // `for key, value in dict` is an idiom of nunjucks and stays what it is there.
      if (node.arr && node.name?.typename !== 'Array') {
        const { lineno, colno } = node.arr;
        node.arr = new Filter(
          lineno,
          colno,
          new Name(lineno, colno, KEYS_FILTER),
          new NodeList(lineno, colno, [node.arr]),
        );
      }
      super.compileFor(node, frame);
    }

    /** Lets the outermost names of a condition be undefined; in `a.b` it is only `b` that may be missing. */
    #ask(node: AnyNode | undefined): void {
      if (!node) return;
      if (node.typename === 'Symbol' || node.typename === 'LookupVal') {
        this.#asked.add(node);
      } else if (CONDITIONS.has(node.typename)) {
        for (const part of [node.left, node.right, node.target, node.expr]) this.#ask(part);
        for (const part of [...(node.ops ?? []), ...(node.children ?? [])]) this.#ask(part);
      }
    }

    #where(node: AnyNode): string {
      return JSON.stringify(position(this.templateName, start(node)));
    }
  };
}

/** Nodes whose parts are asked for as the whole is. */
const CONDITIONS: ReadonlySet<string> = new Set(['And', 'Or', 'Not', 'Compare', 'CompareOperand', 'Group']);

/** What compiled templates call. Positions are text: `templates/a.yaml:1:2`. */
function strictRuntime(nunjucks: Nunjucks) {
  return {
    name(value: unknown, name: string, where: string, context: { getVariables(): object }): unknown {
      if (value !== undefined) return value;
      throw undefinedError(name, where, didYouMean(name, Object.keys(context.getVariables())));
    },
    /** Without `where` the attribute may be missing. */
    attribute(target: unknown, key: unknown, label: string, where?: string): unknown {
      const inherited = isDict(target) && !Object.hasOwn(target, String(key)) && String(key) in Object.prototype;
      const value = inherited ? undefined : nunjucks.runtime.memberLookup(target, key);
      if (value !== undefined || where === undefined) return value;
      const known = isDict(target) ? Object.keys(target) : [];
      throw undefinedError(withKey(label, key), where, didYouMean(String(key), known));
    },
    filter(
      filter: (...args: unknown[]) => unknown,
      name: string,
      where: string,
      context: unknown,
      args: unknown[],
    ): unknown {
      try {
        return filter.apply(context, args);
      } catch (error) {
        if (error instanceof PaiError) throw error;
        const reason = error instanceof Error ? error.message : String(error);
        throw new PaiError('TEMPLATE', `filter ${name}: ${reason}`, {
          where,
          next: 'Correct what the filter is given.',
          cause: error,
        });
      }
    },
  };
}

function undefinedError(name: string, where: string, suggestion: string | undefined): PaiError {
  return new PaiError('TEMPLATE', `${name} is undefined${suggestion ? `; ${suggestion}` : ''}`, {
    where,
    next: 'Correct the name, give the variable a value, or print it with the filter `default`.',
  });
}

/** The first node of an expression: where people look for it. */
function start(node: AnyNode): AnyNode {
  return node.target ? start(node.target) : node;
}

function position(label: string, node: AnyNode): string {
  return `${label}:${node.lineno + 1}:${node.colno + 1}`;
}

/** An expression as people write it. */
function textOf(node: AnyNode): string {
  if (node.typename === 'Symbol') return String(node.value);
  if (node.typename !== 'LookupVal' || !node.target || !node.val) return '(...)';
  const key = node.val.typename === 'Literal' ? node.val.value : undefined;
  return key === undefined ? `${textOf(node.target)}[${textOf(node.val)}]` : withKey(textOf(node.target), key);
}

function withKey(target: string, key: unknown): string {
  if (typeof key === 'string' && /^[A-Za-z_]\w*$/.test(key)) return `${target}.${key}`;
  return `${target}[${typeof key === 'string' ? `'${key}'` : String(key)}]`;
}

function isDict(value: unknown): value is Readonly<Record<string, unknown>> {
  return Object.prototype.toString.call(value) === '[object Object]';
}

import { fail } from './problem.js';
import { Callable, type Keywords, type Value } from './values.js';

/** A block, or a whole template: gives its text. */
export type RenderFunction = (context: Context) => string;

/** A template as JavaScript. */
export interface CompiledTemplate {
  readonly name: string;
  readonly root: RenderFunction;
  readonly blocks: Readonly<Record<string, RenderFunction>>;
}

/** What all templates of one render share. */
export interface Render {
  /** A template by its name; fails when there is none. */
  load(name: string): CompiledTemplate;
  /** The same; undefined when there is none. */
  loadIfAny(name: string): CompiledTemplate | undefined;
  /** Names that every template knows. */
  readonly globals: Readonly<Record<string, Value>>;
  /** Templates that were imported without context, by name: each is rendered once. */
  readonly modules: Map<string, Module>;
}

/** The variables of a template while it is rendered. */
export class Context {
  /** What the template set at its top. */
  readonly vars = new Map<string, Value>();
  /** Names of these that an import sees. */
  readonly exported = new Set<string>();
  /** Functions of each block, the most derived first. */
  readonly blocks: Map<string, RenderFunction[]>;
  readonly render: Render;
  readonly name: string;
  readonly #given: ReadonlyMap<string, Value> | Readonly<Record<string, Value>>;
  readonly #outer: Context | undefined;

  constructor(
    template: CompiledTemplate,
    render: Render,
    given: ReadonlyMap<string, Value> | Readonly<Record<string, Value>>,
    outer?: Context,
  ) {
    this.name = template.name;
    this.render = render;
    this.#given = given;
    this.#outer = outer;
    this.blocks = new Map(Object.entries(template.blocks).map(([name, block]) => [name, [block]]));
  }

  /** The value of a name; undefined when there is none. */
  resolve(name: string): Value {
    const set = this.vars.get(name);
    if (set !== undefined) return set;
    const own = this.#own(name);
    if (own !== undefined) return own;
    if (this.#outer) return this.#outer.resolve(name);
    return Object.hasOwn(this.render.globals, name) ? this.render.globals[name] : undefined;
  }

  #own(name: string): Value {
    if (this.#given instanceof Map) return this.#given.get(name);
    const given = this.#given as Readonly<Record<string, Value>>;
    return Object.hasOwn(given, name) ? given[name] : undefined;
  }

  /** Names that have a value, for suggestions. */
  names(): string[] {
    const given = this.#given instanceof Map ? [...this.#given.keys()] : Object.keys(this.#given);
    const outer = this.#outer ? this.#outer.names() : Object.keys(this.render.globals);
    return [...this.vars.keys(), ...given, ...outer];
  }

  /** The same template's variables with others on top of them. */
  derived(locals: ReadonlyMap<string, Value>): Context {
    const derived = new Context({ name: this.name, root: () => '', blocks: {} }, this.render, locals, this);
    for (const [name, functions] of this.blocks) derived.blocks.set(name, [...functions]);
    return derived;
  }

  /** The text of a block. */
  block(name: string, context: Context): string {
    const [block] = this.blocks.get(name) ?? [];
    return block ? block(context) : fail(`there is no block ${name}`);
  }

  /** `extends`: the parent's blocks come after those that are here. */
  extend(parent: CompiledTemplate): void {
    for (const [name, block] of Object.entries(parent.blocks)) {
      const functions = this.blocks.get(name) ?? [];
      functions.push(block);
      this.blocks.set(name, functions);
    }
  }
}

/** `self.name`, `super`: called, it gives a block's text; `super.super` is the block one further up. */
export class BlockReference extends Callable {
  readonly #name: string;
  readonly #context: Context;
  readonly #depth: number;

  constructor(name: string, context: Context, depth: number) {
    super();
    this.#name = name;
    this.#context = context;
    this.#depth = depth;
  }

  call(args: readonly Value[], keywords: Keywords | undefined): Value {
    if (args.length > 0 || keywords) fail('super() and blocks take no arguments');
    const block = this.#context.blocks.get(this.#name)?.[this.#depth];
    return block ? block(this.#context) : fail(`there is no parent block called ${this.#name}`);
  }

  attribute(name: string): Value {
    if (name !== 'super') return undefined;
    return new BlockReference(this.#name, this.#context, this.#depth + 1);
  }
}

/** `self`: the blocks of a template, by name. */
export class TemplateReference {
  readonly #context: Context;

  constructor(context: Context) {
    this.#context = context;
  }

  attribute(name: string): Value {
    return this.#context.blocks.has(name) ? new BlockReference(name, this.#context, 0) : undefined;
  }
}

/** What `import` gives: names that a template set at its top. Printed, it is the template's text. */
export class Module {
  readonly text: string;
  readonly #context: Context;

  constructor(template: CompiledTemplate, context: Context) {
    this.#context = context;
    this.text = template.root(context);
  }

  attribute(name: string): Value {
    return this.#context.exported.has(name) ? this.#context.vars.get(name) : undefined;
  }

  /** Names that it exports, for suggestions. */
  names(): string[] {
    return [...this.#context.exported];
  }

  print(): string {
    return this.text;
  }
}

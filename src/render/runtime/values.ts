import { PaiError } from '../../model/errors.js';
import { fail } from './problem.js';

/**
 * Values of templates. As given by JavaScript, and Python's in brackets: null (None), boolean, string, integral number or bigint (int), other
 * number (float), array (list), plain object (dict with strings as keys). The others are the classes below. `undefined` is no value: a name or
 * attribute that is not there.
 */
export type Value = unknown;

/**
 * A float with an integral value, which JavaScript's numbers can't tell from an int: prints `20.0`. Others are plain numbers. To be given to
 * templates for values like `20.0` of a YAML file.
 */
export class PyFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** A float as a value. */
export function float(value: number): Value {
  return Number.isInteger(value) ? new PyFloat(value) : value;
}

/** Python's tuple. */
export class Tuple {
  readonly items: readonly Value[];

  constructor(items: readonly Value[]) {
    this.items = items;
  }
}

/** What `groupby` gives: a tuple with names for its two items. */
export class Group extends Tuple {
  readonly grouper: Value;
  readonly list: Value;

  constructor(grouper: Value, list: Value) {
    super([grouper, list]);
    this.grouper = grouper;
    this.list = list;
  }
}

/** Text that `safe`, `escape` or `tojson` made: another text that is added to it gets escaped. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Python's range. */
export class Range {
  readonly start: number;
  readonly step: number;
  readonly stop: number;
  readonly length: number;

  constructor(start: number, stop: number, step: number) {
    this.start = start;
    this.stop = stop;
    this.step = step;
    this.length = Math.max(0, Math.ceil((stop - start) / step));
  }

  at(index: number): number {
    return this.start + index * this.step;
  }

  *[Symbol.iterator](): Generator<number> {
    for (let index = 0; index < this.length; index++) yield this.at(index);
  }
}

/** A generator or iterator of Python: gone through once, in the order in which it is asked. It has no text of its own. */
export class Iterated {
  readonly #iterator: Iterator<Value>;

  constructor(values: Iterable<Value>) {
    this.#iterator = values[Symbol.iterator]();
  }

  next(): IteratorResult<Value, unknown> {
    return this.#iterator.next();
  }

  /** Never ends the iterator early, so that what is left can be read later. */
  [Symbol.iterator](): Iterator<Value> {
    return { next: () => this.#iterator.next() };
  }
}

/** Something to call, with positional arguments and those with names. */
export abstract class Callable {
  abstract call(args: readonly Value[], keywords: Keywords | undefined): Value;
}

/** Arguments with names, in order. */
export type Keywords = ReadonlyMap<string, Value>;

/** A function of a template: `range`, a method with its object. */
export class Func extends Callable {
  readonly name: string;
  readonly #run: (args: readonly Value[], keywords: Keywords | undefined) => Value;

  constructor(name: string, run: (args: readonly Value[], keywords: Keywords | undefined) => Value) {
    super();
    this.name = name;
    this.#run = run;
  }

  call(args: readonly Value[], keywords: Keywords | undefined): Value {
    return this.#run(args, keywords);
  }
}

/** Why a value is not there. */
export interface UndefinedReason {
  /** `h.ip is undefined`. */
  readonly message: string;
  /** `templates/a.yaml:1:2`, of the expression that has no value. */
  readonly where?: string;
  /** Names that were meant, perhaps; asked only when it is told. */
  readonly suggestion?: () => string | undefined;
}

/** A name or attribute that is not there, or the end of `a if b` without `else`. */
export class Undefined {
  /** Whether it may not even be printed or tested. */
  readonly strict: boolean;
  readonly #reason: UndefinedReason;

  constructor(reason: UndefinedReason, strict: boolean) {
    this.#reason = reason;
    this.strict = strict;
  }

  /** The error of whoever uses it. */
  fail(): never {
    const { message, where, suggestion } = this.#reason;
    const meant = suggestion?.();
    const text = meant === undefined ? message : `${message}; ${meant}`;
    if (where === undefined) fail(text);
    throw new PaiError('TEMPLATE', text, {
      where,
      next: 'Correct the name, give the variable a value, or print it with the filter `default`.',
    });
  }

  /** Fails if it is strict. */
  tolerate(): void {
    if (this.strict) this.fail();
  }
}

/** Python's name of a value's type, for messages. */
export function typeName(value: Value): string {
  if (value === null) return 'NoneType';
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'string':
      return 'str';
    case 'bigint':
      return 'int';
    case 'number':
      return Number.isInteger(value) ? 'int' : 'float';
  }
  if (Array.isArray(value)) return 'list';
  if (value instanceof PyFloat) return 'float';
  if (value instanceof Tuple) return 'tuple';
  if (value instanceof Markup) return 'Markup';
  if (value instanceof Range) return 'range';
  if (value instanceof Undefined) return 'Undefined';
  if (value instanceof Iterated) return 'generator';
  if (value instanceof Callable || typeof value === 'function') return 'function';
  return 'dict';
}

/** Text, or text that was marked as safe. */
export function isText(value: Value): value is string | Markup {
  return typeof value === 'string' || value instanceof Markup;
}

const made = new WeakSet<readonly Value[]>();

/** Marks a list as one that a template made, and may change. Lists that it was given are never changed. */
export function owned<T extends Value[]>(list: T): T {
  made.add(list);
  return list;
}

/** The list, to change it. */
export function changeable(list: Value[]): Value[] {
  if (!made.has(list)) fail('a list that was given to the template can not be changed; copy it first: list(...)');
  return list;
}

import { equal } from './compare.js';
import { iterate, sizeIfAny } from './iterate.js';
import { fail } from './problem.js';
import { Callable, Func, type Keywords, Tuple, type Undefined, type Value } from './values.js';

/** Renders the body of a recursive loop over other items, one level deeper. */
export type Recurse = (items: Value, depth: number) => string;

/** What `loop` is inside of a loop. */
export class Loop extends Callable {
  /** Items before this one. */
  index0 = -1;
  /** The current item. */
  item: Value;
  readonly depth0: number;
  readonly #source: Value;
  readonly #missing: (message: string) => Undefined;
  readonly #recurse: Recurse | undefined;
  #iterator: Iterator<Value>;
  #length: number | undefined;
  /** The item after this one, where it was asked for. */
  #ahead: IteratorResult<Value, unknown> | undefined;
  #before: Value;
  #changed: readonly Value[] | undefined;

  /** `missing` makes what `previtem` is in the first turn, and `nextitem` in the last. */
  constructor(source: Value, missing: (message: string) => Undefined, recurse?: Recurse, depth0 = 0) {
    super();
    this.#missing = missing;
    this.#source = source;
    this.#iterator = iterate(source)[Symbol.iterator]();
    this.#recurse = recurse;
    this.depth0 = depth0;
  }

  /** Moves to the next item; false at the end. */
  next(): boolean {
    const result = this.#ahead ?? this.#iterator.next();
    this.#ahead = undefined;
    if (result.done) return false;
    this.index0 += 1;
    this.#before = this.item;
    this.item = result.value;
    return true;
  }

  get index(): number {
    return this.index0 + 1;
  }

  get length(): number {
    if (this.#length !== undefined) return this.#length;
    let length = sizeIfAny(this.#source);
    if (length === undefined) {
      // Of a generator nothing is known but what is left.
      const left: Value[] = [];
      for (let result = this.#iterator.next(); !result.done; result = this.#iterator.next()) left.push(result.value);
      this.#iterator = left[Symbol.iterator]();
      length = left.length + this.index + (this.#ahead && !this.#ahead.done ? 1 : 0);
    }
    this.#length = length;
    return length;
  }

  get first(): boolean {
    return this.index0 === 0;
  }

  get last(): boolean {
    return this.#peek().done === true;
  }

  #peek(): IteratorResult<Value, unknown> {
    this.#ahead ??= this.#iterator.next();
    return this.#ahead;
  }

  attribute(name: string): Value {
    switch (name) {
      case 'index':
      case 'index0':
      case 'length':
      case 'first':
      case 'last':
      case 'depth0':
        return this[name];
      case 'depth':
        return this.depth0 + 1;
      case 'revindex':
        return this.length - this.index0;
      case 'revindex0':
        return this.length - this.index;
      case 'previtem':
        return this.first ? this.#missing('there is no previous item') : this.#before;
      case 'nextitem': {
        const next = this.#peek();
        return next.done ? this.#missing('there is no next item') : next.value;
      }
      case 'cycle':
        return new Func('cycle', (args) => {
          if (args.length === 0) fail('loop.cycle() needs items');
          return args[this.index0 % args.length];
        });
      case 'changed':
        return new Func('changed', (args) => this.#hasChanged(args));
    }
    return undefined;
  }

  #hasChanged(values: readonly Value[]): boolean {
    const same = this.#changed !== undefined && equal(new Tuple(this.#changed), new Tuple(values));
    this.#changed = values;
    return !same;
  }

  call(args: readonly Value[], keywords: Keywords | undefined): Value {
    if (!this.#recurse) fail('only a loop with "recursive" can be called');
    if (args.length !== 1 || keywords) fail('loop() takes one argument, what to go through');
    return this.#recurse?.(args[0], this.depth0 + 1);
  }

  print(): string {
    return `<LoopContext ${this.index}/${this.length}>`;
  }
}

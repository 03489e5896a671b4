import { bind } from './bind.js';
import { makeDict } from './dict-methods.js';
import { integerIn } from './integers.js';
import { fail } from './problem.js';
import { quoted, repr } from './text.js';
import { Callable, Func, type Keywords, Range, type Value } from './values.js';

/** `namespace()`: attributes that a template can set from inside of loops. */
export class Namespace {
  readonly #values = new Map<string, Value>();

  constructor(entries: Iterable<readonly [string, Value]>) {
    for (const [name, value] of entries) this.#values.set(name, value);
  }

  attribute(name: string): Value {
    return this.#values.get(name);
  }

  set(name: string, value: Value): void {
    this.#values.set(name, value);
  }

  print(): string {
    return `<Namespace {${Array.from(this.#values, ([name, value]) => `${quoted(name)}: ${repr(value)}`).join(', ')}}>`;
  }
}

/** `cycler(...)`: its items, one after the other and from the start again. */
class Cycler {
  readonly #items: readonly Value[];
  #position = 0;

  constructor(items: readonly Value[]) {
    if (items.length === 0) fail('at least one item has to be provided');
    this.#items = items;
  }

  attribute(name: string): Value {
    switch (name) {
      case 'current':
        return this.#items[this.#position];
      case 'next':
        return new Func('next', () => {
          const item = this.#items[this.#position];
          this.#position = (this.#position + 1) % this.#items.length;
          return item;
        });
      case 'reset':
        return new Func('reset', () => {
          this.#position = 0;
          return null;
        });
    }
    return undefined;
  }
}

/** `joiner(separator)`: called, it gives nothing the first time and the separator from then on. */
class Joiner extends Callable {
  readonly #separator: Value;
  #used = false;

  constructor(separator: Value) {
    super();
    this.#separator = separator;
  }

  call(args: readonly Value[]): Value {
    if (args.length > 0) fail('a joiner takes no arguments');
    if (this.#used) return this.#separator;
    this.#used = true;
    return '';
  }
}

function range(args: readonly Value[]): Range {
  const [one, two, three] = args.map((value) => integerIn(value) ?? fail('range() takes ints')).map(Number);
  if (one === undefined || args.length > 3) return fail('range() takes one to three arguments');
  if (three === 0) fail('range() arg 3 must not be zero');
  return two === undefined ? new Range(0, one, 1) : new Range(one, two, three ?? 1);
}

/** Jinja2's global names; `lipsum` is not among them, it is random. */
export const globals: Readonly<Record<string, Value>> = {
  range: new Func('range', (args, keywords) => (keywords ? fail('range() takes no keywords') : range(args))),
  dict: new Func('dict', (args, keywords) => makeDict(args, keywords)),
  namespace: new Func('namespace', (args, keywords) => {
    return new Namespace(
      makeDict(args, keywords)
        .entries()
        .map(([key, value]) => [String(key), value]),
    );
  }),
  cycler: new Func('cycler', (args, keywords) => (keywords ? fail('cycler() takes no keywords') : new Cycler(args))),
  joiner: new Func('joiner', (args, keywords?: Keywords) => {
    const [separator = ', '] = bind('joiner', ['sep?'], args, keywords);
    return new Joiner(separator);
  }),
};

import { Dict } from './dicts.js';
import { fail } from './problem.js';
import { quoted } from './text.js';
import { Callable, type Keywords, Tuple, type Undefined, type Value } from './values.js';

/** What a macro takes besides its parameters, as its body asks for it. */
export interface MacroExtras {
  readonly caller: boolean;
  readonly keywords: boolean;
  readonly varargs: boolean;
}

/** A macro, or the body of a call block. */
export class Macro extends Callable {
  readonly #name: string | null;
  readonly #parameters: readonly string[];
  readonly #extras: MacroExtras;
  readonly #missing: (message: string) => Undefined;
  readonly #run: (...args: Value[]) => string;

  constructor(
    name: string | null,
    parameters: readonly string[],
    extras: MacroExtras,
    missing: (message: string) => Undefined,
    run: (...args: Value[]) => string,
  ) {
    super();
    this.#name = name;
    this.#parameters = parameters;
    this.#extras = extras;
    this.#missing = missing;
    this.#run = run;
  }

  /** The body gets its parameters (undefined where none was given), then caller, kwargs and varargs, those that it asks for. */
  call(args: readonly Value[], keywords: Keywords | undefined): Value {
    const count = this.#parameters.length;
    const { caller, keywords: takesKeywords, varargs } = this.#extras;
    const left = keywords ? new Map(keywords) : undefined;
    const values = args.slice(0, count);
    let found = values.length === count && this.#parameters.includes('caller');
    for (const name of this.#parameters.slice(values.length)) {
      values.push(take(left, name));
      if (name === 'caller') found = true;
    }
    if (caller && !found) values.push(take(left, 'caller') ?? this.#missing('there is no caller'));
    if (takesKeywords) values.push(new Dict(left));
    else if (left && left.size > 0) this.#unknown([...left.keys()].join(', '));
    if (varargs) values.push(new Tuple(args.slice(count)));
    else if (args.length > count) fail(`the macro ${this.#name ?? 'caller'} takes at most ${count} arguments`);
    return this.#run(...values);
  }

  #unknown(names: string): never {
    return fail(`the macro ${this.#name ?? 'caller'} has no argument ${names}`);
  }

  attribute(name: string): Value {
    switch (name) {
      case 'name':
        return this.#name;
      case 'arguments':
        return new Tuple(this.#parameters);
      case 'catch_kwargs':
        return this.#extras.keywords;
      case 'catch_varargs':
        return this.#extras.varargs;
      case 'caller':
        return this.#extras.caller;
    }
    return undefined;
  }

  print(): string {
    return `<Macro ${this.#name === null ? 'anonymous' : quoted(this.#name)}>`;
  }
}

function take(keywords: Map<string, Value> | undefined, name: string): Value {
  const value = keywords?.get(name);
  keywords?.delete(name);
  return value;
}

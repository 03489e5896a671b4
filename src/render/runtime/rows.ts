import type { Keywords, Undefined, Value } from './values.js';

/** What filters and tests know of the template that uses them. */
export interface Environment {
  /** The undefined value of whoever asks for what is not there. */
  missing(message: string): Undefined;
  /** Applies a filter by its name. */
  filter(name: string, value: Value, args: readonly Value[], keywords: Keywords | undefined): Value;
  /** Applies a test by its name. */
  test(name: string, value: Value, args: readonly Value[], keywords: Keywords | undefined): boolean;
  /** Whether there is one of this name. */
  knows(kind: 'filter' | 'test', name: string): boolean;
}

/** A filter: its parameters after the input, and what it does. */
export interface FilterRow {
  /** `?` at the end: may be left out, and is undefined then. Without parameters it takes any: a list of those by place, and those by name. */
  readonly parameters?: readonly string[];
  /** Whether its result is always plain text. */
  readonly text?: boolean;
  // Its own parameters are as its row says.
  run(env: Environment, value: Value, ...args: never[]): Value;
}

/** A test: as a filter, but its result is true or false. */
export interface TestRow {
  readonly parameters: readonly string[];
  run(env: Environment, value: Value, ...args: never[]): boolean;
}

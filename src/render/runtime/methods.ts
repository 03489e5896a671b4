import { bind, type Parameters } from './bind.js';
import type { Keywords, Value } from './values.js';

/** A method of one of Python's types: what it is called on, and its arguments. */
export type Method = (target: Value, args: readonly Value[], keywords: Keywords | undefined) => Value;

/** A method whose arguments are bound by name and place first; those that are not given are undefined. */
export function method(name: string, parameters: Parameters, run: (target: Value, ...args: Value[]) => Value): Method {
  return (target, args, keywords) => run(target, ...bind(name, parameters, args, keywords));
}

const OF_INTEGERS = [
  'as_integer_ratio',
  'bit_count',
  'bit_length',
  'conjugate',
  'denominator',
  'from_bytes',
  'imag',
  'numerator',
  'real',
  'to_bytes',
];
const HIDDEN: Readonly<Record<string, readonly string[]>> = {
  int: OF_INTEGERS,
  bool: OF_INTEGERS,
  float: ['as_integer_ratio', 'conjugate', 'fromhex', 'hex', 'imag', 'is_integer', 'real'],
  str: ['maketrans', 'translate', 'encode', 'isprintable', 'format_map'],
  Markup: ['maketrans', 'translate', 'encode', 'isprintable', 'format_map', 'escape', 'striptags', 'unescape'],
  range: ['count', 'index', 'start', 'step', 'stop'],
  dict: ['fromkeys'],
  generator: ['close', 'gi_code', 'gi_frame', 'gi_running', 'gi_suspended', 'gi_yieldfrom', 'send', 'throw'],
};

/** Attributes that Python's type has and that are not supported: they are errors, not undefined. */
export function hiddenAttributes(type: string): readonly string[] {
  return HIDDEN[type] ?? [];
}

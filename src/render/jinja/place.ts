import { PaiError } from '../../model/errors.js';

/** A line and a column of a template, both from 1, in one number: compiled templates keep the place where they are in a local variable. */
export type Place = number;

const COLUMNS = 65_536;

/** Packs a place. Columns beyond 65,535 are told as that. */
export function place(line: number, column: number): Place {
  return line * COLUMNS + Math.min(column, COLUMNS - 1);
}

/** `12:3`. */
export function placeText(at: Place): string {
  return `${Math.floor(at / COLUMNS)}:${at % COLUMNS}`;
}

/** What the lexer, the parser and the compiler find wrong. `label` is the file as told in errors. */
export function syntaxError(message: string, label: string, at: Place): PaiError {
  return new PaiError('TEMPLATE', message, {
    where: `${label}:${placeText(at)}`,
    next: 'Correct the syntax of the template.',
  });
}

import { SPACE } from './characters.js';
import { unsupported } from './problem.js';

const IS_SPACE = new RegExp(`^[${SPACE}]+$`);

/** Digits beyond the decimal ones are told apart by tables of Unicode's that JavaScript does not have. */
function knownDigits(text: string): string {
  return /[\p{Nl}\p{No}]/u.test(text) ? unsupported(`a question about the digits of "${text}"`) : text;
}

function hasCase(text: string, cased: string, other: string): boolean {
  return cased === text && cased !== other && /\p{Cased}/u.test(text);
}

/** Questions about a whole text: all of its characters, and at least one. */
export const stringTests: Readonly<Record<string, (text: string) => boolean>> = {
  isalnum: (text) => /^[\p{L}\p{Nd}]+$/u.test(knownDigits(text)),
  isalpha: (text) => /^\p{L}+$/u.test(text),
  isascii: (text) => !/\P{ASCII}/u.test(text),
  isdecimal: (text) => /^\p{Nd}+$/u.test(text),
  isdigit: (text) => /^\p{Nd}+$/u.test(knownDigits(text)),
  isidentifier: (text) => /^[\p{ID_Start}_][\p{ID_Continue}]*$/u.test(text),
  islower: (text) => hasCase(text, text.toLowerCase(), text.toUpperCase()),
  isnumeric: (text) => /^\p{Nd}+$/u.test(knownDigits(text)),
  isspace: (text) => IS_SPACE.test(text),
  istitle: (text) => {
    const words = text.match(/\p{Cased}+/gu);
    return words?.every((word) => /^[\p{Lu}\p{Lt}][^\p{Lu}\p{Lt}]*$/u.test(word)) ?? false;
  },
  isupper: (text) => hasCase(text, text.toUpperCase(), text.toLowerCase()),
};

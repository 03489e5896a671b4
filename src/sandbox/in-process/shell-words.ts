/** Words that stand side by side, and where they end. */
export interface Words {
  readonly words: readonly string[];
  /** Index of the newline or operator behind them, or of the end of the text. */
  readonly end: number;
}

const BLANK = /[ \t]/;
const OPERATOR = /[\n;&|()<>]/;

/**
 * Reads words as sh does, from an index on, up to a newline or an operator. Undefined where sh would have to expand
 * something or a quote is not closed: `expand` says what a double-quoted or bare `$` stands for, without it there may be none.
 */
export function readWords(text: string, start = 0, expand?: (name: string) => string | undefined): Words | undefined {
  const words: string[] = [];
  let word: string | undefined;
  let at = start;
  let isQuoted = false;
  const add = (piece: string) => {
    word = (word ?? '') + piece;
  };
  while (at < text.length) {
    const character = text.charAt(at);
    if (character === '\\') {
      add(text.charAt(at + 1));
      at += 2;
    } else if (character === '"') {
      isQuoted = !isQuoted;
      add('');
      at += 1;
    } else if (character === '`') {
      return undefined;
    } else if (character === '$') {
      const [all = '', braced, bare] = /^\$(?:\{(\w+)(?::\?)?\}|(\w+))/.exec(text.slice(at, at + 80)) ?? [];
      const value = expand?.(braced ?? bare ?? '');
      if (value === undefined) return undefined;
      add(value);
      at += all.length;
    } else if (isQuoted) {
      add(character);
      at += 1;
    } else if (character === "'") {
      const close = text.indexOf("'", at + 1);
      if (close < 0) return undefined;
      add(text.slice(at + 1, close));
      at = close + 1;
    } else if (BLANK.test(character)) {
      if (word !== undefined) words.push(word);
      word = undefined;
      at += 1;
    } else if (OPERATOR.test(character)) {
      break;
    } else {
      add(character);
      at += 1;
    }
  }
  if (isQuoted) return undefined;
  if (word !== undefined) words.push(word);
  return { words, end: at };
}

/** The words of a text that is one simple command; undefined for any other. */
export function wordsOf(text: string, expand?: (name: string) => string | undefined): readonly string[] | undefined {
  const read = readWords(text, 0, expand);
  return read?.end === text.length ? read.words : undefined;
}

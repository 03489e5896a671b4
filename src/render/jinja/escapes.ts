const SIMPLE: Readonly<Record<string, string>> = {
  '\\': '\\',
  "'": "'",
  '"': '"',
  '\n': '',
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};
const DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/**
 * The value of a string literal, its quotes already gone: Python's `unicode-escape` codec, which Jinja2 uses. Of a `\` before a
 * character outside of ASCII that codec makes the character's own escape as text; so does this.
 */
export function unescapeString(text: string): { readonly value: string; readonly problem?: string } {
  if (!text.includes('\\')) return { value: text };
  let problem: string | undefined;
  const value = text.replace(
    /\\(?:([0-7]{1,3})|([xuU])([\da-fA-F]*)|([\s\S]))/gu,
    (whole, octal?: string, kind?: string, digits?: string, other?: string) => {
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
      if (kind !== undefined) {
        const count = DIGITS[kind] ?? 0;
        const hex = (digits ?? '').slice(0, count);
        const code = Number.parseInt(hex, 16);
        if (hex.length < count || code > 0x10_ff_ff) {
          problem ??= `"${whole}" is not a whole escape of a character`;
          return '';
        }
        return String.fromCodePoint(code) + (digits ?? '').slice(count);
      }
      const character = other ?? '';
      if (character === 'N') problem ??= 'escapes by name, \\N{...}, are not supported: write \\uXXXX';
      const simple = SIMPLE[character];
      if (simple !== undefined) return simple;
      return character > '\x7f' ? `\\${escaped(character)}` : whole;
    },
  );
  return problem === undefined ? { value } : { value, problem };
}

/** A character's escape, without the backslash. */
function escaped(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  if (code <= 0xff) return `x${code.toString(16).padStart(2, '0')}`;
  return code <= 0xff_ff ? `u${code.toString(16).padStart(4, '0')}` : `U${code.toString(16).padStart(8, '0')}`;
}

import { createHash } from 'node:crypto';

/** Longest file name that we make, in bytes; file systems allow 255. */
const LONGEST_NAME = 200;

/** A word that a POSIX shell reads back as exactly `text`. */
export function shellQuote(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/**
 * A file name that stands for a target, the same on every machine: letters, digits, `_`, `.` and `-` stay, other bytes
 * become `%XX`. Never starts with `.` or `-`, never has `/` or `:` in it. Very long names end in a digest instead.
 */
export function targetFileName(target: string): string {
  const encoded = [...Buffer.from(target, 'utf8')]
    .map((byte, index) => {
      const character = String.fromCharCode(byte);
      const plain = index === 0 ? /\w/ : /[\w.-]/;
      return plain.test(character) ? character : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
  if (encoded.length <= LONGEST_NAME) return encoded;
  return `${encoded.slice(0, LONGEST_NAME - 65)}-${createHash('sha256').update(target).digest('hex')}`;
}

import { configurationError } from './problems.js';

/** A line of a CSV file. */
export interface CsvRecord {
  readonly line: number;
  readonly fields: readonly { readonly text: string; readonly column: number }[];
}

/** CSV of RFC 4180, with lines that begin with # left out. Lines and columns count from 1. Throws CONFIG_INVALID. */
export function parseCsv(file: string, text: string): readonly CsvRecord[] {
  const records: CsvRecord[] = [];
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '' || line.startsWith('#')) continue;
    const fields: { text: string; column: number }[] = [];
    for (let at = 0; at <= line.length; ) {
      const quoted = /^\s*"((?:[^"]|"")*)"\s*(?=,|$)/.exec(line.slice(at));
      const plain = /^[^",]*(?=,|$)/.exec(line.slice(at));
      const found = quoted ?? plain;
      if (found === null) {
        const problem = {
          file,
          line: index + 1,
          column: at + 1,
          what: 'a quote is not closed, or stands within a value',
        };
        throw configurationError([problem]);
      }
      const value = quoted === null ? found[0] : (quoted[1] ?? '').replaceAll('""', '"');
      fields.push({ text: value, column: at + 1 });
      at += found[0].length + 1;
    }
    records.push({ line: index + 1, fields });
  }
  return records;
}

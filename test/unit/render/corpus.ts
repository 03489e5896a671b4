import { describe, expect, it } from 'vitest';
import { type Case, python, type Result, renderOurs, renderWithPython } from './python.js';

/** A case of the corpus: `main` alone as text, or several templates. */
export interface Row {
  readonly template: string | Readonly<Record<string, string>>;
  readonly values?: Readonly<Record<string, unknown>>;
  readonly undefined?: Case['undefined'];
  /** Ours is an error with this in it, though Python's is not: what is not supported. */
  readonly refused?: RegExp;
}

/** Cases by name; a text alone is a template with the values of `VALUES`. */
export type Corpus = Readonly<Record<string, string | Row>>;

/** Compares renders of ours with those of Python's Jinja2, byte for byte; where it fails, ours has to fail. */
export function describeCorpus(subject: string, corpus: Corpus, values: Readonly<Record<string, unknown>> = {}): void {
  const rows = Object.entries(corpus).map(([name, row]): [string, Row] => [
    name,
    typeof row === 'string' ? { template: row } : row,
  ]);
  const cases = rows.map(([, row]): Case => {
    const templates = typeof row.template === 'string' ? { main: row.template } : row.template;
    return { templates, values: row.values ?? values, undefined: row.undefined ?? 'strict' };
  });
  // Without Python's Jinja2 (Debian: python3-jinja2) there is nothing to compare with.
  describe.skipIf(python === undefined)(`${subject}: the same as Python's Jinja2`, () => {
    let expected: Result[] | undefined;
    it.each(rows.map(([name, row], index) => ({ name, row, index })))('$name', async ({ row, index }) => {
      expected ??= renderWithPython(cases);
      const [theirs, one] = [expected[index], cases[index]];
      if (!theirs || !one) throw new Error('a result is missing');
      const ours = await renderOurs(one);
      if (row.refused) {
        expect(theirs.error).toBeUndefined();
        expect(ours.error).toMatch(row.refused);
      } else if (theirs.error !== undefined) {
        expect(ours.error, `Python: ${theirs.error}; ours printed ${JSON.stringify(ours.text)}`).toBeDefined();
      } else {
        expect(ours).toEqual(theirs);
      }
    });
  });
}

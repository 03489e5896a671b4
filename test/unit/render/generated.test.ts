import fc from 'fast-check';
import { expect, it } from 'vitest';
import { generatedCase } from './generated.js';
import { type Case, python, type Result, renderOurs, renderWithPython } from './python.js';

/** How many templates are generated; PAI_JINJA_SEED repeats a run. */
const RUNS = Number(process.env.PAI_JINJA_RUNS ?? 300);
const SEED = Number(process.env.PAI_JINJA_SEED ?? Math.floor(Math.random() * 2 ** 31));
/** As many go to one process of Python. */
const BATCH = 1000;

/** What ours may refuse though Python renders it: docs/templates.md. */
const REFUSED = /not supported|can not be changed|items is too large/;

function agree(theirs: Result, ours: Result): boolean {
  if (theirs.error !== undefined) {
    // Jinja2 evaluates constants when it compiles, and fails there for what may never be reached.
    const ofConstants = theirs.loading === true && !/^Template(Syntax|Assertion)Error/.test(theirs.error);
    return ours.error !== undefined || ofConstants;
  }
  // An address in memory is never the same twice.
  if (/ at 0x[\da-f]+>/.test(theirs.text)) return ours.error !== undefined;
  return ours.text === theirs.text || (ours.error !== undefined && REFUSED.test(ours.error));
}

async function agrees(one: Case): Promise<boolean> {
  const [theirs] = renderWithPython([one]);
  if (!theirs) throw new Error('no result');
  return agree(theirs, await renderOurs(one));
}

// Without Python's Jinja2 (Debian: python3-jinja2) there is nothing to compare with.
it.skipIf(python === undefined)(
  `${RUNS} generated templates render as by Python's Jinja2, or both fail`,
  async () => {
    const cases = fc.sample(generatedCase, { numRuns: RUNS, seed: SEED });
    let [texts, refused] = [0, 0];
    for (let start = 0; start < cases.length; start += BATCH) {
      const batch = cases.slice(start, start + BATCH);
      const expected = renderWithPython(batch);
      for (const [index, one] of batch.entries()) {
        const theirs = expected[index];
        if (!theirs) throw new Error('no result');
        const ours = await renderOurs(one);
        if (!agree(theirs, ours)) {
          console.error(
            `PAI_JINJA_SEED=${SEED}, case ${start + index}`,
            JSON.stringify({ ...one, theirs, ours }, printable),
          );
          // The same case again, made smaller.
          await fc.assert(fc.asyncProperty(generatedCase, agrees), {
            seed: SEED,
            path: String(start + index),
            numRuns: 1,
            interruptAfterTimeLimit: 30_000,
          });
        }
        expect(agree(theirs, ours), `PAI_JINJA_SEED=${SEED}, case ${start + index}`).toBe(true);
        if (theirs.text !== undefined) texts += 1;
        if (theirs.text !== undefined && ours.error !== undefined) refused += 1;
      }
    }
    // Most have to be renders, else nothing was compared.
    expect(texts).toBeGreaterThan(RUNS / 4);
    expect(refused).toBeLessThan(texts / 5);
  },
  600_000,
);

function printable(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? `${value}n` : value;
}

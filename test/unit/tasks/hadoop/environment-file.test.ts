import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { exportVariables } from '../../../../tasks/hadoop/environment-file.js';

/** What a program sees of the variables that the script exports. */
function seenBySh(script: string): Readonly<Record<string, string>> {
  const { stdout, stderr } = spawnSync('sh', ['-euc', `${script}\nenv -0`], { env: { PATH: process.env.PATH ?? '' } });
  expect(stderr.toString()).toBe('');
  const pairs = stdout
    .toString()
    .split('\0')
    .map((line) => [line.slice(0, line.indexOf('=')), line.slice(line.indexOf('=') + 1)]);
  return Object.fromEntries(pairs);
}

describe('an environment file', () => {
  it('hands on every value as it was written', () => {
    const value = fc
      .array(
        fc.oneof(
          fc.constantFrom("'", '"', '\\', '$HOME', '$(ls)', '`ls`', '\n', ' ', '!', '#'),
          fc.string({ unit: 'binary', maxLength: 4 }),
        ),
      )
      .map((pieces) =>
        pieces
          .join('')
          .replaceAll('\0', '')
          .replaceAll(/[\uD800-\uDFFF]/gu, ''),
      );
    fc.assert(
      fc.property(fc.array(value, { minLength: 8, maxLength: 20 }), (texts) => {
        const variables = texts.map((text, index) => [`SOME_OPTS_${index}`, text] as const);
        expect(seenBySh(exportVariables('# stock\n', new Map(variables)))).toMatchObject(Object.fromEntries(variables));
      }),
      { numRuns: 15 },
    );
  });

  it('has the last word, also where the stock file does not end its last line', () => {
    const text = exportVariables('export HEAP=1', new Map([['HEAP', '8192']]));
    expect(text).toBe("export HEAP=1\n\n# Set by pai.\nexport HEAP='8192'\n");
    expect(seenBySh(text)).toMatchObject({ HEAP: '8192' });
  });

  it('stays as it is when nothing is set', () => {
    expect(exportVariables('export HEAP=1', new Map())).toBe('export HEAP=1');
  });

  it('does not take a zero byte', () => {
    expect(() => exportVariables('', new Map([['A', '\0']]))).toThrow('A: no variable can hold a zero byte');
  });
});

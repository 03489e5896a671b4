import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plainArguments } from '../../../src/cli/plain-arguments.js';
import { parseArguments } from '../../../src/cli/program.js';
import { COMMANDS, COMMON_OPTIONS } from '../../../src/cli/table.js';
import { PaiError } from '../../../src/model/errors.js';

const io = { cwd: '/', stdout: () => undefined, stderr: () => undefined, onInterrupt: () => () => undefined };

/** What commander makes of a command line; undefined when it is help or a mistake. */
function asCommander(argv: readonly string[]): ReturnType<typeof plainArguments> {
  try {
    const parsed = parseArguments(argv, io, '0');
    if ('exitCode' in parsed) return undefined;
    return { row: parsed.row, patterns: parsed.invocation.patterns, options: parsed.invocation.options };
  } catch (error) {
    if (error instanceof PaiError) return undefined;
    throw error;
  }
}

const flags = [...COMMON_OPTIONS, ...COMMANDS.flatMap((row) => row.options)].flatMap(
  (option) => option.flags.match(/--?[\w-]+/g) ?? [],
);
const values = ['json', 'plain', 'strict', '3', '0', 'xml', '', 'a=b', 'worker:*'];
const word = fc.oneof(
  { weight: 4, arbitrary: fc.constantFrom(...flags) },
  { weight: 3, arbitrary: fc.constantFrom(...values) },
  {
    weight: 2,
    arbitrary: fc.tuple(fc.constantFrom(...flags), fc.constantFrom(...values)).map((pair) => pair.join('=')),
  },
  { weight: 1, arbitrary: fc.constantFrom('--', '-', '-h', '--help', '--jso', '-pjson', '--version', 'run') },
);
const commandLine = fc
  .tuple(fc.constantFrom(...COMMANDS.map((row) => row.name), 'rnu', '--help'), fc.array(word, { maxLength: 6 }))
  .map(([name, words]) => [name, ...words]);

describe('a plain command line', () => {
  it('is read as commander reads it, or left to it', () => {
    let plain = 0;
    fc.assert(
      fc.property(commandLine, (argv) => {
        const found = plainArguments(argv);
        if (found === undefined) return;
        plain++;
        expect(found).toEqual(asCommander(argv));
      }),
      { numRuns: 2000 },
    );
    expect(plain).toBeGreaterThan(100);
  });

  it.each([
    ['list'],
    ['plan'],
    ['run', 'services'],
    ['run', 'worker:*', '--dry-run', '-p', 'else'],
    ['run', 'all', '--jobs', '4', '--output=json', '--force'],
  ])('is read without commander: %s %s', (...argv) => {
    expect(plainArguments(argv)).toEqual(asCommander(argv));
    expect(plainArguments(argv)).toBeDefined();
  });

  it.each([
    ['--help'],
    ['run', '--help'],
    ['rnu'],
    ['clean'],
    ['run', '--'],
    ['run', '-pelse'],
    ['plan', '--jobs', '3'],
  ])('is left to commander: %s %s %s', (...argv) => {
    expect(plainArguments(argv)).toBeUndefined();
  });
});

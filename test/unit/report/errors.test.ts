import { describe, expect, it } from 'vitest';
import { errorReport } from '../../../src/model/error-report.js';
import { PaiError } from '../../../src/model/errors.js';
import { formatError, formatInternal } from '../../../src/report/errors.js';

describe('formatError', () => {
  it('has code, message, where, details and next', () => {
    const error = new PaiError('CONFIG_INVALID', 'two problems\nand a second line', {
      where: 'a.yaml:1:2',
      details: ['one', 'two'],
      next: 'Correct them.',
    });
    expect(formatError(errorReport(error))).toBe(`error CONFIG_INVALID: two problems
  and a second line
  at a.yaml:1:2
  | one
  | two
  next: Correct them.
`);
  });

  it('is one line when there is nothing more to say', () => {
    expect(formatError(errorReport(new PaiError('USAGE', 'no')))).toBe('error USAGE: no\n');
    expect(errorReport(new PaiError('USAGE', 'no'))).toEqual({ code: 'USAGE', message: 'no' });
  });

  it('writes no control characters', () => {
    expect(formatError({ code: 'HOST_SCRIPT', message: 'a\u001b[31mb', details: ['\u009b2Jx'] })).toBe(
      'error HOST_SCRIPT: ab\n  | x\n',
    );
  });
});

describe('formatInternal', () => {
  it('has the stack and asks to report it', () => {
    const error = new PaiError('INTERNAL', 'x is undefined');
    expect(formatInternal(error, 'TypeError: x is undefined\n    at a (b.ts:1:2)\n    at c.ts:3:4')).toBe(
      `error INTERNAL: x is undefined
  | at a (b.ts:1:2)
  | at c.ts:3:4
  next: This is a bug of pai. Please report it with the lines above.
`,
    );
  });
});

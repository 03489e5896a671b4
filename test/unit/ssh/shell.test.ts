import { execFileSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { shellQuote, targetFileName } from '../../../src/ssh/shell.js';

describe('shellQuote', () => {
  it('gives the shell back what went in', () => {
    const texts = fc.sample(
      fc.string({ unit: 'binary' }).filter((text) => !text.includes('\0')),
      { numRuns: 100, seed: 1 },
    );
    const script = texts.map((text) => `printf '%s\\0' ${shellQuote(text)}`).join('\n');
    const output = execFileSync('sh', { input: script, encoding: 'utf8' });
    expect(output.split('\0').slice(0, -1)).toEqual(texts.map((text) => Buffer.from(text).toString('utf8')));
  });

  it('leaves plain words readable', () => {
    expect(shellQuote('/var/lib/pai/run/1f')).toBe('/var/lib/pai/run/1f');
    expect(shellQuote('')).toBe("''");
  });
});

describe('targetFileName', () => {
  it('names a target as people would expect', () => {
    expect(targetFileName('worker:h1')).toBe('worker%3Ah1');
    expect(targetFileName('prepare-hadoop-config')).toBe('prepare-hadoop-config');
  });

  it('is one harmless file name for any target', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1, maxLength: 400 }), (target) => {
        const name = targetFileName(target);
        expect(name).toMatch(/^[\w%][\w%.-]*$/);
        expect(name.length).toBeLessThanOrEqual(200);
      }),
    );
  });

  it('gives different targets different names', () => {
    const tricky = ['a', '%61', 'a:b', 'a%3Ab', '.', '..', '-a', 'A', 'x'.repeat(300), `${'x'.repeat(299)}y`];
    expect(new Set(tricky.map(targetFileName)).size).toBe(tricky.length);
  });
});

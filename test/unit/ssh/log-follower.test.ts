import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { LogFollower } from '../../../src/ssh/log-follower.js';

function follower(): { log: LogFollower; told: string[] } {
  const told: string[] = [];
  return { log: new LogFollower('1f', (line) => told.push(line)), told };
}

describe('LogFollower', () => {
  it('tells whole lines, wherever the pieces were cut', () => {
    const text = Buffer.from('one\nzwölf\n\nlast\npai-end 1f 0 done\n');
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: text.length }), { maxLength: 8 }), (cuts) => {
        const { log, told } = follower();
        const ends = [...cuts].sort((a, b) => a - b);
        for (const [index, end] of [...ends, text.length].entries()) {
          log.take(text.subarray(ends[index - 1] ?? 0, end));
        }
        expect(told).toEqual(['one', 'zwölf', '', 'last']);
        expect(log.end).toEqual({ code: 0, phase: 'done' });
      }),
    );
  });

  it('finds the end also after a line that the script left open', () => {
    const { log, told } = follower();
    expect(log.take(Buffer.from('no newlinepai-end 1f 3 script\n'))).toBe(true);
    expect(told).toEqual(['no newline']);
    expect(log.end).toEqual({ code: 3, phase: 'script' });
  });

  it('does not take the end of another run for its own', () => {
    const { log, told } = follower();
    expect(log.take(Buffer.from('pai-end 2e 0 done\n'))).toBe(false);
    expect(log.end).toBeUndefined();
    expect(told).toEqual(['pai-end 2e 0 done']);
  });

  it('keeps the last 20 lines, and only those of the probe once it began', () => {
    const { log } = follower();
    log.take(Buffer.from(Array.from({ length: 50 }, (_, index) => `line ${index}\n`).join('')));
    expect(log.lastLines).toHaveLength(20);
    expect(log.lastLines.at(-1)).toBe('line 49');
    log.take(Buffer.from('pai-probe 1f\nnot there\npai-end 1f 1 probe\n'));
    expect(log.lastLines).toEqual(['not there']);
  });

  it('counts bytes, not characters, so that it can go on where it was', () => {
    const { log } = follower();
    log.take(Buffer.from('zwölf\n'));
    expect(log.offset).toBe(7);
  });

  it('tells a line that never ends in pieces', () => {
    const { log, told } = follower();
    log.take(Buffer.alloc(20_000, 'x'));
    expect(told.join('')).toHaveLength(20_000);
  });

  it('starts anew with the log of another run', () => {
    const { log, told } = follower();
    log.take(Buffer.from('mine, open'));
    log.follow('2e');
    expect(log.offset).toBe(0);
    log.take(Buffer.from('theirs\npai-end 2e 0 done\n'));
    expect(told).toEqual(['theirs']);
    expect(log.end).toEqual({ code: 0, phase: 'done' });
  });
});

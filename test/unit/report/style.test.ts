import { describe, expect, it } from 'vitest';
import { canMoveCursor, colourStyle, wantsColour } from '../../../src/report/style.js';

describe('colours', () => {
  it.each([
    ['on a terminal', {}, true, true],
    ['not elsewhere', {}, false, false],
    ['not with NO_COLOR', { NO_COLOR: '1' }, true, false],
    ['with an empty NO_COLOR', { NO_COLOR: '' }, true, true],
    ['elsewhere with FORCE_COLOR', { FORCE_COLOR: '1' }, false, true],
    ['with FORCE_COLOR, whatever NO_COLOR says', { FORCE_COLOR: '1', NO_COLOR: '1' }, false, true],
    ['not with FORCE_COLOR=0', { FORCE_COLOR: '0' }, true, false],
    ['not on a dumb terminal', { TERM: 'dumb' }, true, false],
    ['not in CI', { CI: 'true' }, true, false],
  ])('are used %s', (_, environment, isTerminal, wanted) => {
    expect(wantsColour(environment, isTerminal)).toBe(wanted);
  });

  it('colour no nothing', () => {
    expect(colourStyle.bad('')).toBe('');
    expect(colourStyle.bad('x')).toBe('\x1b[31mx\x1b[39m');
  });
});

describe('a terminal can be redrawn', () => {
  it.each([
    [{ TERM: 'xterm-256color' }, true],
    [{ CI: 'false' }, true],
    [{ CI: '' }, true],
    [{ CI: '1' }, false],
    [{ TERM: 'dumb' }, false],
  ])('with %j: %s', (environment, can) => {
    expect(canMoveCursor(environment)).toBe(can);
  });
});

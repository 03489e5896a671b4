import { describe, expect, it } from 'vitest';
import { groupedReporter } from '../../../src/report/grouped.js';
import { at } from './events.js';

function told(...events: Parameters<ReturnType<typeof groupedReporter>>[0][]): string {
  let text = '';
  const report = groupedReporter(
    (part) => {
      text += part;
    },
    { resume: 'pai run services' },
  );
  for (const event of events) report(event);
  return text;
}

describe('groupedReporter', () => {
  it('tells the log of each target as one block when it ends', () => {
    const text = told(
      at(1).runStart(),
      at(1).plan({ a: [], b: [] }),
      at(1).start('a'),
      at(1).start('b'),
      at(1).log('a', 'one'),
      at(1).log('b', 'other'),
      at(1).log('a', 'two\x1b[2J'),
      at(2).end('b'),
      at(2).end('a'),
      at(2).runEnd({ ran: 2 }),
    );
    expect(text).toBe(`2 to run, 0 fresh
run   a  (never applied)
run   b  (never applied)
done  b  1.0s
  | other
done  a  1.0s
  | one
  | two

critical path
    0.5s  planning
    1.0s  a

2 ran, 0 fresh, 0 failed, 0 skipped in 2.0s
`);
  });

  it('keeps the end of a log that is too long to be kept, and tells where the rest is', () => {
    const lines = Array.from({ length: 30_000 }, (_, index) => at(1).log('a', `${index} ${'x'.repeat(100)}`));
    const text = told(at(1).start('a'), ...lines, at(2).end('a', { log: '/logs/a.log' }));
    expect(text.length).toBeLessThan(2_200_000);
    expect(text).toMatch(/ {2}\| \(\d+ lines before these, see \/logs\/a\.log\)\n/);
    expect(text).toContain('  | 29999 x');
    expect(text).not.toContain('  | 0 x');
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { criticalPath, type Span, Timeline } from '../../../src/report/critical-path.js';
import { at } from './events.js';

function path(spans: Record<string, [number, number]>, before: Record<string, string[]>, planned = 0): string[] {
  const all = new Map(
    Object.entries(spans).map(([name, [start, end]]) => [name, { start: start * 1000, end: end * 1000 }]),
  );
  return criticalPath(all, new Map(Object.entries(before)), planned).map(
    ({ target, seconds, waitedSeconds }) => `${target} ${seconds}${waitedSeconds > 0 ? ` after ${waitedSeconds}` : ''}`,
  );
}

describe('criticalPath', () => {
  it('is the chain of those that each waited for, last first to be found, first to last to be told', () => {
    const spans = { a: [0, 2], b: [0, 5], c: [5, 6], d: [2, 4], e: [6, 9] } as const;
    const before = { a: [], b: [], c: ['a', 'b'], d: ['a'], e: ['c', 'd'] };
    expect(path({ ...spans } as never, before)).toEqual(['b 5', 'c 1', 'e 3']);
  });

  it('tells time that was spent waiting for something else than what came before', () => {
    expect(path({ a: [1, 2], b: [4, 5] }, { a: [], b: ['a'] }, 500)).toEqual(['a 1 after 0.5', 'b 1 after 2']);
  });

  it('looks through what did not work itself', () => {
    expect(path({ a: [0, 3], c: [3, 4] }, { a: [], b: ['a'], c: ['b'] })).toEqual(['a 3', 'c 1']);
  });

  it('is empty when nothing worked, and ends although what came before goes round in a circle', () => {
    expect(path({}, { a: [] })).toEqual([]);
    expect(path({ a: [0, 1], b: [1, 2] }, { a: ['b'], b: ['a'] })).toEqual(['a 1', 'b 1']);
  });

  it('ends with the last target, and each step had ended before the next began', () => {
    const runs = fc.array(
      fc.record({
        needs: fc.array(fc.nat(), { maxLength: 3 }),
        seconds: fc.nat(50),
        waits: fc.nat(5),
        works: fc.boolean(),
      }),
      { minLength: 1, maxLength: 40 },
    );
    fc.assert(
      fc.property(runs, (targets) => {
        const spans = new Map<string, Span>();
        const before = new Map<string, string[]>();
        const ends: number[] = [];
        for (const [index, { needs, seconds, waits, works }] of targets.entries()) {
          const earlier = index === 0 ? [] : needs.map((need) => need % index);
          const ready = Math.max(0, ...earlier.map((other) => ends[other] ?? 0));
          const start = ready + waits * 1000;
          ends.push(works ? start + seconds * 1000 : ready);
          before.set(
            `t${index}`,
            [...new Set(earlier)].map((other) => `t${other}`),
          );
          if (works) spans.set(`t${index}`, { start, end: start + seconds * 1000 });
        }
        const steps = criticalPath(spans, before, 0);
        const last = Math.max(0, ...Array.from(spans.values(), ({ end }) => end));
        const told = steps.reduce((sum, { seconds, waitedSeconds }) => sum + seconds + waitedSeconds, 0);
        // Nothing is left out and nothing counted twice: steps and waits add up to the whole time.
        expect(told).toBeCloseTo(last / 1000);
      }),
    );
  });
});

describe('Timeline', () => {
  it('learns from events what worked, and what came before it', () => {
    const timeline = new Timeline();
    const events = [
      at(1).plan({ a: [], b: ['a'], c: ['b'] }),
      at(1).start('a'),
      at(3).end('a'),
      at(3).end('b', { outcome: 'fresh' }),
      at(4).start('c'),
      at(9).end('c'),
    ];
    for (const event of events) timeline.tell(event);
    expect(timeline.worked).toBe(2);
    expect(timeline.criticalPath()).toEqual([
      { target: 'a', seconds: 2, waitedSeconds: 0 },
      { target: 'c', seconds: 5, waitedSeconds: 1 },
    ]);
  });
});

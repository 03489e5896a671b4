import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { queuesOf } from '../../../../tasks/hadoop/queues.js';

const named = (capacities: readonly number[]) =>
  capacities.map((capacity, index) => ({ name: `vc${index}`, capacity }));

/** In hundredths of a percent: what a queue has, without errors of floating point. */
const hundredths = (capacity: number) => Math.round(capacity * 100);

describe('the queues of virtual clusters', () => {
  it('are default alone when there are none', () => {
    expect(queuesOf([])).toEqual({ queues: [{ name: 'default', capacity: 100 }] });
  });

  it('leave to default what they do not ask for', () => {
    expect(
      queuesOf([
        { name: 'vc1', capacity: 40 },
        { name: 'vc2', capacity: 12.5 },
      ]),
    ).toEqual({
      queues: [
        { name: 'default', capacity: 47.5 },
        { name: 'vc1', capacity: 40 },
        { name: 'vc2', capacity: 12.5 },
      ],
    });
  });

  it('are scaled down when they ask for more than there is, and tell from what', () => {
    expect(
      queuesOf([
        { name: 'vc1', capacity: 100 },
        { name: 'vc2', capacity: 50 },
        { name: 'vc3', capacity: 50 },
      ]),
    ).toEqual({
      queues: [
        { name: 'default', capacity: 0 },
        { name: 'vc1', capacity: 50 },
        { name: 'vc2', capacity: 25 },
        { name: 'vc3', capacity: 25 },
      ],
      scaledFrom: 200,
    });
  });

  it('are 100 together whatever they ask for, each within a hundredth of its share', () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0, max: 1000, noNaN: true }), { maxLength: 12 }), (capacities) => {
        const { queues, scaledFrom } = queuesOf(named(capacities));
        const asked = capacities.reduce((sum, capacity) => sum + capacity, 0);
        expect(queues.reduce((sum, { capacity }) => sum + hundredths(capacity), 0)).toBe(10_000);
        expect(scaledFrom !== undefined).toBe(asked > 100.000001);
        for (const [index, capacity] of capacities.entries()) {
          const share = (capacity * 100) / Math.max(asked, 100);
          expect(Math.abs((queues[index + 1]?.capacity ?? Number.NaN) - share)).toBeLessThanOrEqual(0.0100001);
        }
        for (const { capacity } of queues) expect(String(capacity)).toMatch(/^\d{1,3}(\.\d{1,2})?$/);
      }),
    );
  });

  it('have default once, with what the others leave, when it is written out', () => {
    expect(
      queuesOf([
        { name: 'default', capacity: 30 },
        { name: 'vc1', capacity: 60 },
      ]).queues,
    ).toEqual([
      { name: 'default', capacity: 40 },
      { name: 'vc1', capacity: 60 },
    ]);
  });

  it.each(['team.a', 'root'])('can not be called %s', (name) => {
    expect(() => queuesOf([{ name, capacity: 1 }])).toThrow(`virtualClusters: ${name} can't be the name of a queue`);
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nodeResources } from '../../../../tasks/hadoop/node-resources.js';

describe('what YARN may hand out of a machine', () => {
  it.each([
    // Half of what is too small for everything.
    [
      { memoryGb: 4, vcores: 2 },
      { memoryMb: 2048, vcores: 1 },
    ],
    // All but 6 GB.
    [
      { memoryGb: 16, vcores: 4 },
      { memoryMb: 10240, vcores: 3 },
    ],
    // All but a tenth.
    [
      { memoryGb: 224, vcores: 24 },
      { memoryMb: 206438, vcores: 23 },
    ],
    [
      { memoryGb: 0.5, vcores: 1 },
      { memoryMb: 256, vcores: 1 },
    ],
  ])('of %o is %o', (sku, resources) => {
    expect(nodeResources(sku)).toEqual(resources);
  });

  it('is never nothing, never all of its memory, and more of a larger one', () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.01, max: 10_000, noNaN: true }),
        fc.integer({ min: 1, max: 512 }),
        (memoryGb, vcores) => {
          const small = nodeResources({ memoryGb, vcores });
          const large = nodeResources({ memoryGb: memoryGb * 1.5, vcores: vcores + 1 });
          expect(Number.isInteger(small.memoryMb) && small.memoryMb > 0 && small.vcores > 0).toBe(true);
          expect(small.memoryMb).toBeLessThanOrEqual(memoryGb * 1024);
          expect(large.memoryMb).toBeGreaterThanOrEqual(small.memoryMb);
          expect(large.vcores).toBeGreaterThanOrEqual(small.vcores);
        },
      ),
    );
  });
});

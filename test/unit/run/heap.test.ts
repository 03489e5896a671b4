import fc from 'fast-check';
import { expect, test } from 'vitest';
import { Heap } from '../../../src/run/heap.js';

test('a heap hands out the least that is in it, whatever was put in and taken out before', () => {
  fc.assert(
    fc.property(fc.array(fc.option(fc.nat(20), { nil: undefined })), (steps) => {
      const heap = new Heap<number>((one, other) => one < other);
      const inside: number[] = [];
      for (const step of steps) {
        if (step === undefined) {
          inside.sort((one, other) => one - other);
          expect(heap.first).toBe(inside[0]);
          expect(heap.pop()).toBe(inside.shift());
        } else {
          heap.push(step);
          inside.push(step);
        }
      }
    }),
  );
});

import { order, truth } from './compare.js';
import type { Value } from './values.js';

/** Python's `sorted()`: stable; equal items keep their order also when it is reversed. */
export function sorted(items: readonly Value[], key: (item: Value) => Value, reverse: Value = false): Value[] {
  const keyed = items.map((item) => ({ item, key: key(item) }));
  const sign = reverse !== undefined && truth(reverse) ? -1 : 1;
  // One comparison at least, so that items without an order fail.
  keyed.sort((one, other) => sign * (order(one.key, other.key) || 0));
  return keyed.map(({ item }) => item);
}

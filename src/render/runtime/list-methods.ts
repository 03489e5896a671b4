import { equal } from './compare.js';
import { smallInteger } from './integers.js';
import { listOf } from './iterate.js';
import { type Method, method } from './methods.js';
import { fail } from './problem.js';
import { sorted } from './sorting.js';
import { changeable, owned, Tuple, type Value } from './values.js';

function itemsOf(target: Value): readonly Value[] {
  return target instanceof Tuple ? target.items : (target as Value[]);
}

function listIn(target: Value): Value[] {
  return changeable(target as Value[]);
}

/** Methods of lists; a tuple has `count` and `index` of them. What changes the list prints None, as in Python. */
export const listMethods: Readonly<Record<string, Method>> = {
  append: method('append', ['/object'], (list, item) => {
    listIn(list).push(item);
    return null;
  }),
  clear: method('clear', [], (list) => {
    listIn(list).length = 0;
    return null;
  }),
  copy: method('copy', [], (list) => owned([...itemsOf(list)])),
  count: method('count', ['/value'], (list, value) => itemsOf(list).filter((item) => equal(item, value)).length),
  extend: method('extend', ['/iterable'], (list, items) => {
    listIn(list).push(...listOf(items));
    return null;
  }),
  index: method('index', ['/value', '/start?', '/stop?'], (list, value, start, stop) => {
    const items = itemsOf(list);
    const bound = (given: Value, otherwise: number) => {
      const at = given === undefined ? otherwise : smallInteger(given, 'a bound of index()');
      return at < 0 ? Math.max(0, at + items.length) : at;
    };
    const [from, to] = [bound(start, 0), Math.min(bound(stop, items.length), items.length)];
    for (let at = from; at < to; at++) if (equal(items[at], value)) return at;
    return fail('the value is not in the list');
  }),
  insert: method('insert', ['/index', '/object'], (list, index, item) => {
    listIn(list).splice(smallInteger(index, 'the index of insert()'), 0, item);
    return null;
  }),
  pop: method('pop', ['/index?'], (list, index) => {
    const items = listIn(list);
    const at = index === undefined ? -1 : smallInteger(index, 'the index of pop()');
    const from = at < 0 ? at + items.length : at;
    if (from < 0 || from >= items.length) fail('pop index out of range');
    return items.splice(from, 1)[0];
  }),
  remove: method('remove', ['/value'], (list, value) => {
    const items = listIn(list);
    const at = items.findIndex((item) => equal(item, value));
    if (at < 0) fail('the value is not in the list');
    items.splice(at, 1);
    return null;
  }),
  reverse: method('reverse', [], (list) => {
    listIn(list).reverse();
    return null;
  }),
  sort: method('sort', ['*reverse?'], (list, reverse) => {
    const items = listIn(list);
    items.splice(0, items.length, ...sorted(items, (item) => item, reverse));
    return null;
  }),
};

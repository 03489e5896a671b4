import { describe, expect, it } from 'vitest';
import { assemble } from '../../../src/paifile/assemble.js';
import { declare } from '../../../src/paifile/declare.js';
import { type Language, paifile } from '../../../src/paifile/language.js';
import { outline, outlineOf } from '../../../src/paifile/outline.js';
import { fakeAction } from './actions.js';

const given = {
  cluster: (): never => {
    throw new Error('asked for the cluster');
  },
  project: { root: '/project', cache: '/project/.cache' },
  code: 'code',
};

const PAIFILE = ({ target, each, group, after, $ }: Language): void => {
  const one = target('one', {
    inputs: ['./a', '/project/b', 'c/*', '!c/d'],
    outputs: ['out/'],
    run: $`one ${1} ${['a']}`,
  });
  const two = target('two', () => ({ inputs: [], env: ['B', 'A'], values: { x: null }, run: async () => undefined }), {
    needs: [one, after(one)],
    description: 'second',
    retries: 1,
    manual: true,
  });
  const items = [{ name: 'h1' }, { name: 'h2' }];
  const all = each('each', items, ({ name }) => ({ inputs: [name], run: [$`a`, $`b`] }), {
    needs: (item, own) => (item === items[1] ? [after(one, two), own.of({ name: 'h1' })] : [two, two]),
  });
  group('both', 'both', [all, one]);
};

const outlined = (write: (language: Language) => void, code = 'code') => outline(paifile(write), { ...given, code });

describe('the outline of a paifile', () => {
  it('is the same whether it is noted or taken from what was checked', () => {
    const graph = assemble(declare(paifile(PAIFILE), given));
    const checked = outlineOf({ targets: graph.targets.values(), groups: graph.groups.values() }, 'code');
    expect(checked).toBeDefined();
    expect(outlined(PAIFILE)).toEqual(checked);
    expect(checked?.env).toEqual(['A', 'B']);
  });

  it.each<[string, (language: Language) => void]>([
    ['order', ({ target, $ }) => [target('b', { inputs: [], run: $`b` }), target('a', { inputs: [], run: $`a` })]],
    ['a name', ({ target, $ }) => [target('A', { inputs: [], run: $`a` }), target('b', { inputs: [], run: $`b` })]],
    ['a command', ({ target, $ }) => [target('a', { inputs: [], run: $`x` }), target('b', { inputs: [], run: $`b` })]],
    ['inputs', ({ target, $ }) => [target('a', { inputs: ['x'], run: $`a` }), target('b', { inputs: [], run: $`b` })]],
    ['no inputs', ({ target, $ }) => [target('a', { run: $`a` }), target('b', { inputs: [], run: $`b` })]],
    [
      'a need',
      ({ target, $ }) => {
        const needs = [target('a', { inputs: [], run: $`a` })];
        target('b', { inputs: [], run: $`b` }, { needs });
      },
    ],
    [
      'a manual target',
      ({ target, $ }) => {
        target('a', { inputs: [], run: $`a` }, { manual: true });
        target('b', { inputs: [], run: $`b` });
      },
    ],
    [
      'a group',
      ({ target, group, $ }) => {
        const members = [target('a', { inputs: [], run: $`a` })];
        target('b', { inputs: [], run: $`b` });
        group('g', 'g', members);
      },
    ],
  ])('tells another %s', (_, write) => {
    const plain = outlined(({ target, $ }) => {
      target('a', { inputs: [], run: $`a` });
      target('b', { inputs: [], run: $`b` });
    });
    expect(plain).toBeDefined();
    expect(outlined(write)?.text).not.toBe(plain?.text);
  });

  it('tells another text of the paifile, and an order-only need from a need', () => {
    expect(outlined(PAIFILE, 'other')?.text).not.toBe(outlined(PAIFILE)?.text);
    const needing = (order: boolean) =>
      outlined(({ target, after, $ }) => {
        const a = target('a', { inputs: [], run: $`a` });
        target('b', { inputs: [], run: $`b` }, { needs: [order ? after(a) : a] });
      });
    expect(needing(true)?.text).not.toBe(needing(false)?.text);
  });

  it('notes a task as it is when it is declared, also when the object is changed and used again', () => {
    const twice = (first: string) =>
      outlined(({ target, $ }) => {
        const task = { inputs: [first], run: $`a` };
        target('a', task);
        task.inputs = ['second'];
        target('b', task);
      });
    expect(twice('x')?.text).not.toBe(twice('y')?.text);
  });

  it.each<[string, (language: Language) => void]>([
    ['an action', ({ target }) => target('a', fakeAction)],
    ['tools', ({ target, $ }) => target('a', { inputs: [], tools: { node: $`node -v` }, run: $`a` })],
    ['a group of what is no reference', ({ group }) => group('g', 'g', ['a' as never])],
    ['an async function', (async () => undefined) as never],
  ])('is not made with %s', (_, write) => {
    expect(outlined(write)).toBeUndefined();
  });
});

import { describe, expect, test } from 'vitest';
import { buildGraph } from '../../../src/graph/graph.js';
import { PaiError } from '../../../src/model/errors.js';
import type { Declaration } from '../../../src/model/target.js';
import { type FakeDeclared, FakeWorld, fakeDeclaration, fakeGraph } from '../run/fakes.js';

const declaration = (declared: Record<string, FakeDeclared>): Declaration => fakeDeclaration(new FakeWorld(), declared);

function problem(declared: Declaration): PaiError {
  try {
    buildGraph(declared);
  } catch (thrown) {
    if (thrown instanceof PaiError) return thrown;
    throw thrown;
  }
  throw new Error('it was accepted');
}

describe('buildGraph', () => {
  test('links needs both ways, and takes through for an order-only need', () => {
    const graph = fakeGraph(new FakeWorld(), { a: {}, b: { needs: ['a'] }, c: { needs: ['>b'], through: ['a'] } });
    expect(graph.needs.get('c')).toEqual([
      { target: 'b', order: true },
      { target: 'a', order: true },
    ]);
    expect(graph.dependents.get('a')).toEqual(['b', 'c']);
  });

  test('takes a need that is also an order-only need for a need', () => {
    const graph = fakeGraph(new FakeWorld(), { a: {}, b: { needs: ['>a', 'a'], through: ['a'] } });
    expect(graph.needs.get('b')).toEqual([{ target: 'a', order: false }]);
  });

  test('tells a cycle with all its members in order', () => {
    const error = problem(
      declaration({ a: { needs: ['b'] }, b: { needs: ['>c'] }, c: { through: ['a'] }, d: { needs: ['a'] } }),
    );
    expect(error.code).toBe('CYCLE');
    expect(error.message).toContain('cycle: a -> b -> c -> a');
    expect(error.exitCode).toBe(2);
  });

  test('tells a target that needs itself', () => {
    expect(problem(declaration({ a: { needs: ['a'] } })).message).toContain('cycle: a -> a');
  });

  test('tells cycles that do not touch each other together', () => {
    const error = problem(
      declaration({ a: { needs: ['b'] }, b: { needs: ['a'] }, c: { needs: ['d'] }, d: { needs: ['c'] } }),
    );
    expect(error.details).toEqual(['cycle: a -> b -> a', 'cycle: c -> d -> c']);
  });

  test('tells a need that does not exist, with what was probably meant', () => {
    const error = problem(declaration({ 'host:h1': {}, 'worker:h1': { needs: ['hosts:h1'] } }));
    expect(error.code).toBe('PAIFILE_INVALID');
    expect(error.message).toContain('worker:h1 needs hosts:h1, which is no target; did you mean host:h1');
  });

  test('tells a need that is the name of a group', () => {
    const error = problem(declaration({ 'host:h1': { groups: ['hosts'] }, a: { needs: ['hosts'] } }));
    expect(error.message).toContain('a needs the group hosts by name');
  });

  test('tells all problems together', () => {
    const { targets, groups } = declaration({ a: { needs: ['x'] }, b: { needs: ['b'] }, g: { groups: ['g'] } });
    const error = problem({
      targets: [...targets, ...targets.slice(0, 1)],
      groups: [
        ...groups,
        { name: 'h', description: '', members: ['nobody'] },
        { name: 'h', description: '', members: [] },
      ],
    });
    expect(error.code).toBe('PAIFILE_INVALID');
    expect(error.details).toEqual([
      'target a is declared twice',
      'g is the name of a target and of a group',
      'group h has the member nobody, which is no target',
      'group h is declared twice',
      'a needs x, which is no target; did you mean a or b or g?',
      'cycle: b -> b',
    ]);
  });

  test('manages a chain that is deeper than the call stack', () => {
    const declared: Record<string, FakeDeclared> = {};
    for (let index = 0; index < 20_000; index++)
      declared[`t${index}`] = { needs: index < 19_999 ? [`t${index + 1}`] : [] };
    const graph = fakeGraph(new FakeWorld(), declared);
    expect(graph.order[0]).toBe('t19999');
  });
});

import { describe, expect, test } from 'vitest';
import { globExpression } from '../../../src/graph/glob.js';
import { buildGraph } from '../../../src/graph/graph.js';
import { everyTarget, select } from '../../../src/graph/select.js';
import { PaiError } from '../../../src/model/errors.js';
import { FakeWorld, fakeDeclaration } from '../run/fakes.js';

const declared = fakeDeclaration(new FakeWorld(), {
  pki: {},
  'worker:h1': { needs: ['pki'], groups: ['workers'] },
  'worker:h2': { groups: ['workers'] },
  'master:h1': {},
  'image:pylon': {},
  'service:pylon': { needs: ['image:pylon'] },
});
const empty = { name: 'proxy', description: '', members: [] };
const graph = buildGraph({ ...declared, groups: [...declared.groups, empty] });
const names = (...patterns: string[]): string[] => select(graph, patterns).map((target) => target.name);

function refused(...patterns: string[]): PaiError {
  try {
    select(graph, patterns);
  } catch (thrown) {
    if (thrown instanceof PaiError) return thrown;
  }
  throw new Error('it was accepted');
}

describe('select', () => {
  test('takes names of targets and groups', () => {
    expect(names('pki')).toEqual(['pki']);
    expect(names('workers')).toEqual(['worker:h1', 'worker:h2']);
  });

  test('takes globs', () => {
    expect(names('worker:*')).toEqual(['worker:h1', 'worker:h2']);
    expect(names('*:h1')).toEqual(['worker:h1', 'master:h1']);
    expect(names('worker:h?')).toEqual(['worker:h1', 'worker:h2']);
    expect(names('{image,service}:pylon')).toEqual(['image:pylon', 'service:pylon']);
    expect(names('*')).toHaveLength(6);
  });

  test('leaves manual targets out of all, unless they are named or needed', () => {
    const targets = declared.targets.map((target) => ({ ...target, manual: target.name.startsWith('image:') }));
    const some = buildGraph({ ...declared, targets });
    const chosen = (pattern: string) => select(some, [pattern]).map(({ name }) => name);
    expect(everyTarget(some).map(({ name }) => name)).toEqual(names('*').filter((name) => name !== 'image:pylon'));
    expect(chosen('*')).not.toContain('image:pylon');
    expect(chosen('image:*')).toEqual(['image:pylon']);
    expect(chosen('*:pylon')).toEqual(['image:pylon', 'service:pylon']);
  });

  test('gives each target once, needs first', () => {
    expect(names('service:*', 'workers', '*:h1', 'image:pylon', 'pki')).toEqual([
      'pki',
      'worker:h1',
      'worker:h2',
      'master:h1',
      'image:pylon',
      'service:pylon',
    ]);
  });

  test('takes a group without members for nothing', () => {
    expect(names('proxy')).toEqual([]);
  });

  test('tells an unknown name with what was probably meant', () => {
    const error = refused('wrokers');
    expect(error.code).toBe('UNKNOWN_NAME');
    expect(error.message).toBe('there is no target or group wrokers; did you mean workers?');
  });

  test('tells a glob that matches nothing', () => {
    expect(refused('etcd:*').message).toBe('no target matches etcd:*');
  });

  test('tells all unknown names together', () => {
    expect(refused('nonsense-zzz', 'pki', 'etcd:*').message).toBe(
      'there is no target or group nonsense-zzz\nno target matches etcd:*',
    );
  });
});

describe('globExpression', () => {
  test.each([
    ['a.b', 'a.b', true],
    ['a.b', 'axb', false],
    ['a*', 'ba', false],
    ['*', '', true],
    ['a**c', 'abbc', true],
    ['{a', '{a', true],
    ['{a,b.c}*', 'b.c9', true],
    ['{a,b.c}*', 'bxc', false],
    ['a+(b)', 'a+(b)', true],
    ['?', 'ab', false],
  ])('%s on %s is %s', (glob, name, matches) => {
    expect(globExpression(glob).test(name)).toBe(matches);
  });
});

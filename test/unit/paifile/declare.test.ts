import { describe, expect, expectTypeOf, it } from 'vitest';
import type { Host } from '../../../src/cluster/model.js';
import { PaiError } from '../../../src/model/errors.js';
import type { Target } from '../../../src/model/target.js';
import { assemble } from '../../../src/paifile/assemble.js';
import { declare } from '../../../src/paifile/declare.js';
import { type Collection, type Language, paifile } from '../../../src/paifile/language.js';
import { fakeAction, fakeCluster, fakeHost } from './actions.js';

const hosts = [fakeHost('h1'), fakeHost('h2')];
const cluster = fakeCluster(hosts);
const given = { cluster: () => cluster, project: { root: '/project', cache: '/project/.cache' }, code: 'code' };

function declared(write: (language: Language) => void) {
  const { targets, groups } = assemble(declare(paifile(write), given));
  return { targets, groups: [...groups.values()] };
}

function needs(target: Target | undefined): string[] | undefined {
  return target?.needs.map((need) => `${need.order ? 'after ' : ''}${need.target}`);
}

function problem(write: (language: Language) => void): PaiError {
  try {
    declared(write);
  } catch (error) {
    if (error instanceof PaiError) return error;
    throw error;
  }
  throw new Error('nothing was wrong');
}

describe('target', () => {
  it('has defaults for everything that is not told', () => {
    const { targets, groups } = declared(({ target }) => target('pki', fakeAction));
    expect(targets.get('pki')).toMatchObject({
      name: 'pki',
      description: '',
      needs: [],
      through: [],
      groups: [],
      rolling: false,
      timeoutSeconds: 1800,
      manual: false,
    });
    expect(groups).toEqual([]);
  });

  it('takes an action as well as a function that makes one', () => {
    const action = fakeAction();
    const { targets } = declared(({ target }) => {
      target('one', action);
      target('two', () => action);
    });
    expect(targets.get('one')?.action).toBe(action);
    expect(targets.get('two')?.action).toBe(action);
  });

  it('keeps its options', () => {
    const { targets } = declared(({ target, after: order }) => {
      const pki = target('pki', fakeAction);
      const hadoop = target('hadoop', fakeAction);
      const options = {
        description: 'it',
        needs: [pki, order(hadoop)],
        through: [pki],
        rolling: true,
        timeoutSeconds: 5,
        manual: true,
      };
      target('service', fakeAction, options);
    });
    const service = targets.get('service');
    expect(service).toMatchObject({
      description: 'it',
      through: ['pki'],
      rolling: true,
      timeoutSeconds: 5,
      manual: true,
    });
    expect(needs(service)).toEqual(['pki', 'after hadoop']);
  });
});

describe('each', () => {
  it('makes a target for each item and a group of them', () => {
    const { targets, groups } = declared(({ cluster, each }) =>
      each('worker', cluster.workers, fakeAction, { group: 'workers', description: 'a node' }),
    );
    expect([...targets.keys()]).toEqual(['worker:h1', 'worker:h2']);
    expect(targets.get('worker:h1')).toMatchObject({ groups: ['workers'], description: 'a node' });
    expect(groups).toEqual([{ name: 'workers', description: 'a node', members: ['worker:h1', 'worker:h2'] }]);
  });

  it('names the group after the prefix unless told, and makes an empty one for no items', () => {
    const { groups } = declared(({ each }) => each('proxy', [], fakeAction));
    expect(groups).toEqual([{ name: 'proxy', description: 'every proxy', members: [] }]);
  });

  it('makes the action once for each item', () => {
    const seen: string[] = [];
    declared(({ each }) =>
      each('worker', hosts, (host) => {
        seen.push(host.name);
        return fakeAction();
      }),
    );
    expect(seen).toEqual(['h1', 'h2']);
  });

  it('gives the same item of another collection as a need', () => {
    const { targets } = declared(({ cluster, each, after: order }) => {
      const prepared = each('host', cluster.hosts, fakeAction);
      each('worker', cluster.workers, fakeAction, { needs: (host) => [order(prepared.of(host))] });
    });
    expect(needs(targets.get('worker:h2'))).toEqual(['after host:h2']);
  });

  it('lets items need each other, also those that come later in the list', () => {
    const images = [
      { name: 'zookeeper', prerequisites: ['base-image'] },
      { name: 'base-image', prerequisites: [] },
    ];
    const { targets } = declared(({ each }) =>
      each('image', images, fakeAction, { needs: (image, own) => image.prerequisites.map((name) => own.named(name)) }),
    );
    expect(needs(targets.get('image:zookeeper'))).toEqual(['image:base-image']);
  });

  it('takes names and descriptions from functions', () => {
    const { targets } = declared(({ each }) => {
      const made = each('node', hosts, fakeAction, {
        name: (host) => `${host.name}-x`,
        description: (host) => `of ${host.name}`,
      });
      expect(made.of(fakeHost('h2')).name).toBe('node:h2-x');
    });
    expect(targets.get('node:h1-x')?.description).toBe('of h1');
  });

  it('infers the type of its items', () => {
    declared(({ cluster, each }) => {
      const made = each('host', cluster.hosts, (host) => {
        expectTypeOf(host).toEqualTypeOf<Host>();
        return fakeAction();
      });
      expectTypeOf(made).toEqualTypeOf<Collection<Host>>();
      each('image', [{ name: 'a', size: 1 }], fakeAction, {
        needs: (image, own) => {
          expectTypeOf(image.size).toBeNumber();
          expectTypeOf(own.named).returns.toHaveProperty('name');
          return [];
        },
      });
    });
  });
});

describe('needs', () => {
  it('take whole collections and groups', () => {
    const { targets } = declared(({ each, group, target, after: order }) => {
      const workers = each('worker', hosts, fakeAction);
      const all = group('kubernetes', 'all of it', [workers]);
      target('one', fakeAction, { needs: [workers] });
      target('two', fakeAction, { needs: [order(all)], through: [all] });
    });
    expect(needs(targets.get('one'))).toEqual(['worker:h1', 'worker:h2']);
    expect(needs(targets.get('two'))).toEqual(['after worker:h1', 'after worker:h2']);
    expect(targets.get('two')?.through).toEqual(['worker:h1', 'worker:h2']);
  });

  it('name each target once, and a need outweighs an order', () => {
    const { targets } = declared(({ target, after: order }) => {
      const a = target('a', fakeAction);
      const b = target('b', fakeAction);
      target('c', fakeAction, { needs: [order(a, b), a] });
      target('d', fakeAction, { needs: [a, order(a)] });
    });
    expect(needs(targets.get('c'))).toEqual(['a', 'after b']);
    expect(needs(targets.get('d'))).toEqual(['a']);
  });

  it('do not compile with what is not a reference', () => {
    const error = problem(({ target, after: order, group }) => {
      const pki = target('pki', fakeAction);
      // @ts-expect-error a name is not a reference: it could be misspelt
      target('a', fakeAction, { needs: ['pki'] });
      // @ts-expect-error an order is not a member
      group('all', '', [order(pki)]);
      // @ts-expect-error what only looks like a reference is none
      target('b', fakeAction, { needs: [{ name: 'pki', targets: ['pki'] }] });
    });
    expect(error.details).toHaveLength(3);
    expect(error.details[0]).toContain('needs of a: pki is not something that target, each or group returned');
  });

  it('do not compile with an item of another type', () => {
    problem(({ each }) => {
      const workers = each('worker', hosts, fakeAction);
      // @ts-expect-error an image is not a host
      workers.of({ name: 'pylon' });
    });
  });
});

describe('group', () => {
  it('comes after the group of its own in each member, so that rolling goes by that one', () => {
    const { targets } = declared(({ each, group }) => {
      group('kubernetes', 'all of it', [each('worker', hosts, fakeAction, { group: 'workers' })]);
    });
    expect(targets.get('worker:h1')?.groups).toEqual(['workers', 'kubernetes']);
  });
});

describe('problems', () => {
  it('tell that a collection has no such item, and which one was probably meant', () => {
    const error = problem(({ each, target }) => {
      const workers = each('worker', hosts, fakeAction);
      target('a', fakeAction, { needs: [workers.named('h3')] });
    });
    expect(error).toMatchObject({ code: 'PAIFILE_INVALID', exitCode: 2 });
    expect(error.message).toBe('there is no target worker:h3 in this collection; did you mean worker:h1 or worker:h2?');
  });

  it('are told together', () => {
    const error = problem(({ target, each, group }) => {
      target('a b', fakeAction);
      target('twice', fakeAction);
      target('twice', fakeAction);
      target('slow', fakeAction, { timeoutSeconds: 0 });
      each('x*', [{ name: 'y' }], fakeAction, { group: 'g' });
      group('g', '', []);
      group('G:', '', []);
    });
    expect(error.message).toBe('the paifile has 6 problems');
    expect(error.details).toEqual([
      "'a b' can't be the name of a target",
      'target twice is declared twice',
      'timeoutSeconds of slow must be more than 0, not 0',
      "'x*:y' can't be the name of a target",
      'group g is declared twice',
      "'G:' can't be the name of a group",
    ]);
  });

  it('say where they are', () => {
    const write = paifile(({ target }) => target('A', fakeAction));
    expect(() => assemble(declare(write, given, () => 'paifile.ts:3:5'))).toThrow(
      expect.objectContaining({ where: 'paifile.ts:3:5' }),
    );
  });

  it('forbid an async paifile, of which only the first part would be declared', () => {
    const error = problem(async ({ target }) => {
      target('a', fakeAction);
      await Promise.reject(new Error('late'));
    });
    expect(error.message).toBe('the function given to paifile() must not be async');
  });
});

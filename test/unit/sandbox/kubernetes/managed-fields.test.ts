import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { JsonObject } from '../../../../src/model/json.js';
import { ownableFields, pathText } from '../../../../src/sandbox/kubernetes/fields.js';
import { applyFields } from '../../../../src/sandbox/kubernetes/managed-fields.js';

/** Fields of an object as texts: what it says, whatever the order of keyed lists. */
function fieldsOf(object: JsonObject): Readonly<Record<string, unknown>> {
  const named = [...ownableFields(object, false)].map(([key, value]) => [pathText(key.split('\n')), value] as const);
  return Object.fromEntries(named);
}

const name = fc.constantFrom('a', 'b', 'c');
const texts = fc.dictionary(name, name, { maxKeys: 3 });
const variables = fc.uniqueArray(fc.record({ name, value: name }), { selector: (one) => one.name, maxLength: 3 });
const container = fc.record({
  name,
  image: name,
  command: fc.array(name, { minLength: 1, maxLength: 2 }),
  env: variables,
});
const containers = fc.uniqueArray(container, { selector: (one) => one.name, minLength: 1, maxLength: 3 });

/** A Deployment; empty lists and mappings are left out, as in a manifest. */
const deployment = fc.record({ labels: texts, containers }).map(({ labels, containers: list }): JsonObject => {
  const written = list.map(({ env, ...rest }) => (env.length === 0 ? rest : { ...rest, env }));
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: { name: 'x', ...(Object.keys(labels).length === 0 ? {} : { labels }) },
    spec: { template: { spec: { containers: written } } },
  };
});

const apply = (live: JsonObject | undefined, manager: string, applied: JsonObject): JsonObject =>
  applyFields(live, { manager, force: true, apiVersion: 'apps/v1', applied, custom: false, now: 'now' });

describe('server-side apply by one manager', () => {
  it('leaves what was applied last, whatever was applied before', () => {
    fc.assert(
      fc.property(deployment, deployment, (first, second) => {
        const live = apply(apply(undefined, 'one', first), 'one', second);
        expect(fieldsOf(live)).toEqual(fieldsOf(second));
      }),
    );
  });

  it('run again changes nothing', () => {
    fc.assert(
      fc.property(deployment, deployment, (first, second) => {
        const live = apply(apply(undefined, 'one', first), 'two', second);
        expect(apply(live, 'two', second)).toEqual(live);
      }),
    );
  });
});

describe('server-side apply by two managers', () => {
  it('leaves, when one of them drops everything, what the other still owns', () => {
    fc.assert(
      fc.property(deployment, deployment, (first, second) => {
        const both = apply(apply(undefined, 'one', first), 'two', second);
        const left = fieldsOf(
          apply(both, 'two', { apiVersion: 'apps/v1', kind: 'Deployment', metadata: { name: 'x' } }),
        );
        const [mine, theirs] = [fieldsOf(first), fieldsOf(second)];
        // What the second set differently is the second's, and gone with it; all else of the first is as it was.
        const kept = Object.keys(mine).filter(
          (key) => !(key in theirs) || JSON.stringify(mine[key]) === JSON.stringify(theirs[key]),
        );
        expect(left).toEqual(Object.fromEntries(kept.map((key) => [key, mine[key]])));
      }),
    );
  });
});

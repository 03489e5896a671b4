import { describe, expect, it } from 'vitest';
import { targetOf } from '../../../../src/sandbox/kubernetes/discovery.js';
import { BUILT_IN_KINDS } from '../../../../src/sandbox/kubernetes/kinds.js';
import { splitImage } from '../../../../src/sandbox/kubernetes/node-images.js';
import { jsonPatch, mergePatch, strategicPatch } from '../../../../src/sandbox/kubernetes/patch.js';
import { fieldTest, labelTest } from '../../../../src/sandbox/kubernetes/selectors.js';

describe('a path of the API', () => {
  it.each([
    ['/api/v1/pods', 'Pod', '', '', ''],
    ['/api/v1/namespaces/default', 'Namespace', '', 'default', ''],
    ['/api/v1/namespaces/default/status', 'Namespace', '', 'default', 'status'],
    ['/api/v1/namespaces/default/pods/x/log', 'Pod', 'default', 'x', 'log'],
    ['/apis/apps/v1/namespaces/a/deployments', 'Deployment', 'a', '', ''],
    ['/apis/rbac.authorization.k8s.io/v1/clusterroles/system%3Anode', 'ClusterRole', '', 'system:node', ''],
  ])('%s leads to its kind', (path, kind, namespace, name, subresource) => {
    const target = targetOf(path, BUILT_IN_KINDS);
    expect(target).toMatchObject({ namespace, name, subresource });
    expect(target?.kind.kind).toBe(kind);
  });

  it.each([
    '/api/v1/deployments',
    '/apis/apps/v2/deployments',
    '/apis/x/v1/y',
    '/api/v1/namespaces/a/nodes',
    '/metrics',
  ])('%s leads nowhere', (path) => expect(targetOf(path, BUILT_IN_KINDS)).toBeUndefined());
});

describe('a label selector', () => {
  it.each([
    ['a=1', true],
    ['a==1,b', true],
    ['a!=1', false],
    ['c!=1', true],
    ['a in (1, 2),!c', true],
    ['a notin (1)', false],
    ['pai/x=y', true],
    ['b=', true],
    ['c', false],
  ])('%s', (selector, matches) => {
    expect(labelTest(selector)({ a: '1', b: '', 'pai/x': 'y' })).toBe(matches);
  });

  it('that can not be read is refused', () => {
    expect(() => labelTest('a ~ b')).toThrow('unable to parse requirement');
  });
});

it('a field selector compares texts, and what is not there is empty', () => {
  const object = { metadata: { name: 'x' }, type: 'Warning' };
  expect(fieldTest('metadata.name=x,type=Warning')(object)).toBe(true);
  expect(fieldTest('metadata.name!=x')(object)).toBe(false);
  expect(fieldTest('spec.nodeName=')(object)).toBe(true);
});

describe('a patch', () => {
  it('merges, and null removes', () => {
    expect(mergePatch({ a: { b: 1, c: 2 }, d: [1] }, { a: { b: null, e: 3 }, d: [2] })).toEqual({
      a: { c: 2, e: 3 },
      d: [2],
    });
  });

  it('merges lists by their keys when it is strategic', () => {
    const live = {
      spec: {
        containers: [
          { name: 'a', image: '1' },
          { name: 'b', image: '1' },
        ],
      },
    };
    expect(strategicPatch(live, { spec: { containers: [{ name: 'b', image: '2' }] } }, false)).toEqual({
      spec: {
        containers: [
          { name: 'a', image: '1' },
          { name: 'b', image: '2' },
        ],
      },
    });
  });

  it('goes step by step when it is a list of operations', () => {
    const steps = [
      { op: 'test', path: '/a', value: 1 },
      { op: 'add', path: '/list/-', value: 'z' },
      { op: 'remove', path: '/list/0' },
      { op: 'replace', path: '/labels/pai~1x', value: 'new' },
    ];
    expect(jsonPatch({ a: 1, list: ['x', 'y'], labels: { 'pai/x': 'old' } }, steps)).toEqual({
      a: 1,
      list: ['y', 'z'],
      labels: { 'pai/x': 'new' },
    });
    expect(() => jsonPatch({ a: 1 }, [{ op: 'test', path: '/a', value: 2 }])).toThrow('failed');
    expect(() => jsonPatch({ a: 1 }, [{ op: 'remove', path: '/b' }])).toThrow('no value at /b');
  });
});

it.each([
  ['ns/app', 'ns/app', 'latest'],
  ['ns/app:v1', 'ns/app', 'v1'],
  ['ns/app@sha256:abc', 'ns/app', 'sha256:abc'],
  ['ns/app:v1@sha256:abc', 'ns/app', 'sha256:abc'],
])('the image %s is %s and %s', (image, repository, reference) => {
  expect(splitImage(image)).toEqual({ repository, reference });
});

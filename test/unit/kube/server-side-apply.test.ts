import { describe, expect, it } from 'vitest';
import type { KubeObject } from '../../../src/model/drivers.js';
import type { Json, JsonObject } from '../../../src/model/json.js';
import { listAt, objectAt, textAt, valueAt } from '../../../src/model/json-path.js';
import { failureOf, onEachCluster } from './driver-fixture.js';
import { configMap, deployment, object } from './objects-fixture.js';

/** What the driver relies on when it applies: who owns which field, and what becomes of those that nobody owns. */
onEachCluster('server-side apply', (cluster) => {
  const pathOf = (one: KubeObject): string => {
    const root = one.apiVersion === 'v1' ? '/api/v1' : `/apis/${one.apiVersion}`;
    return `${root}/namespaces/default/${one.kind.toLowerCase()}s/${one.metadata.name}`;
  };

  async function apply(manager: string, one: KubeObject, force = true): Promise<JsonObject> {
    const answer = await cluster().client.send({
      method: 'PATCH',
      path: pathOf(one),
      contentType: 'application/apply-patch+yaml',
      query: { fieldManager: manager, force: String(force) },
      body: one,
      what: 'apply',
    });
    return answer ?? {};
  }

  async function merge(manager: string, one: KubeObject, body: JsonObject): Promise<JsonObject> {
    const answer = await cluster().client.send({
      method: 'PATCH',
      path: pathOf(one),
      contentType: 'application/merge-patch+json',
      query: { fieldManager: manager },
      body,
      what: 'patch',
    });
    return answer ?? {};
  }

  const remove = (one: KubeObject) => cluster().client.send({ method: 'DELETE', path: pathOf(one), what: 'delete' });

  /** What managers own: name and operation -> fields. */
  const owners = (live: JsonObject): Readonly<Record<string, Json>> =>
    Object.fromEntries(
      listAt(live, 'metadata', 'managedFields')
        .filter((entry) => !textAt(entry, 'manager')?.startsWith('kube-'))
        .map((entry) => [`${textAt(entry, 'manager')} ${textAt(entry, 'operation')}`, objectAt(entry, 'fieldsV1')]),
    );
  const containersOf = (live: JsonObject): readonly Json[] => listAt(live, 'spec', 'template', 'spec', 'containers');

  describe('of a ConfigMap', () => {
    it('names the fields that were applied, and takes those away that are not applied any more', async () => {
      const live = await apply('one', configMap('fields', { a: '1', b: '2' }));
      expect(owners(live)).toEqual({ 'one Apply': { 'f:data': { 'f:a': {}, 'f:b': {} } } });
      const less = await apply('one', configMap('fields', { b: '2' }));
      expect(valueAt(less, 'data')).toEqual({ b: '2' });
      expect(owners(less)).toEqual({ 'one Apply': { 'f:data': { 'f:b': {} } } });
      await remove(configMap('fields'));
    });

    it('keeps a field that another owner still applies', async () => {
      await apply('one', configMap('shared', { a: '1', b: '2' }));
      await apply('two', configMap('shared', { a: '1' }));
      const live = await apply('one', configMap('shared', { b: '2' }));
      expect(valueAt(live, 'data')).toEqual({ a: '1', b: '2' });
      expect(owners(live)).toEqual({
        'one Apply': { 'f:data': { 'f:b': {} } },
        'two Apply': { 'f:data': { 'f:a': {} } },
      });
      await remove(configMap('shared'));
    });

    it('refuses another value of a field that somebody owns, and takes the field over by force', async () => {
      await apply('one', configMap('contested', { a: '1', b: '2' }));
      const error = await failureOf(apply('two', configMap('contested', { a: 'other' }), false));
      expect(error.code).toBe('KUBE_REFUSED');
      expect(error.message).toContain('conflict with "one"');
      expect(error.message).toContain('.data.a');
      const live = await apply('two', configMap('contested', { a: 'other' }));
      expect(owners(live)).toEqual({
        'one Apply': { 'f:data': { 'f:b': {} } },
        'two Apply': { 'f:data': { 'f:a': {} } },
      });
      await remove(configMap('contested'));
    });

    it('loses what is patched to who patched it, and what is patched away to nobody', async () => {
      await apply('one', configMap('patched', { a: '1', b: '2', c: '3' }));
      const live = await merge('two', configMap('patched'), { data: { a: 'other', b: null } });
      expect(valueAt(live, 'data')).toEqual({ a: 'other', c: '3' });
      expect(owners(live)).toEqual({
        'one Apply': { 'f:data': { 'f:c': {} } },
        'two Update': { 'f:data': { 'f:a': {} } },
      });
      await remove(configMap('patched'));
    });

    it('run again changes nothing', async () => {
      const first = await apply('one', configMap('again', { a: '1' }));
      const second = await apply('one', configMap('again', { a: '1' }));
      expect(valueAt(second, 'metadata', 'resourceVersion')).toBe(valueAt(first, 'metadata', 'resourceVersion'));
      await remove(configMap('again'));
    });
  });

  describe('of a Deployment', () => {
    const withContainers = (...containers: readonly JsonObject[]) =>
      deployment('listed', { replicas: 0 }, { containers: [...containers] });
    const main = { name: 'main', image: 'registry.example/main:1' };
    const side = { name: 'side', image: 'registry.example/side:1' };

    it('names containers, ports and variables by their keys', async () => {
      const one = withContainers({
        ...main,
        ports: [{ containerPort: 80, protocol: 'TCP' }],
        env: [{ name: 'A', value: '1' }],
      });
      const live = await apply('one', one);
      expect(owners(live)).toEqual({
        'one Apply': {
          'f:spec': {
            'f:replicas': {},
            'f:selector': expect.anything(),
            'f:template': {
              'f:metadata': { 'f:labels': { 'f:app': {} } },
              'f:spec': {
                'f:containers': {
                  'k:{"name":"main"}': {
                    '.': {},
                    'f:name': {},
                    'f:image': {},
                    'f:env': { 'k:{"name":"A"}': { '.': {}, 'f:name': {}, 'f:value': {} } },
                    'f:ports': {
                      'k:{"containerPort":80,"protocol":"TCP"}': { '.': {}, 'f:containerPort': {}, 'f:protocol': {} },
                    },
                  },
                },
              },
            },
          },
        },
      });
      await remove(one);
    });

    it('merges containers of several owners, and removes one that its owner dropped', async () => {
      await apply('one', withContainers(main));
      const both = await apply('two', withContainers(main, side));
      expect(containersOf(both).map((one) => textAt(one, 'name'))).toEqual(['main', 'side']);
      const less = await apply('two', withContainers(main));
      expect(containersOf(less).map((one) => textAt(one, 'name'))).toEqual(['main']);
      await remove(withContainers(main));
    });

    it('replaces a list without keys whole', async () => {
      await apply('one', withContainers({ ...main, command: ['sh', '-c', 'a'] }));
      const live = await apply('one', withContainers({ ...main, command: ['sh', 'b'] }));
      expect(valueAt(containersOf(live)[0], 'command')).toEqual(['sh', 'b']);
      await remove(withContainers(main));
    });

    it('goes to another generation with its specification only', async () => {
      const first = await apply('one', withContainers(main));
      const labelled = { ...withContainers(main), metadata: { name: 'listed', labels: { a: 'b' } } };
      expect(valueAt(await apply('one', labelled), 'metadata', 'generation')).toBe(1);
      const changed = await apply('one', withContainers({ ...main, image: 'registry.example/main:2' }));
      expect(valueAt(first, 'metadata', 'generation')).toBe(1);
      expect(valueAt(changed, 'metadata', 'generation')).toBe(2);
      await remove(withContainers(main));
    });

    it('is refused another selector', async () => {
      await apply('one', withContainers(main));
      const spec = { ...objectAt(withContainers(main), 'spec'), selector: { matchLabels: { app: 'other' } } };
      const template = { ...objectAt(spec, 'template'), metadata: { labels: { app: 'other' } } };
      const other = object('apps/v1', 'Deployment', 'listed', { spec: { ...spec, template } });
      const error = await failureOf(apply('one', other));
      expect(error.code).toBe('KUBE_REFUSED');
      expect(error.message).toContain('field is immutable');
      await remove(withContainers(main));
    });
  });
});

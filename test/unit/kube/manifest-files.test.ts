import { loadAll } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { manifestFiles } from '../../../src/kube/manifest-files.js';
import type { KubeObject } from '../../../src/model/drivers.js';
import { configMap, object } from './objects-fixture.js';

function from(template: string, made: KubeObject): KubeObject {
  return { ...made, metadata: { ...made.metadata, annotations: { 'pai/template': template } } };
}

describe('objects as files', () => {
  it('go to one file for each template, in their order', async () => {
    const objects = [
      from('services/pylon/pylon.yaml.template', configMap('a', { text: 'one\ntwo\n', number: '0644' })),
      from('services/pylon/other.yaml', configMap('b')),
      from('services/pylon/pylon.yaml.template', configMap('c')),
    ];
    const files = await manifestFiles(objects);
    expect(files.map(({ path, mode }) => [path, mode])).toEqual([
      ['pylon.yaml', 0o644],
      ['other.yaml', 0o644],
    ]);
    expect(loadAll(String(files[0]?.content))).toEqual([objects[0], objects[2]]);
  });

  it('that come from no template have files of their own', async () => {
    const role = object('rbac.authorization.k8s.io/v1', 'ClusterRole', 'pai:administrators');
    const [file] = await manifestFiles([role]);
    expect(file?.path).toBe('clusterrole-pai-administrators.yaml');
  });

  it('are secret where one of them is', async () => {
    const [file] = await manifestFiles([
      from('a.yaml', configMap('a')),
      from('a.yaml', object('v1', 'Secret', 'b', { data: { password: 'aHVzaA==' } })),
    ]);
    expect(file).toMatchObject({ path: 'a.yaml', mode: 0o600, secret: true });
  });
});

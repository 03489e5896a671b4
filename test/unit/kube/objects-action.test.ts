import { describe, expect, it } from 'vitest';
import { objectsAction } from '../../../src/kube/objects-action.js';
import type { KubeDriver, KubeObject, KubeWork, PkiDriver } from '../../../src/model/drivers.js';
import { fakeContext, fakeStamp } from './fake-context.js';
import { fakeTemplates } from './fake-templates.js';
import { deployment } from './objects-fixture.js';

const secret: KubeObject = {
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name: 'pull' },
  stringData: { password: 'x' },
};
const role: KubeObject = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  metadata: { name: 'reader' },
};

/** Records what it is asked to do. */
function fakeKube(asked: unknown[]): KubeDriver {
  return {
    observe: async (target) => {
      asked.push(['observe', target]);
      return { kind: 'known', present: false };
    },
    apply: async (work: KubeWork, context) => {
      asked.push(['apply', work]);
      return context.stamp();
    },
    clean: async (context) => {
      asked.push(['clean', context.target]);
    },
    previous: async () => undefined,
    deleteNode: async () => undefined,
    nodes: async () => [],
    cordon: async () => undefined,
    uncordon: async () => undefined,
    drain: async () => undefined,
    targets: async () => [],
    states: async () => [],
    logs: async () => 0,
    stop: async () => undefined,
    restart: async () => undefined,
    relabel: async () => true,
    kubeconfig: async () => '',
    close: async () => undefined,
  };
}

describe('an action of objects', () => {
  it('has a part for every object, secrets keyed, and one for the node labels', async () => {
    const nodeLabels = { '10.0.0.1': { pylon: 'true' } };
    const action = objectsAction({ objects: async () => [secret, role], nodeLabels });
    const { parts } = await action.desired(fakeContext('service:pylon'));
    expect(parts).toEqual([
      { name: 'Secret default/pull', value: secret, secret: true },
      { name: 'ClusterRole reader', value: role },
      { name: 'node-labels', value: nodeLabels },
    ]);
  });

  it('rolls the pods that use a Secret of its own when that changes', async () => {
    const spec = { volumes: [{ name: 'pull', secret: { secretName: 'pull' } }] };
    const partOf = async (password: string) => {
      const changed = { ...secret, stringData: { password } };
      const action = objectsAction({ objects: async () => [changed, deployment('web', {}, spec)] });
      const pki = { fingerprintKey: async () => new Uint8Array(32) } as unknown as PkiDriver;
      const { parts } = await action.desired(fakeContext('service:pylon', { drivers: { pki } }));
      return parts.find(({ name }) => name === 'Deployment default/web')?.value;
    };
    expect(await partOf('x')).toEqual(await partOf('x'));
    expect(await partOf('x')).not.toEqual(await partOf('y'));
  });

  it('occupies kubernetes, or what it is told to', () => {
    const objects = async () => [];
    expect(objectsAction({ objects }).pools).toEqual(['kubernetes']);
    expect(objectsAction({ objects, pools: ['docker'] }).pools).toEqual(['docker']);
  });

  it('observes, applies and cleans through the driver', async () => {
    const asked: unknown[] = [];
    const context = fakeContext('service:pylon', { drivers: { kube: fakeKube(asked) } });
    const action = objectsAction({ objects: async () => [role] });
    await action.observe(context);
    const { apply } = await action.desired(context);
    expect(await apply(context)).toEqual(fakeStamp('service:pylon'));
    await action.clean(context);
    expect(asked).toEqual([
      ['observe', 'service:pylon'],
      ['apply', { objects: [role], nodeLabels: {} }],
      ['clean', 'service:pylon'],
    ]);
  });

  it('refuses an object that two manifests declare, and names both files', async () => {
    const text = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: settings\n';
    const templates = fakeTemplates({
      'services/pylon/a.yaml': text,
      'services/pylon/b.yaml': `${text}  namespace: default\n`,
    });
    const action = objectsAction({ manifests: { folder: 'services/pylon', variables: () => ({}) } });
    await expect(action.desired(fakeContext('service:pylon', { drivers: { templates } }))).rejects.toMatchObject({
      code: 'TEMPLATE',
      message:
        'ConfigMap default/settings is declared twice: in templates/services/pylon/a.yaml and in templates/services/pylon/b.yaml',
    });
  });
});

import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { inventoryId } from '../../../src/kube/inventory.js';
import { KEPT_REVISIONS, listRevisions } from '../../../src/kube/revisions.js';
import type { KubeObject } from '../../../src/model/drivers.js';
import type { Json } from '../../../src/model/json.js';
import { listAt, valueAt } from '../../../src/model/json-path.js';
import type { Stamp } from '../../../src/model/stamp.js';
import { failureOf, NODES, onEachCluster } from './driver-fixture.js';
import { fakeStamp } from './fake-context.js';
import { configMap, deployment, object, work } from './objects-fixture.js';

onEachCluster('what the Kubernetes driver applied before', (cluster, played) => {
  /** A target, and what its runs are told apart by. */
  function targetOf(name: string) {
    const context = cluster().contextFor(`service:${name}`);
    const stampOf = (run: string): Stamp => ({
      ...fakeStamp(context.target),
      fingerprint: run.padEnd(64, '0'),
      run,
    });
    const driver = cluster().newDriver();
    return {
      context,
      driver,
      apply: (run: string, ...made: readonly KubeObject[]) =>
        driver.apply(work(made), { ...context, stamp: () => stampOf(run) }),
      rollBack: async (): Promise<readonly string[] | undefined> => {
        const previous = await driver.previous(context);
        await previous?.restore({ ...context, target: 'rollback:another-name' });
        return previous?.changes;
      },
      run: async (): Promise<string | undefined> => {
        const seen = await driver.observe(context.target);
        return seen.kind === 'known' ? seen.stamp?.run : undefined;
      },
      revisions: async () => (await listRevisions(cluster().objects, context.target)).map(({ number }) => number),
    };
  }

  const dataOf = async (name: string): Promise<Json | undefined> =>
    valueAt(await cluster().read('ConfigMap', name, 'default'), 'data');
  const settings = (a: string) => configMap('settings', { a });

  it('comes back: objects that changed, that went and that came, with the stamp of then', async () => {
    const { apply, rollBack, run, driver, context } = targetOf('back');
    await apply('one', settings('1'), configMap('goes', { b: '1' }), configMap('stays'));
    await apply('two', settings('2'), configMap('comes'), configMap('stays'));
    expect(await driver.previous(context)).toMatchObject({ what: 'revision 1, of run one' });
    expect(await rollBack()).toEqual([
      'changes ConfigMap default/settings',
      'brings back ConfigMap default/goes',
      'removes ConfigMap default/comes',
    ]);
    expect([await dataOf('settings'), await dataOf('goes'), await dataOf('comes')]).toEqual([
      { a: '1' },
      { b: '1' },
      undefined,
    ]);
    // The stamp is of what is there, so a plan says what differs from the templates.
    expect(await driver.observe(context.target)).toMatchObject({ stamp: { run: 'one' } });
    expect(await driver.observe(context.target)).not.toHaveProperty('problem');
    expect(await run()).toBe('one');
  }, 60_000);

  it('goes further back each time, until there is no more', async () => {
    const { apply, rollBack, run } = targetOf('further');
    await apply('one', settings('1'));
    await apply('two', settings('2'));
    await apply('three', settings('3'));
    await rollBack();
    expect(await run()).toBe('two');
    await rollBack();
    expect([await run(), await dataOf('settings')]).toEqual(['one', { a: '1' }]);
    expect(await rollBack()).toBeUndefined();
    expect(await run()).toBe('one');
  }, 60_000);

  it('is what ran before a new run, not what was rolled back', async () => {
    const { apply, rollBack, run, revisions } = targetOf('again');
    await apply('one', settings('1'));
    await apply('two', settings('2'));
    await rollBack();
    await apply('three', settings('3'));
    expect(await revisions()).toEqual([3, 1]);
    await rollBack();
    expect(await run()).toBe('one');
  }, 60_000);

  it('is nothing for a target that was applied once, or never, or cleaned', async () => {
    const { apply, driver, context, revisions } = targetOf('once');
    expect(await driver.previous(context)).toBeUndefined();
    await apply('one', settings('1'));
    expect(await driver.previous(context)).toBeUndefined();
    await apply('two', settings('2'));
    expect(await driver.previous(context)).toBeDefined();
    await driver.clean(context);
    expect(await driver.previous(context)).toBeUndefined();
    expect(await revisions()).toEqual([]);
  }, 60_000);

  it('is not pushed out by the same manifests again, nor by a repair', async () => {
    const { apply, rollBack, run, revisions } = targetOf('same');
    await apply('one', settings('1'));
    await apply('two', settings('2'));
    await apply('two', settings('2'));
    expect(await revisions()).toEqual([2, 1]);
    // The same manifests with another fingerprint: something else that they depend on changed.
    await apply('three', settings('2'));
    expect(await revisions()).toEqual([3, 1]);
    await rollBack();
    expect(await run()).toBe('one');
  }, 60_000);

  it('is kept for a few runs', async () => {
    const { apply, revisions } = targetOf('many');
    const runs = Array.from({ length: KEPT_REVISIONS + 2 }, (_, index) => `run-${index + 1}`);
    for (const run of runs) await apply(run, settings(run));
    expect(await revisions()).toEqual([7, 6, 5, 4, 3]);
  }, 60_000);

  it('is not kept when it is too large for a Secret, which is told, and does not fail', async () => {
    const { context, apply, run, revisions } = targetOf('large');
    const noise = () => randomBytes(600_000).toString('base64');
    const [one, two] = [configMap('large-1', { a: noise() }), configMap('large-2', { a: noise() })];
    await apply('one', settings('1'));
    await apply('two', one, two);
    expect(await run()).toBe('two');
    expect(await revisions()).toEqual([1]);
    expect(context.lines).toContainEqual(expect.stringMatching(/too large to be kept .*: no --rollback to them/));
    expect(await cluster().newDriver().previous(context)).toMatchObject({ what: 'revision 1, of run one' });
  }, 60_000);

  it('is in a Secret, and nothing of it in a ConfigMap', async () => {
    const { apply, context } = targetOf('secret');
    await apply('one', object('v1', 'Secret', 'login', { stringData: { password: 'hunter2' } }));
    const name = `${inventoryId(context.target).name}.r1`;
    expect(await cluster().read('Secret', name, 'kube-system')).toMatchObject({ immutable: true });
    const maps = JSON.stringify(await cluster().objects.list('v1', 'ConfigMap', {}));
    expect(maps).not.toContain('hunter2');
    expect(maps).not.toContain(Buffer.from('hunter2').toString('base64'));
  });

  it('comes back with the node labels that came since', async () => {
    const { context, driver, rollBack } = targetOf('labels');
    const labels = (node: string) => ({ [node]: { back: 'true' } });
    const stamp = (run: string) => () => ({ ...fakeStamp(context.target), fingerprint: run, run });
    await driver.apply(work([settings('1')], labels(NODES[0])), { ...context, stamp: stamp('one') });
    await driver.apply(work([settings('2')], labels(NODES[1])), { ...context, stamp: stamp('two') });
    await rollBack();
    expect(await cluster().nodeLabels(NODES[1])).toHaveProperty('back');
    expect(await driver.observe(context.target)).not.toHaveProperty('problem');
  }, 30_000);

  it('is offered when a manifest is refused, and not when there is nothing before', async () => {
    const { apply, rollBack, run } = targetOf('refused');
    const bad = deployment('typo', { replica: 2 });
    const first = await failureOf(apply('one', bad));
    expect(first.next).not.toContain('--rollback');
    await apply('two', settings('2'));
    const second = await failureOf(apply('three', settings('3'), bad));
    expect(second.code).toBe('KUBE_REFUSED');
    expect(second.next).toMatch(/To go back to what came up before: pai run service:refused --rollback\.$/);
    expect(await rollBack()).toEqual(['applies ConfigMap default/settings', 'removes Deployment default/typo']);
    expect([await run(), await dataOf('settings')]).toEqual(['two', { a: '2' }]);
  }, 60_000);

  if (played !== undefined)
    it('comes back without labels for a node that is gone', async () => {
      const { context, driver, rollBack } = targetOf('gone-node');
      await played().kubelet.register('10.0.0.8');
      const labels = { '10.0.0.8': { back: 'true' }, [NODES[0]]: { back: 'true' } };
      await driver.apply(work([settings('1')], labels), { ...context, stamp: () => fakeStamp(context.target) });
      await driver.apply(work([settings('2')], labels), context);
      await driver.deleteNode('10.0.0.8', context);
      await rollBack();
      expect(await dataOf('settings')).toEqual({ a: '1' });
      expect(await driver.observe(context.target)).not.toHaveProperty('problem');
    }, 30_000);

  if (played !== undefined)
    describe('when pods do not come up', () => {
      const image = (app: string, tag: string) =>
        deployment(app, {}, { containers: [{ name: 'main', image: `registry.example/${app}:${tag}` }] });

      it('is offered, and its pods are what runs then', async () => {
        const { apply, rollBack, run, context } = targetOf('falls');
        await apply('one', image('falls', '1'));
        played().fate('falls', 'image');
        const error = await failureOf(apply('two', image('falls', '2')));
        expect(error.code).toBe('ROLLOUT');
        expect(error.next).toContain('pai run service:falls --rollback');
        expect(await run()).toBeUndefined();
        played().fate('falls', 'ready');
        await rollBack();
        expect(await run()).toBe('one');
        const pods = await cluster().objects.list('v1', 'Pod', { labels: 'app=falls' });
        const running = pods.filter((pod) => valueAt(pod, 'metadata', 'deletionTimestamp') === undefined);
        expect(running.flatMap((pod) => listAt(pod, 'spec', 'containers'))).toMatchObject([
          { image: 'registry.example/falls:1' },
        ]);
        expect(context.lines).toContain('service:falls is as run one left it (revision 1)');
      }, 60_000);
    });
});

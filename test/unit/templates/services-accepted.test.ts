import { afterAll, beforeAll, expect, it } from 'vitest';
import { declaredId } from '../../../src/kube/manifests.js';
import { spelledOut } from '../../../src/kube/spelled-out.js';
import type { KubeObject } from '../../../src/model/drivers.js';
import { numberAt } from '../../../src/model/json-path.js';
import { removeEdited } from '../cluster/configuration-fixture.js';
import { onRealCluster } from '../kube/driver-fixture.js';
import { RenderedServices } from './services-fixture.js';

onRealCluster('the objects of the catalogue', (cluster) => {
  let services: RenderedServices;
  beforeAll(async () => {
    services = await RenderedServices.ofCatalogue();
  });
  afterAll(() => {
    services?.remove();
    removeEdited();
  });

  /** Applies all, and tells the generation of each. */
  async function applied(): Promise<readonly string[]> {
    const generations: string[] = [];
    for (const name of services.names) {
      for (const object of await services.objects(name)) {
        const id = declaredId(object as KubeObject);
        const live = await cluster().objects.apply(id, spelledOut(object));
        generations.push(`${id.kind} ${id.name} ${numberAt(live, 'metadata', 'generation')}`);
      }
    }
    return generations;
  }

  it('are taken as they are, and are the same when they are applied again', async () => {
    const first = await applied();
    expect(first.length).toBeGreaterThan(30);
    expect(await applied()).toEqual(first);
  }, 60_000);
});

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Action, ActionContext, KubeObject, ProjectFolders } from 'pai';
import { afterAll } from 'vitest';
import type { Json, JsonObject } from '../../../src/model/json.js';
import { listAt, objectAt, textAt } from '../../../src/model/json-path.js';
import { ROLES } from '../../../tasks/hadoop/roles.js';
import { deploy } from '../../../tasks/services.js';
import { wholeCatalogue } from '../../whole/catalogue.js';
import { type Edit, EXAMPLE_LIST, edited, LIST, load, removeEdited } from '../cluster/configuration-fixture.js';
import { asPai, templates } from '../tasks/templates.js';

/** The kinds of machines that the fixture's workers are. */
const SKUS = ['GENERIC', 'GPU'];

/** What services of a service list keep in Kubernetes, rendered for a configuration. */
export class RenderedServices {
  readonly names: readonly string[];
  readonly #work: string;
  readonly #cluster: ReturnType<typeof asPai>;

  private constructor(cluster: ReturnType<typeof asPai>, work: string) {
    this.#cluster = cluster;
    this.#work = work;
    this.names = cluster.serviceList.map(({ name }) => name);
  }

  /** The whole catalogue on the fixture's machines (3 masters, a proxy, a worker with GPUs and one without). */
  static async ofCatalogue(...edits: readonly Edit[]): Promise<RenderedServices> {
    return RenderedServices.of(wholeCatalogue(readFileSync(EXAMPLE_LIST, 'utf8')), ...edits);
  }

  static async of(list: string, ...edits: readonly Edit[]): Promise<RenderedServices> {
    const folder = edited(...edits);
    writeFileSync(path.join(folder, LIST), list);
    const rendered = new RenderedServices(asPai(await load(folder)), mkdtempSync(path.join(tmpdir(), 'pai-services-')));
    for (const role of ROLES) {
      const places = role === 'hadoop-node-manager' ? SKUS.map((sku) => `${role}/${sku}`) : [role];
      for (const place of places) rendered.hadoop(place, `fake configuration of ${place}`);
    }
    return rendered;
  }

  get cluster() {
    return this.#cluster;
  }

  /** Writes a file of Hadoop's configuration. */
  hadoop(place: string, content: string): void {
    const folder = path.join(this.#project.cache, 'hadoop', 'configuration', place);
    mkdirSync(folder, { recursive: true });
    writeFileSync(path.join(folder, 'core-site.xml'), content);
  }

  remove(): void {
    rmSync(this.#work, { recursive: true });
  }

  /** The objects of a service, in the order of its manifests. */
  async objects(name: string): Promise<readonly KubeObject[]> {
    const { parts } = await this.action(name).desired(this.#context);
    return parts.filter(({ name }) => name !== 'node-labels').map(({ value }) => value as unknown as KubeObject);
  }

  /** What it labels nodes with. */
  async nodeLabels(name: string): Promise<JsonObject> {
    const { parts } = await this.action(name).desired(this.#context);
    return objectAt(parts.find((part) => part.name === 'node-labels')?.value as Json);
  }

  async workloads(name: string): Promise<readonly KubeObject[]> {
    return (await this.objects(name)).filter(({ kind }) =>
      ['Deployment', 'DaemonSet', 'StatefulSet', 'Job'].includes(kind),
    );
  }

  async object(service: string, kind: string, name: string): Promise<KubeObject> {
    const found = (await this.objects(service)).find((one) => one.kind === kind && one.metadata.name === name);
    if (found === undefined) throw new Error(`${service} has no ${kind} ${name}`);
    return found;
  }

  /** Plain values of a workload's environment: name -> value. */
  async environment(service: string, kind: string, name: string): Promise<Readonly<Record<string, string>>> {
    const [container] = containersOf(await this.object(service, kind, name));
    return Object.fromEntries(
      listAt(container, 'env').map((one) => [textAt(one, 'name') ?? '', textAt(one, 'value') ?? '']),
    );
  }

  action(name: string): Action {
    const entry = this.#cluster.serviceList.find((one) => one.name === name);
    if (entry === undefined) throw new Error(`no ${name} in the service list`);
    return deploy(this.#cluster, entry, this.#project);
  }

  get #project(): ProjectFolders {
    return { root: this.#work, cache: path.join(this.#work, '.cache') };
  }

  get #context(): ActionContext {
    const outputs = new Map(this.#cluster.images.map(({ name }) => [`image:${name}`, `sha256:${name}`]));
    const pki = {
      material: async () => new Map([['ca.crt', 'fake authority']]),
      fingerprintKey: async () => Buffer.from('fake key'),
    };
    return { drivers: { templates, pki }, outputs } as unknown as ActionContext;
  }
}

/** What its pods are made of. */
export function podOf(workload: KubeObject): JsonObject {
  return objectAt(workload, 'spec', 'template', 'spec');
}

export function containersOf(workload: KubeObject): readonly Json[] {
  return listAt(podOf(workload), 'containers');
}

export function initContainersOf(workload: KubeObject): readonly Json[] {
  return listAt(podOf(workload), 'initContainers');
}

/** The whole catalogue for a file of tests, which is removed after the last of them. */
export async function catalogueOfTests(): Promise<RenderedServices> {
  const services = await RenderedServices.ofCatalogue();
  afterAll(() => {
    services.remove();
    removeEdited();
  });
  return services;
}

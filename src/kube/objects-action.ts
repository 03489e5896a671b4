import type { KubeObject } from '../model/drivers.js';
import { PaiError } from '../model/errors.js';
import type { Action, ActionContext, Desired, FingerprintPart } from '../model/target.js';
import { describe, identityKey } from './identity.js';
import type { NodeLabels } from './inventory.js';
import { manifestFiles } from './manifest-files.js';
import { declaredId, type ManifestFolder, originOf, readManifests } from './manifests.js';

/** What an action does on top of its objects: commands of a service's own. */
export interface BesidesObjects {
  /** What that depends on. */
  parts(context: ActionContext): Promise<readonly FingerprintPart[]>;
  run(context: ActionContext): Promise<void>;
}

/** Objects that belong together: made by a function, or the manifests of a folder of `templates/`. */
export type ObjectsSpec = {
  /** Node name -> labels that the objects' pods select by. */
  readonly nodeLabels?: NodeLabels;
  /** What the action occupies; `['kubernetes']` by default. */
  readonly pools?: readonly string[];
  /** What is done besides, once all pods are ready. */
  readonly besides?: BesidesObjects;
} & (
  | { objects(context: ActionContext): Promise<readonly KubeObject[]>; readonly manifests?: undefined }
  | { readonly manifests: ManifestFolder; readonly objects?: undefined }
);

/**
 * Keeps objects in Kubernetes; pods are rolled when a ConfigMap or Secret among the objects changes that they use. Its fingerprint has a part for each object (Secrets' keyed) and one for the node labels.
 * Fails with TEMPLATE for manifests that can't be read, KUBE_REFUSED, KUBE_UNREACHABLE and ROLLOUT.
 */
export function objectsAction(spec: ObjectsSpec): Action {
  return {
    pools: spec.pools ?? ['kubernetes'],
    observe: (context) => context.drivers.kube.observe(context.target),
    desired: (context) => desired(spec, context),
    clean: (context) => context.drivers.kube.clean(context),
    previous: (context) => context.drivers.kube.previous(context),
    files: async (context) => manifestFiles(await readObjects(spec, context)),
  };
}

async function readObjects(spec: ObjectsSpec, context: ActionContext): Promise<readonly KubeObject[]> {
  const objects =
    spec.manifests === undefined ? await spec.objects(context) : await readManifests(spec.manifests, context);
  refuseDuplicates(objects);
  return objects;
}

async function desired(spec: ObjectsSpec, context: ActionContext): Promise<Desired> {
  const { rolledByConfiguration } = await import('./used-configuration.js');
  const objects = await rolledByConfiguration(await readObjects(spec, context), () =>
    context.drivers.pki.fingerprintKey(),
  );
  const { nodeLabels = {}, besides } = spec;
  return {
    parts: [
      ...objects.map(partOf),
      { name: 'node-labels', value: nodeLabels },
      ...((await besides?.parts(context)) ?? []),
    ],
    apply: (applying) =>
      applying.drivers.kube.apply(
        { objects, nodeLabels, ...(besides && { finish: () => besides.run(applying) }) },
        applying,
      ),
  };
}

function partOf(object: KubeObject): FingerprintPart {
  const name = describe(declaredId(object));
  return object.kind === 'Secret' ? { name, value: object, secret: true } : { name, value: object };
}

function refuseDuplicates(objects: readonly KubeObject[]): void {
  const first = new Map<string, KubeObject>();
  for (const object of objects) {
    const id = declaredId(object);
    const earlier = first.get(identityKey(id));
    if (earlier !== undefined) {
      const files = [originOf(earlier), originOf(object)];
      throw new PaiError('TEMPLATE', `${describe(id)} is declared twice: in ${files.join(' and in ')}`, {
        where: files[1] ?? describe(id),
        next: 'Remove or rename one of them.',
      });
    }
    first.set(identityKey(id), object);
  }
}

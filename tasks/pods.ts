import { createHash } from 'node:crypto';
import type { ActionContext, JsonObject, KubeObject } from 'pai';
import { sharedFile } from './certificates.js';

/**
 * Pods that ask the API server read which authorities it may be signed by at their start. So templates of pods that have a service account of their own
 * carry a digest of these: while authorities are exchanged such pods are rolled, before the old ones go.
 */
export async function rolledByAuthorities(
  objects: readonly KubeObject[],
  context: ActionContext,
): Promise<readonly KubeObject[]> {
  const trusted = (await sharedFile(context, 'ca.crt')).split(/(?<=-----END CERTIFICATE-----)\s*/);
  // Their order says only which one signs.
  const digest = createHash('sha256').update(JSON.stringify(trusted.toSorted())).digest('hex');
  return objects.map((object) =>
    asksTheApi(object) ? withTemplateAnnotation(object, 'pai/authorities', digest) : object,
  );
}

/** An object with an annotation in its pod template; as it is where it has none. A changed annotation rolls the pods. */
function withTemplateAnnotation(object: KubeObject, name: string, value: string): KubeObject {
  const spec = asObject(object.spec);
  if (spec?.template === undefined) return object;
  const template = asObject(spec.template) ?? {};
  const metadata = asObject(template.metadata) ?? {};
  const annotations = { ...asObject(metadata.annotations), [name]: value };
  return { ...object, spec: { ...spec, template: { ...template, metadata: { ...metadata, annotations } } } };
}

function asksTheApi(object: KubeObject): boolean {
  const pods = asObject(asObject(asObject(object.spec)?.template)?.spec);
  return pods?.serviceAccountName !== undefined && pods.automountServiceAccountToken !== false;
}

function asObject(value: KubeObject[string] | undefined): JsonObject | undefined {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return undefined;
  return value as JsonObject;
}

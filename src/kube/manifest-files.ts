import path from 'node:path';
import type { KubeObject, PayloadFile } from '../model/drivers.js';
import { textsAt } from '../model/json-path.js';
import { declaredId } from './manifests.js';
import { TEMPLATE_ANNOTATION } from './objects.js';

/**
 * Objects as manifests, for people to read: a file for each template that they come from, `pylon.yaml` of `pylon.yaml.template`; an object
 * that comes from none has one of its own, `<kind>-<name>.yaml`. One with a Secret in it is secret.
 */
export async function manifestFiles(objects: readonly KubeObject[]): Promise<readonly PayloadFile[]> {
  const { dump } = await import('js-yaml');
  const files = new Map<string, KubeObject[]>();
  for (const object of objects) files.set(fileOf(object), [...(files.get(fileOf(object)) ?? []), object]);
  return [...files].map(([file, inside]) => {
    const content = inside.map((object) => dump(object, { lineWidth: -1, noRefs: true })).join('---\n');
    const secret = inside.some((object) => object.kind === 'Secret');
    return { path: file, mode: secret ? 0o600 : 0o644, content, ...(secret && { secret }) };
  });
}

function fileOf(object: KubeObject): string {
  const template = textsAt(object, 'metadata', 'annotations')[TEMPLATE_ANNOTATION];
  const { kind, name } = declaredId(object);
  // Names of roles and the like may have a colon.
  if (template === undefined) return `${kind.toLowerCase()}-${name.replaceAll(':', '-')}.yaml`;
  return path.posix.basename(template).replace(/\.template$/, '');
}

import type { KubeObject } from '../model/drivers.js';
import { PaiError } from '../model/errors.js';
import type { Json } from '../model/json.js';
import { isObject, listAt, objectAt, textAt, textsAt } from '../model/json-path.js';
import type { ActionContext } from '../model/target.js';
import { describe, type ObjectId } from './identity.js';
import { builtInResource } from './kinds.js';
import { TEMPLATE_ANNOTATION } from './objects.js';

const TEMPLATE_SUFFIX = '.yaml.template';
const PLAIN_SUFFIX = '.yaml';

/** Manifests of a folder of `templates/`. */
export interface ManifestFolder {
  /** `services/pylon`. Its `*.yaml.template` files are rendered, its `*.yaml` files taken as they are; others are not manifests. */
  readonly folder: string;
  /** What templates see. Not called when nothing is rendered. */
  variables(context: ActionContext): Promise<Record<string, unknown>> | Record<string, unknown>;
  /** It may have no manifests at all. */
  readonly mayBeEmpty?: boolean;
}

/**
 * All objects of a folder's manifests, in the order of file names; each carries the annotation `pai/template`.
 * Fails with TEMPLATE for what does not render, is no YAML or no object, and with CONFIG_MISSING for a folder without any.
 */
export async function readManifests(source: ManifestFolder, context: ActionContext): Promise<readonly KubeObject[]> {
  const { templates } = context.drivers;
  const paths = (await templates.list(source.folder)).map(({ path }) => path).filter(isManifest);
  if (paths.length === 0 && source.mayBeEmpty !== true) {
    throw new PaiError('CONFIG_MISSING', `templates/${source.folder} has no manifests`, {
      where: `templates/${source.folder}`,
      next: `Add *${PLAIN_SUFFIX} or *${TEMPLATE_SUFFIX} files there.`,
    });
  }
  const variables = paths.some(isTemplate) ? await source.variables(context) : {};
  const objects = await Promise.all(
    paths.toSorted().map(async (path) => {
      const file = `${source.folder}/${path}`;
      const text = isTemplate(path)
        ? await templates.render(file, variables)
        : Buffer.from(await templates.read(file)).toString('utf8');
      return parseManifest(text, file);
    }),
  );
  return objects.flat();
}

function isTemplate(path: string): boolean {
  return path.endsWith(TEMPLATE_SUFFIX);
}

/** Whether a file of such a folder is taken for a manifest, by its name. */
export function isManifest(path: string): boolean {
  return isTemplate(path) || path.endsWith(PLAIN_SUFFIX);
}

/**
 * The objects of a manifest: documents without content are skipped, lists are taken apart.
 * @param file relative to `templates/`; for the annotation `pai/template`
 * @param place for errors; default: below `templates/`
 */
export async function parseManifest(
  text: string,
  file: string,
  place = `templates/${file}`,
): Promise<readonly KubeObject[]> {
  const documents = (await parseDocuments(text, place)).filter((document) => document !== null);
  return documents.flatMap((document, index) =>
    expand(document).map((value) => toObject(value, { file, place, document: index + 1 })),
  );
}

function expand(document: Json): readonly Json[] {
  const isList = textAt(document, 'kind')?.endsWith('List') === true && Array.isArray(objectAt(document).items);
  return isList ? listAt(document, 'items').flatMap(expand) : [document];
}

function toObject(
  value: Json,
  { file, place, document }: { readonly file: string; readonly place: string; readonly document: number },
): KubeObject {
  const wrong = problemOf(value);
  if (wrong !== undefined || !isObject(value)) {
    throw new PaiError('TEMPLATE', `document ${document} of ${place} is no Kubernetes object: ${wrong}`, {
      where: place,
      next: 'Give every object apiVersion, kind and metadata.name.',
    });
  }
  const metadata = objectAt(value, 'metadata');
  return {
    ...value,
    apiVersion: textAt(value, 'apiVersion') ?? '',
    kind: textAt(value, 'kind') ?? '',
    metadata: {
      ...metadata,
      name: textAt(metadata, 'name') ?? '',
      annotations: { ...objectAt(metadata, 'annotations'), [TEMPLATE_ANNOTATION]: file },
    },
  };
}

function problemOf(value: Json): string | undefined {
  if (!isObject(value)) return 'it is no mapping';
  const id = [
    ['apiVersion', textAt(value, 'apiVersion')],
    ['kind', textAt(value, 'kind')],
    ['metadata.name', textAt(value, 'metadata', 'name')],
  ] as const;
  for (const [field, text] of id) if (text === undefined || text === '') return `${field} is missing or no text`;
  const namespace = objectAt(value, 'metadata').namespace;
  if (namespace !== undefined && typeof namespace !== 'string') return 'metadata.namespace is no text';
  for (const field of ['labels', 'annotations']) {
    const texts = Object.entries(objectAt(value, 'metadata', field));
    const wrong = texts.find(([, text]) => typeof text !== 'string');
    if (wrong !== undefined) return `metadata.${field} ${wrong[0]} is no text (put it in quotes)`;
  }
  return undefined;
}

async function parseDocuments(text: string, file: string): Promise<readonly Json[]> {
  const yaml = await import('js-yaml');
  try {
    return yaml.loadAll(text, { schema: kubernetesSchema(yaml) }) as Json[];
  } catch (error) {
    if (!(error instanceof yaml.YAMLException)) throw error;
    const { mark, reason } = error;
    const place = mark === undefined ? file : `${file}:${mark.line + 1}:${mark.column + 1}`;
    const rendered = isTemplate(file) ? ' (lines are those of the rendered file)' : '';
    throw new PaiError('TEMPLATE', `${place} is no YAML: ${reason}${rendered}`, {
      where: place,
      next: 'Correct the manifest and run again.',
    });
  }
}

type Yaml = typeof import('js-yaml');

/**
 * YAML 1.2 plus what manifests in the wild rely on and kubectl understands: merge keys, and `0644` as an octal number.
 */
function kubernetesSchema(yaml: Yaml): InstanceType<Yaml['Schema']> {
  const { intCoreTag } = yaml;
  const integer = yaml.defineScalarTag<number>(intCoreTag.tagName, {
    ...intCoreTag,
    resolve: (source, isExplicit, tagName) =>
      /^0[0-7]+$/.test(source) ? Number.parseInt(source, 8) : intCoreTag.resolve(source, isExplicit, tagName),
  });
  return yaml.CORE_SCHEMA.withTags([integer, yaml.mergeTag]);
}

/** The id of an object by what its manifest says; a namespaced kind without a namespace is in `default`. */
export function declaredId(object: KubeObject): ObjectId {
  const { apiVersion, kind } = object;
  const { name, namespace } = object.metadata;
  const inDefault = builtInResource(apiVersion, kind)?.namespaced === true ? 'default' : undefined;
  const place = namespace ?? inDefault;
  return { apiVersion, kind, name, ...(place === undefined ? {} : { namespace: place }) };
}

/** Where an object comes from, for people. */
export function originOf(object: KubeObject): string {
  const file = textsAt(object, 'metadata', 'annotations')[TEMPLATE_ANNOTATION];
  return file === undefined ? describe(declaredId(object)) : `templates/${file}`;
}

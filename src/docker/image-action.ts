import { createHash } from 'node:crypto';
import type { ContextFile, ImageReference, ImageSource, PayloadFile } from '../model/drivers.js';
import { PaiError } from '../model/errors.js';
import type { Action, ActionContext, Desired, FingerprintPart } from '../model/target.js';
import { declaredArguments } from './base-images.js';
import { contextMode, dockerfileOf, isPayload } from './context-files.js';

/** Part of every image's fingerprint: raised when the way of building changes what comes out. */
const BUILD_METHOD = 'image/1';
const TEMPLATE_SUFFIX = '.template';
/** What is copied of a source unless that is told. */
const WHOLE = ['.'];

/** An image to keep built and pushed. */
export interface ImageSpec {
  /** As in `image:<name>`. */
  readonly name: string;
  readonly image: ImageReference;
  /** Its folder below `templates/`: `images/pylon`. */
  readonly folder: string;
  /** What its `*.template` files see; the second form where that depends on what the image needs. */
  readonly variables:
    | Readonly<Record<string, unknown>>
    | ((context: Pick<ActionContext, 'outputs'>) => Readonly<Record<string, unknown>>);
  readonly buildArgs?: Readonly<Record<string, string>>;
  /** Build arguments that are given only where the Dockerfile declares them; `buildArgs` go before. */
  readonly defaultArgs?: Readonly<Record<string, string>>;
  /** A tree to take files from, and the paths in it: each comes into the context as `copied_file/` and its last part. */
  readonly source?: ImageSource;
  readonly copy?: readonly string[];
}

/**
 * Builds an image from a folder of `templates/` and keeps it in the registry. Files named `*.template` are rendered and
 * lose that suffix, all others are taken as they are. The fingerprint covers the files that .dockerignore leaves and the
 * build arguments, not the tag: the same content under a new tag is tagged, not built.
 */
export function imageAction(spec: ImageSpec): Action {
  return {
    pools: ['docker'],
    observe: (context) => context.drivers.images.observe(spec.image),
    desired: (context) => desired(spec, context),
    missing: async (context) => {
      if (spec.source === undefined) return undefined;
      const found = await context.drivers.images.missingSource(spec.source, spec.copy ?? WHOLE);
      return found && named(found, spec);
    },
    clean: (context) => context.drivers.images.clean(spec.image, context),
    // What comes of a source tree is there to be read, and may be large.
    files: async (context) => {
      const own = await readFolder(spec, context);
      return (await context.drivers.images.contextFiles(own)).filter(isPayload);
    },
  };
}

async function desired(spec: ImageSpec, context: ActionContext): Promise<Desired> {
  const own = await readFolder(spec, context);
  const files = await context.drivers.images.contextFiles([...own, ...(await readSource(spec, own, context))]);
  const declared = declaredArguments(dockerfileOf(files) ?? '');
  const defaults = Object.entries(spec.defaultArgs ?? {}).filter(([name]) => declared.has(name));
  const buildArgs = { ...Object.fromEntries(defaults), ...spec.buildArgs };
  return {
    parts: [
      { name: 'build method', value: BUILD_METHOD },
      { name: 'image', value: `${spec.image.registry}/${spec.image.repository}` },
      { name: 'build-args', value: buildArgs },
      ...files.map(filePart),
    ],
    apply: (apply) => apply.drivers.images.apply({ image: spec.image, files, buildArgs }, apply),
  };
}

/** The image's own files, rendered. */
async function readFolder(spec: ImageSpec, context: ActionContext): Promise<readonly PayloadFile[]> {
  const { templates } = context.drivers;
  const variables = typeof spec.variables === 'function' ? spec.variables(context) : spec.variables;
  const files = new Map<string, PayloadFile>();
  for (const { path: source, mode } of await templates.list(spec.folder)) {
    const rendered = source.endsWith(TEMPLATE_SUFFIX);
    const path = rendered ? source.slice(0, -TEMPLATE_SUFFIX.length) : source;
    if (files.has(path)) {
      throw new PaiError('IMAGE_CONTEXT', `${path} is there twice, as a file and as ${path}${TEMPLATE_SUFFIX}`, {
        where: `templates/${spec.folder}`,
        next: 'Remove one of the two.',
      });
    }
    const file = `${spec.folder}/${source}`;
    const content = rendered ? await templates.render(file, variables) : await templates.read(file);
    files.set(path, { path, mode, content });
  }
  if (!files.has('Dockerfile')) {
    throw new PaiError('IMAGE_CONTEXT', `image ${spec.name} has no Dockerfile`, {
      where: `templates/${spec.folder}`,
      next: `Add Dockerfile or Dockerfile${TEMPLATE_SUFFIX} to templates/${spec.folder}.`,
    });
  }
  return [...files.values()];
}

async function readSource(
  spec: ImageSpec,
  own: readonly PayloadFile[],
  context: ActionContext,
): Promise<readonly ContextFile[]> {
  const { folder, source, copy = WHOLE } = spec;
  if (source === undefined) return [];
  try {
    const files = await context.drivers.images.sourceFiles(source, copy, context.signal);
    const taken = new Set(own.map(({ path }) => path));
    const twice = files.find(({ path }) => taken.has(path));
    if (twice === undefined) return files;
    throw new PaiError('IMAGE_CONTEXT', `${twice.path} is there twice, as a file and from the source`, {
      where: `templates/${folder}`,
      next: `Remove it from templates/${folder}.`,
    });
  } catch (error) {
    if (!(error instanceof PaiError) || error.code !== 'IMAGE_SOURCE') throw error;
    throw named(error, spec);
  }
}

/** An error about a source, with the image that it is for. */
function named(error: PaiError, { name }: ImageSpec): PaiError {
  const { code, message, where, next, details } = error;
  return new PaiError(code, `image ${name}: ${message}`, {
    ...(where !== undefined && { where }),
    ...(next !== undefined && { next }),
    details,
    cause: error,
  });
}

function filePart(file: ContextFile): FingerprintPart {
  const name = `file ${file.path}`;
  if (isPayload(file)) {
    return {
      name,
      value: { mode: contextMode(file), digest: createHash('sha256').update(file.content).digest('hex') },
      ...(file.secret !== true && { shown: file.content }),
    };
  }
  if ('target' in file) return { name, value: { link: file.target } };
  // Trees of thousands of files are not kept for diffs.
  return { name, value: { mode: contextMode(file), digest: file.sha256 } };
}

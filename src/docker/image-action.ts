import { createHash } from 'node:crypto';
import type { ImageReference, PayloadFile } from '../model/drivers.js';
import { PaiError } from '../model/errors.js';
import type { Action, ActionContext, FingerprintPart } from '../model/target.js';
import { contextMode, dockerfileOf } from './context-files.js';

/** Part of every image's fingerprint: raised when the way of building changes what comes out. */
const BUILD_METHOD = 'image/1';
const TEMPLATE_SUFFIX = '.template';

/** An image to keep built and pushed. */
export interface ImageSpec {
  /** As in `image:<name>`. */
  readonly name: string;
  readonly image: ImageReference;
  /** Its folder below `templates/`: `images/pylon`. */
  readonly folder: string;
  /** What its `*.template` files see. */
  readonly variables: Readonly<Record<string, unknown>>;
  readonly buildArgs?: Readonly<Record<string, string>>;
}

/**
 * Builds an image from a folder of `templates/` and keeps it in the registry. Files named `*.template` are rendered and
 * lose that suffix, all others are taken as they are. The fingerprint covers the files that .dockerignore leaves and the
 * build arguments, not the tag: the same content under a new tag is tagged, not built.
 */
export function imageAction(spec: ImageSpec): Action {
  const buildArgs = spec.buildArgs ?? {};
  return {
    pools: ['docker'],
    observe: (context) => context.drivers.images.observe(spec.image),
    async desired(context) {
      const files = await readContext(spec, context);
      return {
        parts: [
          { name: 'build method', value: BUILD_METHOD },
          { name: 'image', value: `${spec.image.registry}/${spec.image.repository}` },
          { name: 'build-args', value: { ...buildArgs } },
          ...files.map(filePart),
        ],
        apply: (apply) => apply.drivers.images.apply({ image: spec.image, files, buildArgs }, apply),
      };
    },
    clean: (context) => context.drivers.images.clean(spec.image, context),
    files: (context) => readContext(spec, context),
  };
}

async function readContext(spec: ImageSpec, context: ActionContext): Promise<readonly PayloadFile[]> {
  const { templates, images } = context.drivers;
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
    const content = rendered ? await templates.render(file, spec.variables) : await templates.read(file);
    files.set(path, { path, mode, content });
  }
  const kept = await images.contextFiles([...files.values()]);
  if (dockerfileOf(kept) === undefined) {
    throw new PaiError('IMAGE_CONTEXT', `image ${spec.name} has no Dockerfile`, {
      where: `templates/${spec.folder}`,
      next: `Add Dockerfile or Dockerfile${TEMPLATE_SUFFIX} to templates/${spec.folder}.`,
    });
  }
  return kept;
}

function filePart(file: PayloadFile): FingerprintPart {
  return {
    name: `file ${file.path}`,
    value: { mode: contextMode(file), digest: createHash('sha256').update(file.content).digest('hex') },
    ...(file.secret !== true && { shown: file.content }),
  };
}

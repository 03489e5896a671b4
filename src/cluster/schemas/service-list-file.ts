import { about, mapping, named, names, otherwise, type Schema } from './parts.js';

const image = mapping([], {
  prerequisite: about('Images of image-list that it is built on.', names),
  'build-args': about(
    'Build arguments, name and value.',
    otherwise({}, { type: 'object', additionalProperties: { type: 'string' } }),
  ),
});

const service = mapping([], {
  prerequisite: about('Services that are deployed before it.', names),
  image: about('Images of image-list that its manifests name.', names),
  configuration: about(
    'Configuration that pai writes, which its templates see: hadoop (prepare-hadoop-config).',
    otherwise([], { type: 'array', items: { type: 'string', enum: ['hadoop'] } }),
  ),
  label: about('Node labels that its pods select by: label or label=value.', names),
});

/** service-list.yaml */
export const serviceListFileSchema: Schema = mapping(['image-list', 'service-list'], {
  'image-list': about('What is built, by name.', named('object-name', image)),
  'service-list': about('What is deployed, by name.', named('object-name', service)),
});

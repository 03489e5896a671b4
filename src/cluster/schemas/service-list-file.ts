import { mapping, named, names, otherwise, type Schema } from './parts.js';

const image = mapping([], {
  prerequisite: names,
  'build-args': otherwise({}, { type: 'object', additionalProperties: { type: 'string' } }),
});

const service = mapping([], { prerequisite: names, image: names, label: names });

/** service-list.yaml */
export const serviceListFileSchema: Schema = mapping(['image-list', 'service-list'], {
  'image-list': named('object-name', image),
  'service-list': named('object-name', service),
});

import { about, mapping, named, names, otherwise, type Schema, text } from './parts.js';

const source = mapping([], {
  path: about('A folder; relative to the service list.', text()),
  git: about('A git repository, as git clone takes it.', text('git-address')),
  revision: about('Of that repository: a commit, a tag or a branch.', text('git-revision')),
});

const image = mapping([], {
  prerequisite: about('Images of image-list that it is built on.', names),
  source: about('The tree that it takes files from: path, or git and revision.', source),
  copy: about(
    "Paths in that tree; each comes into the build context as copied_file/ and the path's last part. Default: the whole tree, as copied_file.",
    names,
  ),
  'build-args': about(
    'Build arguments, name and value.',
    otherwise({}, { type: 'object', additionalProperties: { type: 'string' } }),
  ),
});

const service = mapping([], {
  prerequisite: about('Services that are deployed before it.', names),
  image: about('Images of image-list that its manifests name.', names),
  label: about('Node labels that its pods select by: label or label=value.', names),
});

/** service-list.yaml */
export const serviceListFileSchema: Schema = mapping(['image-list', 'service-list'], {
  'image-list': about('What is built, by name.', named('object-name', image)),
  'service-list': about('What is deployed, by name.', named('object-name', service)),
});

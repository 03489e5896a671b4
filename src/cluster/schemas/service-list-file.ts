import { about, flag, mapping, named, names, otherwise, type Schema, text } from './parts.js';

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
  configuration: about(
    'Configuration that pai writes, which its templates see: hadoop (prepare-hadoop-config).',
    otherwise([], { type: 'array', items: { type: 'string', enum: ['hadoop'] } }),
  ),
  label: about('Node labels that its pods select by: label or label=value.', names),
  startscript: about(
    "A script of the service's folder that runs on this machine once all pods are ready, with KUBECONFIG set.",
    text('file-inside'),
  ),
  stopscript: about(
    "A script of the service's folder that runs on this machine before the service is stopped or taken down, with KUBECONFIG set.",
    text('file-inside'),
  ),
  data: about(
    'Folders on hosts where it keeps data, relative to data-path: deleted with pai service delete, or pai clean --delete-data.',
    otherwise([], { type: 'array', items: text('file-inside') }),
  ),
  'clean-only': about(
    'It deletes data: pai clean --delete-data deploys it on all nodes, waits until its pods are ready, and takes it down. No run deploys it.',
    otherwise('false', flag),
  ),
});

/** service-list.yaml */
export const serviceListFileSchema: Schema = mapping(['image-list', 'service-list'], {
  'image-list': about('What is built, by name.', named('object-name', image)),
  'service-list': about('What is deployed, by name.', named('object-name', service)),
});

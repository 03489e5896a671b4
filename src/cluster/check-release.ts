import type { KubernetesFile, Partially } from './files.js';
import type { Problem } from './problems.js';
import { defaultRuntime, LAST_WITH_DOCKERSHIM, minorRelease, NEWEST_MINOR, OLDEST_MINOR } from './release.js';
import type { YamlFile } from './yaml.js';

/** Whose flags and configuration differ between releases, so that their tags have to tell theirs. */
const RELEASED = [
  'hyperkube-version',
  'apiserver-version',
  'kube-scheduler-version',
  'kube-controller-manager-version',
] as const;

/** Releases that pai knows, that go together, and that know the runtime. */
export function checkRelease(yaml: YamlFile, file: Partially<KubernetesFile>): readonly Problem[] {
  const { kubernetes = {} } = file;
  const problems: Problem[] = [];
  const tell = (field: string, what: string) => problems.push(yaml.problem(`/kubernetes/${field}`, 'value', what));
  for (const field of RELEASED) {
    const tag = kubernetes[field];
    if (tag === undefined) continue;
    const minor = minorRelease(tag);
    if (minor === undefined) {
      tell(field, `${field} ${tag} does not tell the release of Kubernetes; tag the image as v1.20.2 or v1.20.2-more`);
    } else if (minor < OLDEST_MINOR || minor > NEWEST_MINOR) {
      const what = `Kubernetes 1.${minor} is not known to this version of pai; it knows 1.${OLDEST_MINOR} to 1.${NEWEST_MINOR}`;
      tell(field, `${field} ${tag}: ${what}`);
    }
  }
  return [
    ...problems,
    ...checkSkew(yaml, kubernetes),
    ...checkRuntime(yaml, kubernetes),
    ...checkSource(yaml, kubernetes),
  ];
}

type Kubernetes = Partially<KubernetesFile['kubernetes']>;

/** kubelet and the API server's other clients may be older than it, never newer. Source: Kubernetes' version skew policy. */
function checkSkew(yaml: YamlFile, kubernetes: Kubernetes): Problem[] {
  const server = minorRelease(kubernetes['apiserver-version'] ?? '');
  if (server === undefined) return [];
  return RELEASED.flatMap((field) => {
    const minor = minorRelease(kubernetes[field] ?? '');
    if (minor === undefined || minor <= server) return [];
    const what = `${field} ${kubernetes[field]} is newer than apiserver-version ${kubernetes['apiserver-version']}`;
    return [yaml.problem(`/kubernetes/${field}`, 'value', `${what}; the API server is changed first`)];
  });
}

function checkRuntime(yaml: YamlFile, kubernetes: Kubernetes): Problem[] {
  const minor = minorRelease(kubernetes['hyperkube-version'] ?? '');
  if (kubernetes['container-runtime'] !== 'docker' || minor === undefined || defaultRuntime(minor) === 'docker')
    return [];
  const what = `kubelet of 1.${minor} can't use Docker, as could those up to 1.${LAST_WITH_DOCKERSHIM}`;
  return [
    yaml.problem('/kubernetes/container-runtime', 'value', `container-runtime docker: ${what}; write containerd`),
  ];
}

function checkSource(yaml: YamlFile, kubernetes: Kubernetes): Problem[] {
  const source = kubernetes['package-source'];
  if (source === undefined || source['apt-line'] !== undefined) return [];
  return (['key', 'only'] as const).flatMap((field) =>
    source[field] === undefined || source[field] === 'false'
      ? []
      : [
          yaml.problem(
            `/kubernetes/package-source/${field}`,
            'key',
            `${field} says nothing without apt-line; give that`,
          ),
        ],
  );
}

import type { Machine } from './check-logins.js';
import type { ClusterFile, ImageListEntry, Partially, RoleFile, ServiceListFile } from './files.js';
import { LABEL_NAMES, labelsOfMachine, SKU_LABEL } from './labels.js';
import { child } from './pointers.js';
import { type Problem, unknownName } from './problems.js';
import type { YamlFile } from './yaml.js';

/** Components that roles name must be listed. */
export function checkRoles(yaml: YamlFile, file: Partially<RoleFile>): Problem[] {
  const components = Object.keys(file['component-list'] ?? {});
  return Object.entries(file['k8s-role'] ?? {}).flatMap(([role, definition]) =>
    (definition?.component ?? []).flatMap(({ name }, index) => {
      if (name === undefined || components.includes(name)) return [];
      const pointer = `/k8s-role/${role}/component/${index}/name`;
      return [yaml.problem(pointer, 'value', unknownName('component', name, components, 'component-list'))];
    }),
  );
}

/** Images, services and labels that the list names must exist. */
export function checkServiceList(yaml: YamlFile, file: Partially<ServiceListFile>): Problem[] {
  const images = Object.keys(file['image-list'] ?? {});
  const services = Object.keys(file['service-list'] ?? {});
  const problems: Problem[] = [];
  const each = (pointer: string, kind: string, given: readonly string[] | undefined, known: readonly string[]) => {
    for (const [index, name] of (given ?? []).entries()) {
      if (known.includes(kind === 'label' ? labelName(name) : name)) continue;
      const place = kind === 'label' ? 'the labels of nodes' : `${kind}-list`;
      problems.push(yaml.problem(child(pointer, index), 'value', unknownName(kind, name, known, place)));
    }
  };
  for (const [name, image] of Object.entries(file['image-list'] ?? {})) {
    each(`${child('/image-list', name)}/prerequisite`, 'image', image?.prerequisite, images);
    problems.push(...checkSource(yaml, child('/image-list', name), image ?? {}));
  }
  for (const [name, service] of Object.entries(file['service-list'] ?? {})) {
    const pointer = child('/service-list', name);
    each(`${pointer}/prerequisite`, 'service', service?.prerequisite, services);
    each(`${pointer}/image`, 'image', service?.image, images);
    each(`${pointer}/label`, 'label', service?.label, LABEL_NAMES);
    problems.push(...checkCleanOnly(yaml, file, name));
  }
  return problems;
}

/** What deletes data comes right before something is taken down, and nothing that runs can need it. */
function checkCleanOnly(yaml: YamlFile, file: Partially<ServiceListFile>, name: string): Problem[] {
  const services = file['service-list'] ?? {};
  const isCleanOnly = (one: string): boolean => services[one]?.['clean-only'] === 'true';
  const pointer = child('/service-list', name);
  const needs = services[name]?.prerequisite ?? [];
  if (isCleanOnly(name) && needs.length === 0) {
    const what = `${name} is clean-only and has no prerequisite: name the service before whose removal it deletes data`;
    return [yaml.problem(`${pointer}/clean-only`, 'key', what)];
  }
  return needs.flatMap((need, index) =>
    need !== undefined && isCleanOnly(need)
      ? [yaml.problem(`${pointer}/prerequisite/${index}`, 'value', `${need} is clean-only, so nothing can need it`)]
      : [],
  );
}

/** A source is a folder, or a repository and what of it; and paths in it stay in it, and don't meet in the build context. */
function checkSource(yaml: YamlFile, pointer: string, { source, copy = [] }: Partially<ImageListEntry>): Problem[] {
  const problems: Problem[] = [];
  const tell = (at: string, what: string) => problems.push(yaml.problem(`${pointer}/${at}`, 'key', what));
  if (source === undefined) {
    if (copy.length > 0) tell('copy', 'copy needs a source: {path: FOLDER}, or {git: ADDRESS, revision: COMMIT}');
    return problems;
  }
  const { path, git, revision } = source;
  if ((path === undefined) === (git === undefined)) {
    tell('source', 'source is either {path: FOLDER}, or {git: ADDRESS, revision: COMMIT}');
  } else if (git !== undefined && revision === undefined) {
    tell('source', 'git needs a revision: a commit, a tag or a branch');
  } else if (path !== undefined && revision !== undefined) {
    tell('source/revision', 'a folder has no revision; give git in place of path, or remove it');
  }
  const names = new Map<string, string>();
  for (const [index, entry] of copy.entries()) {
    const parts = (entry ?? '').split('/').filter((part) => part !== '' && part !== '.');
    const at = `copy/${index}`;
    if (entry?.startsWith('/') || parts.includes('..')) {
      problems.push(yaml.problem(`${pointer}/${at}`, 'value', `copy "${entry}": a path in the source, without ..`));
    }
    const last = parts.at(-1) ?? '.';
    const other = names.get(last);
    if (other !== undefined) {
      const what = `copy "${entry}" and "${other}" would both be copied_file/${last}; copy a folder above them`;
      problems.push(yaml.problem(`${pointer}/${at}`, 'value', what));
    }
    names.set(last, entry ?? '');
  }
  return problems;
}

/**
 * Services that would run nowhere, since no machine has a label that their pods select by. Not those of machinetype: a cluster
 * without GPUs is no mistake.
 */
export function adviseServiceList(
  yaml: YamlFile,
  file: Partially<ServiceListFile>,
  cluster: Partially<ClusterFile>,
): Problem[] {
  const there = labelsOf(cluster['machine-list'] ?? [], cluster['machine-sku'] ?? {});
  return Object.entries(file['service-list'] ?? {}).flatMap(([service, entry]) =>
    (entry?.label ?? []).flatMap((label, index) => {
      const name = labelName(label);
      // An unknown one is told as a problem.
      if (there.has(label) || name === 'machinetype' || name === SKU_LABEL || !LABEL_NAMES.includes(name)) return [];
      const what = `no machine has the label ${label}, so pods of ${service} that select by it run nowhere`;
      return [
        yaml.problem(`${child('/service-list', service)}/label/${index}`, 'value', `${what}; ${cureFor(label, name)}`),
      ];
    }),
  );
}

/** All labels of all machines: `name` and `name=value`. */
function labelsOf(machines: readonly Machine[], skus: Partially<ClusterFile['machine-sku']>): ReadonlySet<string> {
  const kinds = new Set(machines.map((machine) => labelsOfMachine(machine, skus)));
  return new Set(
    [...kinds].flatMap((labels) => Object.entries(labels).flatMap(([name, value]) => [name, `${name}=${value}`])),
  );
}

function cureFor(label: string, name: string): string {
  const values = ['hdfsrole', 'yarnrole'].includes(name) ? ['master', 'worker'] : ['true'];
  const [, value = values[0] ?? ''] = label.split('=');
  if (!values.includes(value)) return `${name} is ${values.join(' or ')}`;
  return value === 'worker' ? 'give a machine pai-worker: "true"' : 'give a machine pai-master: "true"';
}

function labelName(label: string): string {
  return label.replace(/=.*$/s, '');
}

import { baseImages, type Cluster, type ImageEntry, type ImagePlace, type TemplateDriver } from 'pai';
import { componentImages } from './component-images.js';
import { buildDefaults, imageReference, imageVariables } from './images.js';
import { hostPackages } from './packages.js';
import { publishers } from './publishers.js';

/** An image by its name as people write it, and as registries are asked for it. */
export interface NamedPlace {
  readonly name: string;
  readonly place: ImagePlace;
}

/** An image that a run needs. */
export interface NeededImage {
  /** Short: `hyperkube`, `debian`. */
  readonly name: string;
  /** The reference that it is pulled by. */
  readonly image: string;
  readonly kind: 'component' | 'add-on' | 'built' | 'base' | 'service';
  /** What it is for, a few words. */
  readonly use: string;
  /** Where it is published; absent for what is built here, and what nobody publishes. */
  readonly source?: NamedPlace;
  /** Why nobody publishes it, and what to do. */
  readonly unpublished?: string;
  /** Where `pai images mirror` puts it; absent for what is built here. */
  readonly copy?: NamedPlace;
}

/** A Debian package that hosts install where it is missing. */
export interface NeededPackage {
  readonly name: string;
  readonly use: string;
}

/** Everything that a run takes from elsewhere. */
export interface Inventory {
  readonly images: readonly NeededImage[];
  readonly packages: readonly NeededPackage[];
}

/** Reads the templates for what they name; asks no host and no registry. */
export async function inventoryOf(cluster: Cluster, templates: TemplateDriver): Promise<Inventory> {
  const built = cluster.images.map((image): NeededImage => {
    const { registry, repository, tag } = imageReference(cluster, image.name);
    return { name: image.name, image: `${registry}/${repository}:${tag}`, kind: 'built', use: usedBy(cluster, image) };
  });
  const images = [
    ...components(cluster),
    ...built,
    ...(await bases(cluster, templates)),
    ...(await ofServices(cluster, templates)),
  ];
  return { images, packages: hostPackages(cluster) };
}

function components(cluster: Cluster): NeededImage[] {
  const references = componentImages(cluster);
  const { dockerRegistryInsecure: insecure } = cluster.kubernetes;
  return publishers(cluster).map(({ component, name, kind, use, source, unpublished }) => ({
    name,
    image: references[component],
    kind,
    use,
    ...(source !== undefined && { source: namedPlace(source.image, source.insecure) }),
    ...(unpublished !== undefined && { unpublished }),
    copy: namedPlace(references[component], insecure),
  }));
}

function usedBy(cluster: Cluster, image: ImageEntry): string {
  const services = cluster.serviceList.filter(({ images }) => images.includes(image.name)).map(({ name }) => name);
  return services.length === 0 ? 'of no service' : `of ${services.join(', ')}`;
}

/** The FROM lines of what is built here, but for images that are built here themselves. */
async function bases(cluster: Cluster, templates: TemplateDriver): Promise<NeededImage[]> {
  const uses = new Map<string, string[]>();
  for (const image of cluster.images) {
    for (const base of await basesOf(cluster, image, templates))
      uses.set(base, [...(uses.get(base) ?? []), image.name]);
  }
  const { registry } = cluster.services;
  return [...uses]
    .filter(([base]) => !base.startsWith(`${registry.domain}/${registry.namespace}/`))
    .map(([base, images]) => external(cluster, base, 'base', `of ${images.join(', ')}`));
}

async function basesOf(cluster: Cluster, image: ImageEntry, templates: TemplateDriver): Promise<readonly string[]> {
  const folder = `images/${image.name}`;
  const files = (await templates.list(folder)).map(({ path }) => path);
  const file = files.find((path) => path === 'Dockerfile' || path === 'Dockerfile.template');
  if (file === undefined) return [];
  const text = file.endsWith('.template')
    ? await templates.render(
        `${folder}/${file}`,
        imageVariables(cluster, image, (name) => `:${imageReference(cluster, name).tag}`),
      )
    : Buffer.from(await templates.read(`${folder}/${file}`)).toString();
  return baseImages(text, { ...buildDefaults(cluster), ...image.buildArgs });
}

/** Images that manifests of services name by themselves, not as one that is built here. Rendering them would need secrets. */
async function ofServices(cluster: Cluster, templates: TemplateDriver): Promise<NeededImage[]> {
  const uses = new Map<string, Set<string>>();
  for (const { name } of cluster.serviceList) {
    const folder = `services/${name}`;
    for (const { path } of await templates.list(folder)) {
      if (!/\.yaml(?:\.template)?$/.test(path)) continue;
      const text = Buffer.from(await templates.read(`${folder}/${path}`)).toString();
      for (const image of imagesNamedIn(text)) uses.set(image, (uses.get(image) ?? new Set()).add(name));
    }
  }
  return [...uses].map(([image, services]) => external(cluster, image, 'service', `of ${[...services].join(', ')}`));
}

/** What stands behind `image:` in manifests; expressions of templates, which are images that are built here, left out. */
export function imagesNamedIn(manifest: string): readonly string[] {
  const named = manifest.matchAll(/^[ \t]*(?:-[ \t]+)?image:[ \t]*(["']?)([^\s"'#{},]+)\1[ \t]*(?:#.*)?$/gm);
  return [...new Set(Array.from(named, ([, , image = '']) => image))];
}

/** An image of elsewhere; its copy lies beside what is built here, under the last part of its name. */
function external(cluster: Cluster, image: string, kind: 'base' | 'service', use: string): NeededImage {
  const source = namedPlace(image, false);
  const { registry } = cluster.services;
  const name = source.place.repository.split('/').at(-1) ?? source.place.repository;
  const copy = { registry: registry.domain, repository: `${registry.namespace}/${name}`, tag: source.place.tag };
  return {
    name,
    image,
    kind,
    use,
    source,
    copy: { name: placed(copy), place: { ...copy, insecure: registry.insecure } },
  };
}

/** Takes a reference apart as Docker does: the first part is a registry when it looks like a host. */
export function namedPlace(name: string, insecure: boolean): NamedPlace {
  const [first = '', ...rest] = name.split('/');
  const hasHost = rest.length > 0 && (/[.:]/.test(first) || first === 'localhost');
  const path = hasHost ? rest.join('/') : name;
  const registry = hasHost ? first : 'docker.io';
  const [, repository = path, tag = 'latest'] = /^([^@:]+)(?::([^@]+))?(?:@.*)?$/.exec(path) ?? [];
  const digest = /@(.+)$/.exec(path)?.[1];
  const whole = registry === 'docker.io' && !repository.includes('/') ? `library/${repository}` : repository;
  const place = { registry, repository: whole, tag: digest ?? tag, insecure };
  return { name: digest === undefined ? placed(place) : `${registry}/${whole}@${digest}`, place };
}

/** `registry/repository:tag`. */
export function placed({ registry, repository, tag }: Pick<ImagePlace, 'registry' | 'repository' | 'tag'>): string {
  return `${registry}/${repository}${tag.startsWith('sha256:') ? '@' : ':'}${tag}`;
}

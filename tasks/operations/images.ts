import {
  type Cluster,
  didYouMean,
  type ImagePlace,
  type Operation,
  type OperationContext,
  PaiError,
  type Step,
} from 'pai';
import { type Inventory, inventoryOf, type NeededImage, placed } from '../inventory.js';

/** Images and packages that a run needs: telling them, and copying them to the configured registry. */
export function imageOperations(cluster: Cluster): readonly Operation[] {
  return [
    {
      name: 'images list',
      summary: 'every image and package that a run needs',
      async report({ drivers }) {
        const inventory = await inventoryOf(cluster, drivers.templates);
        return { text: textOf(inventory), json: jsonOf(inventory), exitCode: 0 };
      },
    },
    {
      name: 'images mirror',
      summary: 'copy them from where they are published to the configured registry',
      plan: (context) => planMirror(cluster, context),
    },
  ];
}

function textOf({ images, packages }: Inventory): string {
  const lines: string[] = [];
  const kinds = [
    ['component', 'component images'],
    ['add-on', 'images of add-ons'],
    ['built', 'images that are built here'],
    ['base', 'what these are built on'],
    ['service', 'other images of services'],
  ] as const;
  for (const [kind, title] of kinds) {
    const some = images.filter((image) => image.kind === kind);
    if (some.length === 0) continue;
    const width = Math.max(...some.map(({ image }) => image.length));
    lines.push(title);
    for (const { image, use, source, copy } of some) {
      const from = source === undefined ? '' : `, published as ${source.name}`;
      const to = copy === undefined || copy.name === image ? '' : `, mirrored to ${copy.name}`;
      lines.push(`  ${image.padEnd(width)}  ${use}${from}${to}`);
    }
    lines.push('');
  }
  lines.push('packages that hosts install where they are missing');
  const width = Math.max(...packages.map(({ name }) => name.length));
  for (const { name, use } of packages) lines.push(`  ${name.padEnd(width)}  ${use}`);
  return `${lines.join('\n')}\n`;
}

function jsonOf({ images, packages }: Inventory) {
  return {
    images: images.map(({ image, kind, use, source, copy }) => ({
      image,
      kind,
      use,
      ...(source !== undefined && { publishedAs: source.name }),
      ...(copy !== undefined && { mirroredTo: copy.name }),
    })),
    packages: packages.map((entry) => ({ ...entry })),
  };
}

/** An image with both ends of its way. */
interface Way {
  readonly image: NeededImage;
  readonly from: ImagePlace;
  readonly to: ImagePlace;
}

async function planMirror(cluster: Cluster, context: OperationContext) {
  const inventory = await inventoryOf(cluster, context.drivers.templates);
  const chosen = choose(inventory, context.words);
  const notes: string[] = [];
  const ways: Way[] = [];
  for (const image of chosen) {
    const { source, copy } = image;
    if (copy === undefined) continue;
    if (source === undefined) notes.push(`${image.image}: ${image.unpublished ?? 'nobody publishes it'}`);
    else if (source.name !== copy.name) ways.push({ image, from: source.place, to: copy.place });
  }
  const steps: Step[] = [];
  let there = 0;
  for (const way of ways) {
    const wanted = await missing(way, context, notes);
    if (wanted) steps.push(copying(way));
    else there++;
  }
  if (there > 0) notes.push(`${there} of ${ways.length} ${there === 1 ? 'is' : 'are'} in the registry already`);
  return { notes, steps };
}

/** Whether the registry lacks it. One that is there under the same name and is another image stays, unless forced. */
async function missing({ from, to }: Way, { drivers, options }: OperationContext, notes: string[]): Promise<boolean> {
  const present = await drivers.images.digest(to);
  if (present === undefined) return true;
  // Only who forces needs the publisher for what is there; a closed network has no way to it.
  if (options.force !== true) return false;
  if ((await drivers.images.digest(from)) === present) return false;
  notes.push(`${placed(to)} is another image than ${placed(from)}, and is replaced`);
  return true;
}

function copying({ image, from, to }: Way): Step {
  return {
    name: `mirror:${image.name}`,
    description: `${placed(from)} to ${placed(to)}`,
    needs: [],
    pools: ['docker'],
    run: (context) => context.drivers.images.copy(from, to, context),
  };
}

function choose({ images }: Inventory, words: readonly string[]): readonly NeededImage[] {
  const names = images.filter(({ copy }) => copy !== undefined).map(({ name }) => name);
  const unknown = words.find((word) => !names.includes(word));
  if (unknown !== undefined) {
    const meant = didYouMean(unknown, names);
    throw new PaiError('USAGE', `no image ${unknown} is mirrored${meant === undefined ? '' : `; ${meant}`}`, {
      next: `There are: ${names.join(', ')}.`,
    });
  }
  return words.length === 0 ? images : images.filter(({ name }) => words.includes(name));
}

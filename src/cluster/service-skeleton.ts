import { chmod, mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { PaiError } from '../model/errors.js';
import { replaceFile } from './edit-file.js';
import { addListEntries, type ListEntry, type ListSection, namesIn } from './edit-service-list.js';

/** The word that stands for the name in `templates/skeleton/`. */
const PLACEHOLDER = 'SKELETON';
const LIST = 'service-list.yaml';
/** As Kubernetes takes names of containers and values of labels. */
const NAME = /^[a-z]([-a-z0-9]{0,48}[a-z0-9])?$/;

/** A file to write, relative to the project's root. */
interface NewFile {
  readonly file: string;
  readonly content: string;
  readonly mode: number;
}

/**
 * Writes a service that works, to be changed: manifests, an image, entries in service-list.yaml; from `templates/skeleton/` of the project. Returns what
 * it wrote, relative to the root. Throws USAGE for a name that is none or taken, CONFIG_MISSING without a skeleton, CONFIG_INVALID for a list that
 * can't be added to; nothing was changed then.
 */
export async function writeSkeleton(
  root: string,
  name: string,
  { scripts }: { readonly scripts: boolean },
): Promise<readonly string[]> {
  if (!NAME.test(name)) {
    throw new PaiError('USAGE', `'${name}' can't be the name of a service`, {
      next: 'Take lower-case letters, digits and hyphens, a letter first, at most 50 characters.',
    });
  }
  const listFile = path.join(root, LIST);
  const list = await readText(listFile, LIST);
  const service = path.join('templates/services', name);
  const image = path.join('templates/images', name);
  await refuseTaken(root, name, list, [service, image]);
  const files = [
    ...(await filesOf(root, 'service', service, name)),
    ...(scripts ? await filesOf(root, 'scripts', service, name) : []),
    ...(await filesOf(root, 'image', image, name)),
  ];
  const entries = await entriesOf(root, name, list, scripts);
  const edited = addListEntries(LIST, list, entries);
  try {
    for (const { file, content, mode } of files) {
      const at = path.join(root, file);
      await mkdir(path.dirname(at), { recursive: true });
      await writeFile(at, content, { flag: 'wx' });
      await chmod(at, mode);
    }
    await replaceFile(listFile, edited);
  } catch (error) {
    // Neither was there before.
    for (const folder of [service, image]) await rm(path.join(root, folder), { recursive: true, force: true });
    throw error;
  }
  return [...files.map(({ file }) => file), LIST];
}

async function refuseTaken(root: string, name: string, list: string, folders: readonly string[]): Promise<void> {
  const taken: string[] = [];
  for (const section of ['service-list', 'image-list'] as const) {
    if (namesIn(LIST, list, section).includes(name)) taken.push(`${section} of ${LIST}`);
  }
  for (const folder of folders) if (await isThere(path.join(root, folder))) taken.push(folder);
  if (taken.length === 0) return;
  throw new PaiError('USAGE', `the name ${name} is taken: ${taken.join(', ')}`, {
    next: 'Take another name, or remove what is there.',
  });
}

async function isThere(file: string): Promise<boolean> {
  return stat(file).then(
    () => true,
    () => false,
  );
}

async function filesOf(root: string, part: string, to: string, name: string): Promise<readonly NewFile[]> {
  const from = path.join('templates/skeleton', part);
  const found = await readdir(path.join(root, from)).catch(() => []);
  if (found.length === 0) throw withoutSkeleton(from);
  return Promise.all(
    found.toSorted().map(async (file) => {
      const at = path.join(root, from, file);
      const executable = ((await stat(at)).mode & 0o100) !== 0;
      return {
        file: path.join(to, named(file, name)),
        content: named(await readText(at, path.join(from, file)), name),
        mode: executable ? 0o755 : 0o644,
      };
    }),
  );
}

/** What service-list.yaml gets: the sections of `entries.yaml`. */
async function entriesOf(root: string, name: string, list: string, scripts: boolean): Promise<readonly ListEntry[]> {
  const file = 'templates/skeleton/entries.yaml';
  const text = named(await readText(path.join(root, file), file), name);
  const entries = new Map<ListSection, string[]>();
  let section: ListSection | undefined;
  for (const line of text.split('\n')) {
    const [, head] = /^(image-list|service-list):\s*$/.exec(line) ?? [];
    if (head === 'image-list' || head === 'service-list') {
      section = head;
      entries.set(section, []);
    } else if (section !== undefined && line.trim() !== '') entries.get(section)?.push(line.replace(/^ {2}/, ''));
  }
  if (scripts) entries.get('service-list')?.push('  startscript: start.sh', '  stopscript: stop.sh');
  const known = namesIn(LIST, list, 'service-list');
  return Array.from(entries, ([of, lines]) => ({
    section: of,
    name,
    lines: lines.map((line) => withKnown(line, known)),
  }));
}

/** The services that this list has, of those that a skeleton needs. */
function withKnown(line: string, known: readonly string[]): string {
  const [, head = '', needs = ''] = /^(\s*prerequisite: )\[(.*)\]$/.exec(line) ?? [];
  if (head === '') return line;
  const there = needs.split(/,\s*/).filter((need) => known.includes(need));
  return `${head}[${there.join(', ')}]`;
}

function named(text: string, name: string): string {
  return text.replaceAll(PLACEHOLDER, name);
}

async function readText(file: string, told: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (told !== LIST) throw withoutSkeleton(told);
    throw new PaiError('CONFIG_MISSING', `${told} can't be read`, {
      where: told,
      next: 'Run it in the folder of a project.',
      cause: error,
    });
  }
}

function withoutSkeleton(what: string): PaiError {
  return new PaiError('CONFIG_MISSING', `there is no ${what}, which new services are made from`, {
    where: what,
    next: 'Copy templates/skeleton from the checkout of pai.',
  });
}

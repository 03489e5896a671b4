import { PaiError, readArchive } from 'pai';
import { FILES, type FileName } from './roles.js';

/** Stock files of a release: name -> content. */
export type Stock = ReadonlyMap<FileName, string>;

/** Where releases have their configuration: in one folder that is named after them, or at the top. Groups: that folder, the file. */
const PLACE = /^(?:\.\/)?(?:([^/]+)\/)?etc\/hadoop\/([^/]+)$/;

/** How a file may be called in a release as well: those of Hadoop 2 have mapred-site.xml only as a template. */
const OTHER_NAMES: Partial<Readonly<Record<FileName, string>>> = { 'mapred-site.xml': 'mapred-site.xml.template' };

/** How to get on without a whole archive. */
export interface StockOptions {
  readonly cure: string;
  readonly signal: AbortSignal;
}

/**
 * The stock configuration inside an archive of a Hadoop release (2.x or 3.x). The archive is read to its end, so that a truncated one is an
 * error. Throws ARCHIVE also when it is something else than a release.
 */
export async function readStock(archive: string, { cure, signal }: StockOptions): Promise<Stock> {
  const names: ReadonlySet<string> = new Set([...FILES, ...Object.values(OTHER_NAMES)]);
  const wanted = (path: string): boolean => names.has(PLACE.exec(path)?.[2] ?? '');
  const found = await readArchive(archive, { wanted, cure, signal });
  const texts = new Map<string, string>();
  const folders = new Set<string>();
  for (const [path, content] of found) {
    const [, folder = '', name = ''] = PLACE.exec(path) ?? [];
    folders.add(folder);
    texts.set(name, Buffer.from(content).toString('utf8'));
  }
  const noRelease = (what: string): PaiError => new PaiError('ARCHIVE', `${archive} ${what}`, { next: cure });
  if (folders.size === 0) {
    throw noRelease('has no etc/hadoop/: it is not a binary release of Hadoop (an archive of its sources is none)');
  }
  if (folders.size > 1) throw noRelease(`has several releases in it: ${[...folders].sort().join(', ')}`);
  const stock = new Map<FileName, string>();
  const missing: FileName[] = [];
  for (const file of FILES) {
    const text = texts.get(file) ?? texts.get(OTHER_NAMES[file] ?? file);
    if (text === undefined) missing.push(file);
    else stock.set(file, text);
  }
  if (missing.length > 0)
    throw noRelease(`has no etc/hadoop/${missing.join(', ')}: it is not a whole release of Hadoop`);
  return stock;
}

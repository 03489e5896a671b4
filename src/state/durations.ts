import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { renameOver } from './rename-over.js';

/** Seconds that targets take, by name. */
export type Durations = ReadonlyMap<string, number>;

/** How much the newest measurement counts; the rest is what was known before. */
const WEIGHT_OF_NEWEST = 0.3;
/** Names that the graph does not have are kept (another configuration may have them) up to this share of all. */
const MOST_STRANGERS = 0.5;
const FORMAT = 1;

/**
 * What earlier runs measured, from `<cacheDirectory>/durations.json`. Empty when there is nothing that can be read: it only decides
 * what goes first, so losing it costs little.
 */
export async function readDurations(cacheDirectory: string): Promise<Durations> {
  try {
    const value: unknown = JSON.parse(await readFile(fileOf(cacheDirectory), 'utf8'));
    if (!isRecord(value) || value.format !== FORMAT || !isRecord(value.seconds)) return new Map();
    const entries = Object.entries(value.seconds).filter((entry): entry is [string, number] => isDuration(entry[1]));
    return new Map(entries);
  } catch {
    return new Map();
  }
}

/** Earlier measurements with new ones; `known` tells whether the graph has a target of that name. */
export function mergeDurations(before: Durations, measured: Durations, known: (name: string) => boolean): Durations {
  const merged = new Map(before);
  for (const [name, seconds] of measured) {
    const old = before.get(name);
    merged.set(name, old === undefined ? seconds : old + WEIGHT_OF_NEWEST * (seconds - old));
  }
  const strangers = [...merged.keys()].filter((name) => !known(name));
  if (strangers.length > MOST_STRANGERS * merged.size) for (const name of strangers) merged.delete(name);
  return merged;
}

/** Replaces the record as a whole. What keeps it from being written is nobody's concern: the next run orders as this one did. */
export async function writeDurations(cacheDirectory: string, durations: Durations): Promise<void> {
  const file = fileOf(cacheDirectory);
  const temporary = `${file}.${process.pid}`;
  const seconds = Object.fromEntries(Array.from(durations, ([name, value]) => [name, Math.round(value * 1000) / 1000]));
  try {
    await mkdir(cacheDirectory, { recursive: true });
    await writeFile(temporary, JSON.stringify({ format: FORMAT, seconds }), { mode: 0o600 });
    renameOver(temporary, file);
  } catch {
    // A full disk or a folder that is read-only is told by what needs it.
    await rm(temporary, { force: true }).catch(() => undefined);
  }
}

function fileOf(cacheDirectory: string): string {
  return path.join(cacheDirectory, 'durations.json');
}

function isDuration(value: unknown): value is number {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value);
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

import { chmodSync, renameSync, rmSync, statSync, utimesSync } from 'node:fs';
import type { CrashProject } from './project.js';
import type { Random } from './random.js';

type Edit = (project: CrashProject, random: Random) => void;

let written = 0;

function text(random: Random): string {
  written++;
  // Some texts come again, so that outputs are put back from the cache.
  return random.chance(0.3) ? `text ${random.below(3)}` : `text number ${written}\n`.repeat(1 + random.below(40));
}

function input(project: CrashProject, random: Random): string {
  return random.of(project.inputs());
}

function output(project: CrashProject, random: Random): string | undefined {
  const outputs = project.outputs();
  return outputs.length === 0 ? undefined : random.of(outputs);
}

const EDITS: readonly Edit[] = [
  (project, random) => project.write(input(project, random), text(random)),
  (project, random) => project.write(input(project, random), text(random)),
  (project, random) => utimesSync(project.at(input(project, random)), new Date(), new Date()),
  (project, random) => {
    const file = input(project, random);
    renameSync(project.at(file), project.at(file.replace(/[^/]*$/, `renamed${random.below(4)}.txt`)));
  },
  (project, random) => {
    const file = input(project, random);
    rmSync(project.at(file));
    project.write(file.replace(/[^/]*$/, `added${random.below(4)}.txt`), text(random));
  },
  (project, random) => {
    const place = project.at(input(project, random));
    chmodSync(place, (statSync(place).mode & 0o111) === 0 ? 0o755 : 0o644);
  },
  (project, random) => {
    // The clock is put back, as an editor may do.
    const place = input(project, random);
    const { atime, mtime } = statSync(project.at(place));
    project.write(place, text(random));
    utimesSync(project.at(place), atime, mtime);
  },
  (project, random) => {
    const file = output(project, random);
    if (file !== undefined) project.write(file, text(random));
  },
  (project, random) => {
    const file = output(project, random);
    if (file !== undefined) chmodSync(project.at(file), 0o600);
  },
  (project, random) => {
    const file = output(project, random);
    if (file !== undefined) rmSync(project.at(file));
  },
  (project) => project.write('gen/stranger', 'not made by anybody'),
  (project, random) => project.setValue(random.of(project.names.filter((name) => name !== 'always')), random.below(4)),
  (project, random) => project.write('in/5/one.txt', random.chance(0.4) ? 'fail' : text(random)),
];

/** Edits a project by hand in some ways. */
export function editAtRandom(project: CrashProject, random: Random): void {
  for (let count = 1 + random.below(3); count > 0; count--) random.of(EDITS)(project, random);
}

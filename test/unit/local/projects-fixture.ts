import { rmSync } from 'node:fs';
import { afterEach } from 'vitest';
import type { Language } from '../../../src/paifile/language.js';
import { LocalProject } from './project.js';

const made: LocalProject[] = [];

afterEach(() => {
  for (const { root } of made.splice(0)) rmSync(root, { recursive: true, force: true });
});

/** A project in a temporary folder that goes with the test. */
export function project(write: (language: Language) => void): LocalProject {
  const created = new LocalProject(write);
  made.push(created);
  return created;
}

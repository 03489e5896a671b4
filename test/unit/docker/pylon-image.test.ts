import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contextFiles } from '../../../src/docker/context-files.js';

const FOLDER = join(import.meta.dirname, '../../../templates/images/pylon');
const hasShellcheck = spawnSync('shellcheck', ['--version']).status === 0;

describe('the pylon image', () => {
  const files = readdirSync(FOLDER).map((path) => ({
    path,
    mode: statSync(join(FOLDER, path)).mode & 0o777,
    content: readFileSync(join(FOLDER, path)),
  }));

  it('gives the builder what its Dockerfile copies and no more', async () => {
    const copied = [...readFileSync(join(FOLDER, 'Dockerfile'), 'utf8').matchAll(/^COPY (\S+) /gm)].map(
      ([, path]) => path,
    );
    const kept = (await contextFiles(files)).map((file) => file.path);
    expect(kept).toEqual(['.dockerignore', 'Dockerfile', ...copied].sort());
  });

  it('has an entrypoint that may be executed', () => {
    expect(files.find((file) => file.path === 'entrypoint')?.mode.toString(8)).toMatch(/^[57]/);
  });

  it.skipIf(!hasShellcheck)(
    'has an entrypoint that shellcheck has nothing to say of (skipped without shellcheck)',
    () => {
      const checked = spawnSync('shellcheck', ['-s', 'sh', join(FOLDER, 'entrypoint')], { encoding: 'utf8' });
      expect(checked.stdout).toBe('');
      expect(checked.status).toBe(0);
    },
  );
});

import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { contextFiles } from '../../../src/docker/context-files.js';

const IMAGES = join(import.meta.dirname, '../../../templates/images');
const STAND_INS = join(import.meta.dirname, '../../stand-ins');
const hasShellcheck = spawnSync('shellcheck', ['--version']).status === 0;

function filesOf(image: string) {
  const folder = join(IMAGES, image);
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => statSync(join(folder, path)).isFile())
    .map((path) => ({
      path: path.replace(/\.template$/, ''),
      mode: statSync(join(folder, path)).mode & 0o777,
      content: readFileSync(join(folder, path)),
    }));
}

const ours = readdirSync(IMAGES).filter((name) => name !== 'hyperkube');

describe.each(ours)('the image %s', (image) => {
  const files = filesOf(image);
  const dockerfile = files.find(({ path }) => path === 'Dockerfile')?.content.toString() ?? '';
  const scripts = files.filter(({ content }) => content.toString().startsWith('#!'));

  it('gives the builder what its Dockerfile copies and no more', async () => {
    const copied = [...dockerfile.matchAll(/^COPY (?!--from)(?:--\S+ )*(.+) \S+$/gm)]
      .flatMap(([, sources = '']) => sources.split(' '))
      .filter((path) => !path.startsWith('copied_file/'));
    const kept = (await contextFiles(files)).map((file) => file.path);
    expect(kept).toEqual(['.dockerignore', 'Dockerfile', ...new Set(copied)].sort());
  });

  it('lets pass what comes of its source', async () => {
    const source = { path: 'copied_file/a/b', mode: 0o644, content: '' };
    const kept = (await contextFiles([...files, source])).map((file) => file.path);
    expect(kept.includes(source.path)).toBe(dockerfile.includes('copied_file/'));
  });

  it('has scripts that may be executed', () => {
    expect(scripts.filter(({ mode }) => (mode & 0o111) !== 0o111).map(({ path }) => path)).toEqual([]);
  });

  it('has a health check and takes its base from the configuration', () => {
    expect(dockerfile).toMatch(/^HEALTHCHECK /m);
    for (const [, base = ''] of dockerfile.matchAll(/^FROM (.+?)(?: AS \S+)?$/gm)) {
      expect(base).toMatch(/^(\$\{BASE_IMAGE\}|\{\{ images\['[a-z-]+'\] \}\})$/);
    }
  });

  it.skipIf(!hasShellcheck)('has scripts that shellcheck has nothing to say of (skipped without shellcheck)', () => {
    for (const { content, path } of scripts) {
      const checked = spawnSync('shellcheck', ['-'], { input: content, encoding: 'utf8' });
      expect(checked.stdout, path).toBe('');
    }
  });
});

describe('stand-ins', () => {
  it.skipIf(!hasShellcheck)('are scripts that shellcheck has nothing to say of (skipped without shellcheck)', () => {
    const scripts = readdirSync(STAND_INS, { recursive: true, encoding: 'utf8' })
      .map((path) => join(STAND_INS, path))
      .filter((path) => statSync(path).isFile() && readFileSync(path, 'utf8').startsWith('#!/bin/sh'));
    expect(scripts.length).toBeGreaterThan(4);
    expect(spawnSync('shellcheck', scripts, { encoding: 'utf8' }).stdout).toBe('');
  });
});

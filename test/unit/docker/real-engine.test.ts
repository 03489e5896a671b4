import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contextFiles, sentContext } from '../../../src/docker/context-files.js';
import { contextTar } from '../../../src/docker/context-tar.js';
import { createImageDriver } from '../../../src/docker/driver.js';
import { Engine } from '../../../src/docker/engine.js';
import type { ImageDriver } from '../../../src/model/drivers.js';
import { engineContext, engineFiles, engineStory } from './engine-story.js';
import { hasRegistry, RealRegistry } from './real-registry.js';

/** The client, for comparison, and through it whether an engine answers. */
const hasEngine = spawnSync('docker', ['version'], { stdio: 'ignore' }).status === 0;

const TREE = [
  'a.md',
  'README.md',
  'c++/x',
  'a(1).txt',
  'docs/a.md',
  'docs/deep/b.md',
  'docs/deep/keep.md',
  'docs/keep.txt',
  'src/main.c',
  'src/main.o',
  'src/lib/x.o',
  'src/lib/x.c',
  'tmp/one',
  'tmpfile',
  'temp?',
  '.git/config',
  'sub/.git/config',
  'sub/Dockerfile',
  'node_modules/a/b/c',
  'sub/node_modules/a',
];

const RULES = [
  '',
  '*.md\n!README.md',
  '**/*.md\n!docs/deep/keep.md',
  'docs\n!docs/keep.txt\ndocs/deep',
  '*\n!src\nsrc/**/*.o',
  '*\n!src/lib/*.c',
  '**/node_modules\n**/.git',
  'tmp*\n!tmpfile',
  'temp\\?\n/src/\n',
  '**',
  'Dockerfile\n.dockerignore\n*/Dockerfile',
  'c++\na(1).txt',
  '# comment\n\n  sub  \n!sub/.git\n',
  './docs/../src',
  'doc?\n[a-c]*',
  '!**/a\n**/a',
  'src/lib/\n!src/lib/x.c',
  '**/*.o\n!src/main.o',
  'docs/**\n!docs/deep/**',
  'docs/*\n!docs/deep',
  '[^a-d]*',
  'a\\.md\nREADME\\.*',
  '*/*.md\n*/*/*.md',
  '!README.md',
  'docs/../a.md',
  '.\n!src',
  'sub/**/a\n**/deep',
  'tmp/*\n!tmp/one',
  '*.{md,txt}\n$x\n^a',
  '**/**/*.c',
  '\t*.md \r\n!a.md\r\n',
  '**/.*\n!.git',
  '\\a.md\n!\\a.md\ndocs',
];

describe.skipIf(!hasRegistry || !hasEngine)(
  'a real Docker Engine (skipped where none answers, or Debian’s docker-registry is not installed)',
  { timeout: 60_000 },
  () => {
    let registry: RealRegistry;
    let driver: ImageDriver;

    beforeAll(async () => {
      // On loopback, where an engine takes a registry without TLS unasked.
      registry = await RealRegistry.start({ insecure: true, deletion: true });
      driver = createImageDriver({ registry: registry.access });
    });

    afterAll(async () => {
      if (registry === undefined) return;
      await driver.clean(image(), engineContext('0'));
      await registry.stop();
    });

    const image = () => ({ registry: registry.access.domain, repository: 'pai-test/app', tag: 'v1' });

    describe.each(['classic', 'buildkit'] as const)('with the builder %s', (builder) => {
      let own: RealRegistry;
      beforeAll(async () => {
        own = await RealRegistry.start({ insecure: true, deletion: true });
      });
      afterAll(() => own?.stop());

      engineStory(() => ({ options: { registry: own.access, builder }, socket: undefined }));
    });

    it('builds by BuildKit, which it has, unless it is told otherwise', async () => {
      const { builder } = await Engine.connect(undefined, registry.access);
      expect(builder).toBe('buildkit');
    });

    it('tells the step that failed, its exit code and its last lines, by BuildKit', async () => {
      const base = 'debian:bookworm-slim';
      const files = engineFiles(`FROM ${base}\nRUN echo before\nRUN echo said so >&2; exit 7\nRUN echo never\n`);
      const lines: string[] = [];
      const failing = createImageDriver({ registry: registry.access, builder: 'buildkit' });
      const work = { image: image(), files, buildArgs: {} };
      await expect(failing.apply(work, engineContext('6', lines))).rejects.toMatchObject({
        code: 'IMAGE_BUILD',
        message: 'image app does not build: [3/4] RUN echo said so >&2; exit 7: exit code 7',
        details: expect.arrayContaining(['said so']),
      });
      expect(lines.filter((line) => line.includes('never'))).toEqual([]);
    });

    it('gives BuildKit the login of its own registry, and no other one a login', async () => {
      const other = await RealRegistry.start({ insecure: true, deletion: false });
      try {
        const own = createImageDriver({ registry: registry.access, builder: 'buildkit' });
        const base = { ...image(), repository: 'pai-test/base' };
        await own.apply(
          { image: base, files: engineFiles('FROM scratch\nCOPY bin/run /\n'), buildArgs: {} },
          engineContext('1'),
        );
        const name = `${base.registry}/${base.repository}:v1`;
        execFileSync('docker', ['image', 'rm', name], { stdio: 'pipe' });
        // Of a stage that is copied from: what FROM names was pulled before.
        const copying = engineFiles(`FROM scratch\nCOPY --from=${name} /run /\n`);
        const done = await own.apply({ image: image(), files: copying, buildArgs: {} }, engineContext('2'));
        expect(done.output).toMatch(/^sha256:/);
        const foreign = engineFiles(`FROM scratch\nCOPY --from=${other.access.domain}/ns/x:v1 /run /\n`);
        await expect(
          own.apply({ image: image(), files: foreign, buildArgs: {} }, engineContext('3')),
        ).rejects.toMatchObject({ message: /authorization failed|no basic auth|401|denied/i });
        await own.clean(base, engineContext('1'));
      } finally {
        await other.stop();
      }
    });

    it('does not build with a base image whose registry does not answer', async () => {
      const files = engineFiles('FROM 127.0.0.1:1/nope\n');
      await expect(driver.apply({ image: image(), files, buildArgs: {} }, engineContext('6'))).rejects.toMatchObject({
        code: 'IMAGE_BUILD',
        message: /127.0.0.1:1\/nope.*refused/,
        where: 'image app',
      });
    });

    it.each(RULES)('leaves the files in the image that Docker’s own client leaves: %j', async (rules) => {
      const contents = new Map([
        ['Dockerfile', 'FROM scratch\nCOPY . /\n'],
        ...TREE.map((path) => [path, path] as const),
        ...(rules === '' ? [] : [['.dockerignore', rules] as const]),
      ]);
      const folder = await mkdtemp(join(tmpdir(), 'pai-context-'));
      const theirs = 'pai-test-ignore:client';
      const ours = 'pai-test-ignore:pai';
      try {
        for (const [path, content] of contents) {
          await mkdir(dirname(join(folder, path)), { recursive: true });
          await writeFile(join(folder, path), content);
        }
        const env = { ...process.env, DOCKER_BUILDKIT: '0' };
        execFileSync('docker', ['build', '-q', '-t', theirs, folder], { env, stdio: 'pipe' });
        const payload = [...contents].map(([path, content]) => ({ path, mode: 0o644, content }));
        const engine = await Engine.connect(undefined, registry.access);
        const { files, classic } = await sentContext(await contextFiles(payload));
        await engine.build(
          {
            name: 'ignore',
            reference: ours,
            context: await contextTar(files),
            labels: {},
            buildArgs: {},
            cache: true,
            classic,
          },
          engineContext('0'),
        );
        expect(listImage(ours)).toEqual(listImage(theirs));
      } finally {
        await rm(folder, { recursive: true });
        spawnSync('docker', ['image', 'rm', theirs, ours]);
      }
    });
  },
);

/** Regular files of an image, sorted; what a container itself adds is left out. */
function listImage(name: string): string[] {
  const container = execFileSync('docker', ['create', name, '/none']).toString().trim();
  try {
    const tar = execFileSync('docker', ['export', container], { maxBuffer: 1 << 26 });
    const listed = execFileSync('tar', ['-tf', '-'], { input: tar }).toString().split('\n');
    return listed
      .filter((path) => path !== '' && !/^(dev|etc|proc|sys|\.dockerenv)/.test(path) && !path.endsWith('/'))
      .sort();
  } finally {
    execFileSync('docker', ['rm', container]);
  }
}

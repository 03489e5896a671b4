import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { contextFiles } from '../../../src/docker/context-files.js';
import { contextTar } from '../../../src/docker/context-tar.js';
import { createImageDriver } from '../../../src/docker/driver.js';
import { Engine } from '../../../src/docker/engine.js';
import type { ImageDriver, PayloadFile } from '../../../src/model/drivers.js';
import type { ApplyContext } from '../../../src/model/target.js';
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
];

describe.skipIf(!hasRegistry || !hasEngine)(
  'a real Docker Engine (skipped where none answers, or Debian’s docker-registry is not installed)',
  () => {
    let registry: RealRegistry;
    let driver: ImageDriver;
    let lines: string[] = [];

    beforeAll(async () => {
      // On loopback, where an engine takes a registry without TLS unasked.
      registry = await RealRegistry.start({ insecure: true, deletion: true });
      driver = createImageDriver({ registry: registry.access });
    });

    afterAll(async () => {
      if (registry === undefined) return;
      await driver.clean(image(), context('0'));
      await registry.stop();
    });

    const image = () => ({ registry: registry.access.domain, repository: 'pai-test/app', tag: 'v1' });

    function files(dockerfile: string): PayloadFile[] {
      return [
        { path: 'Dockerfile', mode: 0o644, content: dockerfile },
        { path: 'bin/run', mode: 0o700, content: Uint8Array.from([0, 255]) },
      ];
    }

    function context(digit: string): ApplyContext {
      const used: Omit<ApplyContext, 'drivers'> = {
        target: 'image:app',
        outputs: new Map(),
        log: (line) => lines.push(line),
        signal: new AbortController().signal,
        stamp: (output = '') => ({
          format: 1,
          target: 'image:app',
          fingerprint: digit.repeat(64),
          output,
          parts: { digit },
          run: 'run-1',
        }),
      };
      return used as ApplyContext;
    }

    const apply = (dockerfile: string, digit: string) =>
      driver.apply({ image: image(), files: files(dockerfile), buildArgs: { COLOUR: 'red' } }, context(digit));

    const DOCKERFILE = 'FROM scratch\nARG COLOUR\nENV COLOUR=$COLOUR\nCOPY . /\nCMD ["/bin/run"]\n';

    it('builds, pushes, and the registry shows the stamp', async () => {
      const stamp = await apply(DOCKERFILE, '1');
      expect(await driver.observe(image())).toEqual({ kind: 'known', present: true, stamp });
      const shown = execFileSync('docker', [
        'image',
        'inspect',
        '-f',
        '{{json .Config.Env}}{{json .RepoTags}}',
        nameOf(),
      ]);
      expect(shown.toString()).toContain('COLOUR=red');
      expect(shown.toString()).toContain(`["${nameOf()}"]`);
    });

    it('tags an earlier build again without building', async () => {
      const first = await apply(DOCKERFILE, '2');
      await apply(DOCKERFILE, '3');
      lines = [];
      const again = await apply(DOCKERFILE, '2');
      expect(again).toEqual(first);
      expect(lines.some((line) => line.startsWith('Step '))).toBe(false);
    });

    it('builds on an image of its own registry that this machine has only a stale copy of', async () => {
      const fresh = await apply(DOCKERFILE, '4');
      execFileSync('docker', ['image', 'rm', nameOf()]);
      const child = { registry: registry.access.domain, repository: 'pai-test/child', tag: 'v1' };
      const work = { image: child, buildArgs: {}, files: files(`FROM ${nameOf()}\nLABEL on="${fresh.output}"\n`) };
      expect(await driver.apply(work, context('5'))).toMatchObject({ fingerprint: '5'.repeat(64) });
      await driver.clean(child, context('5'));
    });

    it.each([
      ['a file that is not there', 'FROM scratch\nCOPY nope /\n', /Step 2\/\d : COPY nope \/: .*nope/],
      ['an instruction that is none', 'FROM scratch\nCPOY a b\n', /unknown instruction: CPOY/i],
      ['a base image that is not there', 'FROM 127.0.0.1:1/nope\n', /Step 1\/\d : FROM 127.0.0.1:1\/nope: .*refused/],
    ])('does not build with %s', async (_, dockerfile, message) => {
      await expect(apply(dockerfile, '6')).rejects.toMatchObject({ code: 'IMAGE_BUILD', message, where: 'image app' });
    });

    it('pushes to no registry that refuses the password', async () => {
      const wrong = createImageDriver({ registry: { ...registry.access, password: 'wrong' } });
      const work = { image: image(), files: files(DOCKERFILE), buildArgs: {} };
      await expect(wrong.apply(work, context('7'))).rejects.toMatchObject({ code: 'REGISTRY_AUTH' });
    });

    it('removes the image from this machine and from the registry', async () => {
      await apply(DOCKERFILE, '8');
      await driver.clean(image(), context('8'));
      expect(await driver.observe(image())).toEqual({ kind: 'known', present: false });
      expect(spawnSync('docker', ['image', 'inspect', nameOf()]).status).not.toBe(0);
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
        const tar = await contextTar(await contextFiles(payload));
        await engine.build(
          { name: 'ignore', reference: ours, context: tar, labels: {}, buildArgs: {}, cache: true },
          context('0'),
        );
        expect(listImage(ours)).toEqual(listImage(theirs));
      } finally {
        await rm(folder, { recursive: true });
        spawnSync('docker', ['image', 'rm', theirs, ours]);
      }
    });

    const nameOf = () => `${registry.access.domain}/pai-test/app:v1`;
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

import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { editAtRandom } from './edits.js';
import { type Ended, expectNoBug, expectRight, expectTidy, pai } from './pai.js';
import { CrashProject } from './project.js';
import { seeded } from './random.js';
import { inject, whyNoTrace } from './trace.js';

const noTrace = whyNoTrace();
if (noTrace !== undefined) console.log(`failing calls are skipped: ${noTrace}`);
const noMount = whyNoMount();
if (noMount !== undefined) console.log(`full and read-only caches are skipped: ${noMount}`);

/** Places whose names are known before. All of .cache fails in the tests with real file systems. */
const PLACES = [
  '',
  'local-state',
  'durations.json',
  'part-texts',
  'lock',
  'runs',
  'staging',
  'paifile',
  'paifile/manifest.json',
  'outputs',
  'outputs/v1',
  'outputs/v1/new',
  'outputs/v1/growth',
  'outputs/v1/hits',
];

const FAILURES: readonly (readonly [call: string, errors: readonly string[]])[] = [
  ['openat', ['ENOSPC', 'EIO', 'EROFS']],
  ['write', ['ENOSPC', 'EIO']],
  ['read', ['EIO']],
  ['rename', ['ENOSPC', 'EIO', 'EROFS']],
  ['mkdir', ['ENOSPC', 'EIO', 'EROFS']],
  ['fdatasync', ['ENOSPC', 'EIO']],
  ['ftruncate', ['EIO']],
];

/** It worked, with a warning or without; or it says clearly why not. */
function expectClear(end: Ended, what: string): void {
  expectNoBug(end, what);
  expect(end.signal, what).toBe(null);
  expect([0, 1], what).toContain(end.exitCode);
  if (end.exitCode === 1) expect(end.stdout + end.stderr, what).toMatch(/error [A-Z_]+: .+/);
  const warnings = end.stderr.split('\n').filter((line) => line.startsWith('warning: '));
  expect(new Set(warnings).size, `a warning is told once\n${what}`).toBe(warnings.length);
}

it.skipIf(noTrace !== undefined)('calls that fail cost work, never a wrong result', async () => {
  const random = seeded('failing calls');
  const project = new CrashProject();
  const paths = PLACES.map((place) => path.join(project.cache, place));
  try {
    await expectRight(project, 'first run');
    let felt = 0;
    for (const [call, errors] of FAILURES) {
      for (const error of errors) {
        editAtRandom(project, random);
        project.setValue('a1', random.below(1000));
        const when = `${1 + random.below(3)}${random.chance(0.7) ? '+' : ''}`;
        const end = await inject(project, `${call}:error=${error}:when=${when}`, ['run', 'all'], paths);
        const what = `${call} failed with ${error}, when=${when}\n${end.stdout}${end.stderr}\n---`;
        if (end.exitCode !== 0 || end.stderr !== '') felt++;
        expectClear(end, what);
        await expectRight(project, what);
      }
    }
    expect(felt).toBeGreaterThan(2);
  } finally {
    project.remove();
  }
});

it.skipIf(noMount !== undefined)('a disk that is full, or becomes so, costs work and no more', async () => {
  const random = seeded('full disk');
  const project = new CrashProject();
  mkdirSync(project.cache);
  command('mount', '-t', 'tmpfs', '-o', 'size=4m', 'tmpfs', project.cache);
  const filler = path.join(project.cache, 'filler');
  try {
    await expectRight(project, 'first run');
    for (const free of [0, 0, 1, 2, 3, 4, 6, 8, 12]) {
      editAtRandom(project, random);
      if (random.chance(0.5)) project.setValue('a2', random.below(1000));
      const { bavail, bsize } = statfsSync(project.cache);
      writeFileSync(filler, Buffer.alloc(Math.max(0, bavail - free) * bsize));
      const end = await pai(project, 'run', 'all');
      rmSync(filler);
      const what = `${free} pages were free\n${end.stdout}${end.stderr}\n---`;
      expectClear(end, what);
      await expectRight(project, what);
    }
    await expectTidy(project);
  } finally {
    command('umount', project.cache);
    project.remove();
  }
});

it.skipIf(noMount !== undefined)(
  'with a cache that is read-only a run works, or says why not; afterwards all is right',
  async () => {
    const random = seeded('read-only cache');
    const project = new CrashProject();
    try {
      await expectRight(project, 'first run');
      for (let round = 0; round < 4; round++) {
        editAtRandom(project, random);
        command('mount', '--bind', project.cache, project.cache);
        let end: Ended;
        let again: Ended;
        try {
          command('mount', '-o', 'remount,bind,ro', project.cache);
          end = await pai(project, 'run', 'all');
          again = await pai(project, 'plan', 'all');
        } finally {
          command('umount', project.cache);
        }
        const what = `the cache was read-only\n${end.stdout}${end.stderr}\n---`;
        expectClear(end, what);
        expectNoBug(again, what);
        await expectRight(project, what);
      }
    } finally {
      project.remove();
    }
  },
);

function command(name: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(name, args, { encoding: 'utf8' });
  expect(status, `${name} ${args.join(' ')}: ${stderr}`).toBe(0);
}

function whyNoMount(): string | undefined {
  const tried = spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt'], { encoding: 'utf8' });
  if (tried.error !== undefined) return tried.error.message;
  return tried.status === 0 ? undefined : `file systems can't be mounted here (${tried.stderr.trim()})`;
}

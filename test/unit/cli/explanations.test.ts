import { readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { main } from '../../../src/cli/main.js';
import { filesOf, makeProject, PAIFILE, pai, writeProjectFile } from './project.js';

/** An application with a script, a settings file on disk and a password; what runs after it depends on it. */
function paifileOf(settings: { script?: string; labels?: object; password?: string; more?: string }): string {
  const { script = 'one\ntwo\nthree\n', labels = { tier: 'web' }, password = 'hunter2-old', more = '' } = settings;
  return `
    import { createHash } from 'node:crypto';
    import { readFileSync } from 'node:fs';
    import { outFile } from './tasks/out-file.js';

    export default {
      write({ project, target }: any) {
        const file = project.root + '/settings.txt';
        const parts = () => {
          const content = readFileSync(file);
          const sha256 = createHash('sha256').update(content).digest('hex');
          return [
            { name: 'script', value: ${JSON.stringify(script)} },
            { name: 'labels', value: ${JSON.stringify(labels)} },
            { name: 'file settings.txt', value: { mode: 420, sha256 }, shown: () => readFileSync(file) },
            { name: 'env TOKEN', value: ${JSON.stringify(password)}, shown: false },
            ${more}
          ];
        };
        const action = outFile(project.root, '');
        const desired = async () => ({ ...(await action.desired()), parts: parts() });
        const app = target('app', () => ({ ...action, desired }));
        target('last', () => outFile(project.root, 'x'), { needs: [app] });
      },
    };`;
}

let root: string;
beforeEach(async () => {
  root = await makeProject(paifileOf({}));
  await writeProjectFile(root, 'settings.txt', 'port 80\nhost a\n');
});
afterEach(() => rm(root, { recursive: true, force: true }));

const declare = (settings: Parameters<typeof paifileOf>[0]): Promise<void> =>
  writeProjectFile(root, 'paifile.ts', paifileOf(settings));

/** Digests are told by their first letters; which ones does not matter here. */
const digestsOut = (text: string): string => text.replaceAll(/\b[0-9a-f]{12}\b/g, 'DIGEST');

describe('pai why', () => {
  it('has diffs of what changed since the last apply, down the chain of needs', async () => {
    await pai(root, 'run', 'last');
    await declare({ script: 'one\nTWO\nthree\n', labels: { tier: 'web', zone: 'b' } });
    await writeProjectFile(root, 'settings.txt', 'port 8080\nhost a\n');
    const { exitCode, stdout, stderr } = await pai(root, 'why', 'last');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(digestsOut(stdout)).toBe(`last is stale
  runs only if what it needs gives another output
  needs app
    app is stale
      changed file settings.txt  DIGEST -> DIGEST
        @@ -1,2 +1,2 @@
        -port 80
        +port 8080
         host a
      changed labels             DIGEST -> DIGEST
        @@ -1 +1,2 @@
         tier: web
        +zone: b
      changed script             DIGEST -> DIGEST
        @@ -1,3 +1,3 @@
         one
        -two
        +TWO
         three
`);
  });

  it('tells machines the same', async () => {
    await pai(root, 'run', 'last');
    await declare({ script: 'one\n', password: 'hunter2-new' });
    const { stdout } = await pai(root, 'why', 'app', '--json');
    const { entries } = JSON.parse(stdout);
    expect(entries[0].reasons[0].parts).toEqual([
      {
        name: 'env TOKEN',
        change: 'changed',
        before: expect.stringMatching(/^[0-9a-f]{64}$/),
        after: expect.stringMatching(/^[0-9a-f]{64}$/),
        noDiff: 'secret: only that it changed is told',
      },
      expect.objectContaining({ name: 'script', diff: '@@ -1,3 +1 @@\n one\n-two\n-three\n' }),
    ]);
  });

  it('neither shows nor keeps what is not to be shown', async () => {
    await pai(root, 'run', 'last');
    await declare({ password: 'hunter2-new' });
    for (const command of ['why', 'diff', 'plan']) {
      const { stdout, stderr } = await pai(root, command, 'app');
      expect(stdout + stderr).toContain('env TOKEN');
      expect(stdout + stderr).not.toContain('hunter2');
    }
    const { stdout } = await pai(root, 'run', 'app', '--explain');
    expect(stdout).not.toContain('hunter2');
    const kept = (await filesOf(root)).filter((file) => /^\.cache\/(runs|part-texts)/.test(file));
    expect(kept.length).toBeGreaterThan(1);
    for (const file of kept) expect(await readFile(path.join(root, file), 'utf8')).not.toContain('hunter2');
  });

  it('has only digests once the local cache is gone', async () => {
    await pai(root, 'run', 'last');
    await rm(path.join(root, '.cache'), { recursive: true });
    await declare({ script: 'other\n' });
    const { stdout } = await pai(root, 'why', 'app');
    expect(digestsOut(stdout)).toBe(`app is stale
  changed script  DIGEST -> DIGEST
    (its text of last time is not kept)
`);
  });

  it('tells that a file changed once more while it was looked at, rather than a wrong diff', async () => {
    await declare({ more: "{ name: 'gone', value: 'a', shown: () => undefined }," });
    await pai(root, 'run', 'last');
    await declare({ more: "{ name: 'gone', value: 'b', shown: () => undefined }," });
    expect((await pai(root, 'why', 'app')).stdout).toContain('(its text is too large to show, or changed once more)');
  });
});

describe('pai diff', () => {
  it('has a patch for each changed part of stale targets, and a line for what has none', async () => {
    await pai(root, 'run', 'last');
    await declare({ script: 'one\ntwo\nthree\nfour\n' });
    await writeProjectFile(root, 'settings.txt', 'port 80\n');
    const { exitCode, stdout } = await pai(root, 'diff');
    expect(exitCode).toBe(0);
    expect(digestsOut(stdout)).toBe(`--- app: file settings.txt  DIGEST
+++ app: file settings.txt  DIGEST
@@ -1,2 +1 @@
 port 80
-host a
--- app: script  DIGEST
+++ app: script  DIGEST
@@ -1,3 +1,4 @@
 one
 two
 three
+four

last: may change: needs app

2 to run, 1 of them may be cut off, 0 fresh
`);
    const machine = JSON.parse((await pai(root, 'diff', 'app', '--json')).stdout);
    expect(machine).toMatchObject({ stale: 1, fresh: 0, unknown: 0 });
    expect(machine.targets.map(({ name }: { name: string }) => name)).toEqual(['app']);
    expect(machine.targets[0].reasons[0].parts[1].diff).toBe('@@ -1,3 +1,4 @@\n one\n two\n three\n+four\n');
  });

  it('is one line when nothing would change, and when all is new', async () => {
    expect((await pai(root, 'diff', 'app')).stdout).toBe('app: never applied\n\n1 to run, 0 fresh\n');
    await pai(root, 'run', 'last');
    expect((await pai(root, 'diff')).stdout).toBe('0 to run, 2 fresh\n');
  });

  it('touches nothing', async () => {
    await pai(root, 'run', 'last');
    await declare({ script: 'other\n' });
    await pai(root, 'list');
    const before = await filesOf(root);
    await pai(root, 'diff');
    await pai(root, 'why', 'last');
    await pai(root, 'plan');
    expect(await filesOf(root)).toEqual(before);
  });

  it('is coloured where FORCE_COLOR asks for it, and only there', async () => {
    await pai(root, 'run', 'last');
    await declare({ script: 'one\n' });
    expect((await pai(root, 'diff', 'app')).stdout).not.toContain('\u001b[');
    let coloured = '';
    const surroundings = {
      cwd: root,
      env: { FORCE_COLOR: '1' },
      stdout: (text: string) => {
        coloured += text;
      },
      stderr: () => undefined,
      onInterrupt: () => () => undefined,
    };
    expect(await main(['diff', 'app'], surroundings)).toBe(0);
    expect(coloured).toContain('\u001b[31m-two\u001b[39m\n');
  });
});

describe('a command line that can not be read', () => {
  it.each<[string[], string]>([
    [['logs'], "missing required argument 'target'"],
    [['logs', 'app', 'last'], "too many arguments for 'logs'. Expected 1 argument but got 2."],
    [['history', 'app'], "too many arguments for 'history'. Expected 0 arguments but got 1."],
    [['show', '-p', 'x'], "unknown option '-p'"],
    [['diff', '--detailed-exitcode'], "unknown option '--detailed-exitcode'"],
  ])('%j ends with 2, and says what is meant', async (argv, message) => {
    const { exitCode, stdout, stderr } = await pai(root, ...argv);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(`error USAGE: ${message}`);
  });

  it('pai diff tells the nearest of names that are not there', async () => {
    const { exitCode, stderr } = await pai(root, 'diff', 'ap');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('error UNKNOWN_NAME: there is no target or group ap; did you mean app?');
  });

  it.each(['diff', 'history', 'show', 'logs'])('pai %s --help has examples', async (command) => {
    const { exitCode, stdout } = await pai(root, command, '--help');
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`Usage: pai ${command} `);
    expect(stdout).toContain(`Examples:\n  pai ${command}`);
    expect((await pai(root, '--help')).stdout).toMatch(new RegExp(`\n  ${command} `));
  });
});

describe('pai plan', () => {
  it('says in the order of the run what runs, why, and what may be cut off', async () => {
    await pai(root, 'run', 'last');
    await declare({ script: 'other\n' });
    const { stdout } = await pai(root, 'plan');
    expect(stdout).toBe(`stale   app   changed: script
maybe   last  needs app; may be cut off

2 to run, 1 of them may be cut off, 0 fresh
`);
  });

  it('ends with 3 when something would run and --detailed-exitcode asks, with 0 when nothing would', async () => {
    expect((await pai(root, 'plan')).exitCode).toBe(0);
    expect((await pai(root, 'plan', '--detailed-exitcode')).exitCode).toBe(3);
    expect((await pai(root, 'plan', '--detailed-exitcode', '--json')).exitCode).toBe(3);
    await pai(root, 'run', 'last');
    expect((await pai(root, 'plan', '--detailed-exitcode')).exitCode).toBe(0);
    expect((await pai(root, 'plan', 'app', '--force', '--detailed-exitcode')).exitCode).toBe(3);
  });

  it('ends with 1 when something is unknown, and with 2 for what is not there, also with --detailed-exitcode', async () => {
    const gone = "({ ...outFile(project.root, ''), observe: async () => { throw new Error('gone'); } })";
    await writeProjectFile(root, 'paifile.ts', PAIFILE.replace("outFile(project.root, 'authorities')", gone));
    expect((await pai(root, 'plan', '--detailed-exitcode')).exitCode).toBe(1);
    expect((await pai(root, 'plan', '--detailed-exitcode', 'wrkers')).exitCode).toBe(2);
  });
});

describe('pai run --explain', () => {
  it('has below each target all of its reasons, changed parts with old and new digests', async () => {
    await pai(root, 'run', 'last');
    await declare({ script: 'other\n', labels: {} });
    const { stdout } = await pai(root, 'run', 'last', '--explain');
    expect(digestsOut(stdout)).toContain(`
run   app
        changed labels  DIGEST -> DIGEST
        changed script  DIGEST -> DIGEST
done  app  `);
    expect(digestsOut(stdout)).toContain(`
run   last
        changed needs app  DIGEST -> DIGEST
done  last  `);
  });
});

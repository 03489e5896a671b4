import { appendFileSync, chmodSync, cpSync, existsSync, renameSync, rmSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { OutputCache } from '../../../src/model/output-cache.js';
import type { LocalProject } from './project.js';
import { project } from './projects-fixture.js';

/** Two targets, the second reads what the first makes. */
function chain(): LocalProject {
  const created = project(({ target, $ }) => {
    const upper = target('upper', {
      inputs: ['src/*.txt'],
      outputs: ['out/upper'],
      run: $`cat src/*.txt | tr a-z A-Z > out/upper`,
    });
    target(
      'count',
      { inputs: ['out/upper'], outputs: ['out/count'], run: $`wc -c < out/upper > out/count` },
      { needs: [upper] },
    );
  });
  created.file('src/a.txt', 'a\n');
  created.file('src/b.txt', 'b\n');
  return created;
}

const BOTH_FRESH = { upper: 'fresh', count: 'fresh' };

describe('a local target', () => {
  it('runs once, and then only when something has changed', async () => {
    const files = chain();
    expect((await files.run()).outcomes).toEqual({ upper: 'ran', count: 'ran' });
    expect(files.read('out/upper')).toBe('A\nB\n');
    expect((await files.run()).outcomes).toEqual(BOTH_FRESH);
    files.file('src/a.txt', 'long\n');
    expect((await files.run()).outcomes).toEqual({ upper: 'ran', count: 'ran' });
    expect(files.read('out/count').trim()).toBe('7');
  });

  it('is cut off when what it needs made the same again', async () => {
    const files = chain();
    await files.run();
    files.file('src/a.txt', 'A\n');
    expect((await files.run()).outcomes).toEqual({ upper: 'ran', count: 'fresh' });
    expect((await files.run()).outcomes).toEqual(BOTH_FRESH);
  });

  it.each([
    ['content', (files: LocalProject) => files.file('src/a.txt', 'c\n'), 'changed', 'file src/a.txt'],
    ['a file that came', (files: LocalProject) => files.file('src/.c.txt', 'c\n'), 'added', 'file src/.c.txt'],
    [
      'a file that went',
      (files: LocalProject) => rmSync(path.join(files.root, 'src/b.txt')),
      'removed',
      'file src/b.txt',
    ],
    [
      'the x bit',
      (files: LocalProject) => chmodSync(path.join(files.root, 'src/a.txt'), 0o755),
      'changed',
      'file src/a.txt',
    ],
  ])('tells which input has changed: %s', async (_, edit, change, name) => {
    const files = chain();
    await files.run();
    edit(files);
    const { upper } = await files.plan();
    expect(upper).toMatchObject({ state: 'stale', reasons: [{ kind: 'changed', parts: [{ name, change }] }] });
  });

  it('sees a renamed file, and swapped contents', async () => {
    const files = chain();
    await files.run();
    renameSync(path.join(files.root, 'src/a.txt'), path.join(files.root, 'src/c.txt'));
    expect((await files.run()).outcomes.upper).toBe('ran');
    const [b, c] = [files.read('src/b.txt'), files.read('src/c.txt')];
    files.file('src/b.txt', c);
    files.file('src/c.txt', b);
    expect((await files.run()).outcomes.upper).toBe('ran');
    expect(files.read('out/upper')).toBe('A\nB\n');
  });

  it.each([
    ['missing', (files: LocalProject) => rmSync(path.join(files.root, 'out/upper'))],
    ['changed', (files: LocalProject) => appendFileSync(path.join(files.root, 'out/upper'), '!')],
    ['mode', (files: LocalProject) => chmodSync(path.join(files.root, 'out/upper'), 0o755)],
    ['mode', (files: LocalProject) => chmodSync(path.join(files.root, 'out/upper'), 0o600)],
  ] as const)('tells which output is not as it was left: %s', async (problem, edit) => {
    const files = chain();
    await files.run();
    edit(files);
    const { upper } = await files.plan();
    expect(upper?.reasons).toEqual([{ kind: 'outputs', outputs: [{ path: 'out/upper', problem }] }]);
  });

  it('tells that an output was added by hand', async () => {
    const files = project(({ target, $ }) => target('a', { inputs: [], outputs: ['out/**'], run: $`touch out/1` }));
    await files.run();
    files.file('out/deep/.2', '');
    expect((await files.plan()).a?.reasons).toEqual([
      { kind: 'outputs', outputs: [{ path: 'out/deep/.2', problem: 'added' }] },
    ]);
  });

  it('stays fresh when files are touched, the checkout is elsewhere, or modes follow another umask', async () => {
    const files = chain();
    await files.run();
    utimesSync(path.join(files.root, 'src/a.txt'), 1, 1);
    chmodSync(path.join(files.root, 'src/b.txt'), 0o664);
    const elsewhere = chain();
    rmSync(elsewhere.root, { recursive: true });
    cpSync(files.root, elsewhere.root, { recursive: true });
    expect((await elsewhere.run()).outcomes).toEqual(BOTH_FRESH);
    expect((await files.run()).outcomes).toEqual(BOTH_FRESH);
  });

  it('is found fresh without a look into any file, again after a file was touched and looked at once', async () => {
    const files = chain();
    expect(await files.glances()).toEqual([]);
    await files.run();
    expect(await files.glances()).toEqual(['upper', 'count']);
    utimesSync(path.join(files.root, 'src/a.txt'), 1, 1);
    expect(await files.glances()).toEqual([]);
    await new Promise((resolve) => setTimeout(resolve, 30));
    await files.run();
    expect(await files.glances()).toEqual(['upper', 'count']);
  });

  it('always runs, and says so, when it does not declare its inputs', async () => {
    const files = project(({ target, $ }) => target('a', { run: $`true` }));
    await files.run();
    expect((await files.plan()).a).toMatchObject({ state: 'stale', reasons: [{ kind: 'no-inputs' }] });
    expect((await files.run()).outcomes).toEqual({ a: 'ran' });
  });

  it('makes what needs it run too, when it declares neither inputs nor outputs; not what only comes after it', async () => {
    const files = project(({ target, after: later, $ }) => {
      const setup = target('setup', { run: $`true` });
      target('needs', { inputs: [], run: $`true` }, { needs: [setup] });
      target('follows', { inputs: [], run: $`true` }, { needs: [later(setup)] });
    });
    await files.run();
    expect((await files.run()).outcomes).toEqual({ setup: 'ran', needs: 'ran', follows: 'fresh' });
  });

  it('passes a change of its inputs on when it declares no outputs', async () => {
    const files = project(({ target, $ }) => {
      const install = target('install', { inputs: ['lock'], run: $`true` });
      target('build', { inputs: [], run: $`true` }, { needs: [install] });
    });
    files.file('lock', '1');
    await files.run();
    expect((await files.run()).outcomes).toEqual({ install: 'fresh', build: 'fresh' });
    files.file('lock', '2');
    expect((await files.run()).outcomes).toEqual({ install: 'ran', build: 'ran' });
  });

  it('is stale again when an input changes while it runs', async () => {
    const files = project(({ target, $ }) =>
      target('a', { inputs: ['in'], outputs: ['out'], run: $`cp in out; echo more >> in` }),
    );
    files.file('in', '1\n');
    const { outcomes, log } = await files.run();
    expect(outcomes).toEqual({ a: 'ran' });
    expect(log).toEqual(['the input in changed while it ran: it is stale again, run once more']);
    expect((await files.plan()).a?.reasons).toEqual([{ kind: 'unfinished' }]);
  });

  it('never counts what a command left that failed', async () => {
    const files = project(({ target, $ }) =>
      target('a', { inputs: ['in'], outputs: ['out'], run: $`cat in > out; test "$(cat in)" != bad` }),
    );
    files.file('in', 'good');
    await files.run();
    files.file('in', 'bad');
    expect((await files.run()).outcomes).toEqual({ a: 'failed' });
    files.file('in', 'good');
    files.file('out', 'good');
    expect((await files.plan()).a?.reasons).toEqual([{ kind: 'unfinished' }]);
  });

  it('is cleaned: its outputs go, what was edited by hand stays', async () => {
    const files = project(({ target, $ }) =>
      target('a', { inputs: [], outputs: ['out/**'], run: $`mkdir -p out/deep; touch out/x out/deep/y` }),
    );
    await files.run();
    files.file('out/x', 'mine');
    expect(await files.clean(['a'])).toEqual(['left out/x: it was changed by hand']);
    expect(existsSync(path.join(files.root, 'out/deep'))).toBe(false);
    expect(files.read('out/x')).toBe('mine');
    expect((await files.plan()).a?.reasons).toEqual([{ kind: 'never-applied' }]);
  });

  it('asks the cache for its outputs before it runs, and gives them to it after', async () => {
    const files = project(({ target, $ }) => target('a', { inputs: ['in'], outputs: ['out'], run: $`cp in out` }));
    const kept = new Map<string, string>();
    const cache: OutputCache = {
      restore: async ({ target, fingerprint, declares, existing }) => {
        const content = kept.get(fingerprint);
        if (content !== undefined) files.file('out', content);
        expect([target, declares('out'), declares('in'), existing]).toEqual(['a', true, false, ['out']]);
        return content === undefined ? undefined : [];
      },
      put: async ({ fingerprint, outputs, unchanged }) => {
        expect(outputs).toEqual(['out']);
        expect(unchanged?.()).toBe(true);
        kept.set(fingerprint, files.read('out'));
        files.file('out', 'changed meanwhile');
        expect(unchanged?.()).toBe(false);
        files.file('out', kept.get(fingerprint) ?? '');
      },
      close: async () => undefined,
    };
    for (const content of ['1', '2']) {
      files.file('in', content);
      await files.run({ cache });
    }
    expect([...kept.values()]).toEqual(['1', '2']);
    files.file('in', '1');
    const never = { run: () => Promise.reject(new Error('it ran')), ask: async () => '' };
    expect((await files.run({ cache, runner: never })).outcomes).toEqual({ a: 'ran' });
    expect(files.read('out')).toBe('1');
    expect((await files.run()).outcomes).toEqual({ a: 'fresh' });
  });
});

describe('a .cache that can not be written', () => {
  it('costs a warning and work, never a wrong result', async () => {
    const files = chain();
    files.file('.cache', 'a file where a folder should be');
    const { outcomes, log } = await files.run();
    expect(outcomes).toEqual({ upper: 'ran', count: 'ran' });
    expect(log).toContain("that it ran can't be kept (EEXIST): it will run again next time");
    expect((await files.run()).outcomes).toEqual({ upper: 'ran', count: 'ran' });
  });
});

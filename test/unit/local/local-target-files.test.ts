import { mkdirSync, symlinkSync, unlinkSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Language } from '../../../src/paifile/language.js';
import { LocalProject } from './project.js';
import { project } from './projects-fixture.js';

describe('inputs and outputs of a local target', () => {
  it('fails when it does not make what it declares', async () => {
    const files = project(({ target, $ }) => target('a', { inputs: [], outputs: ['x', 'y/z'], run: $`touch x` }));
    const { errors } = await files.run();
    expect(errors.a).toMatchObject({ code: 'LOCAL_COMMAND', message: 'it ended well and did not make y/z' });
  });

  it('names an input that does not exist, and what was probably meant', async () => {
    const files = project(({ target, $ }) => target('a', { inputs: ['src/mian.c', '{optional}'], run: $`true` }));
    files.file('src/main.c', '');
    const { errors } = await files.run();
    expect(errors.a).toMatchObject({
      code: 'LOCAL_FILE',
      message: 'the input src/mian.c does not exist; did you mean main.c?',
    });
  });

  const isRoot = process.getuid?.() === 0;
  const why = isRoot ? ' (skipped: root may read everything)' : '';
  it.skipIf(isRoot)(`names an input that can not be read${why}`, async () => {
    const files = project(({ target, $ }) => target('a', { inputs: ['secret'], run: $`true` }));
    files.file('secret', '', 0o000);
    expect((await files.run()).errors.a).toMatchObject({ code: 'LOCAL_FILE', message: "can't read secret: EACCES" });
  });

  it('follows links: their text and what they lead to are inputs', async () => {
    const files = project(({ target, $ }) => target('a', { inputs: ['src/**'], run: $`true` }));
    files.file('elsewhere/file', '1');
    files.file('one', '1');
    files.file('two', '1');
    mkdirSync(path.join(files.root, 'src'));
    symlinkSync('../elsewhere', path.join(files.root, 'src/folder'));
    symlinkSync('..', path.join(files.root, 'src/around'));
    symlinkSync('../one', path.join(files.root, 'src/link'));
    await files.run();
    expect((await files.run()).outcomes).toEqual({ a: 'fresh' });
    files.file('elsewhere/file', '2');
    expect((await files.run()).outcomes).toEqual({ a: 'ran' });
    files.file('one', '2');
    expect((await files.run()).outcomes).toEqual({ a: 'ran' });
    files.file('two', '2');
    unlinkSync(path.join(files.root, 'src/link'));
    symlinkSync('../two', path.join(files.root, 'src/link'));
    expect((await files.run()).outcomes).toEqual({ a: 'ran' });
    expect((await files.run()).outcomes).toEqual({ a: 'fresh' });
  });

  it('refuses an output that a link leads out of the project', async () => {
    const files = project(({ target, $ }) => target('a', { inputs: [], outputs: ['out/x'], run: $`touch out/x` }));
    symlinkSync('/tmp', path.join(files.root, 'out'));
    const { errors } = await files.run();
    expect(errors.a?.code).toBe('PAIFILE_INVALID');
    expect(errors.a?.message).toContain('the output out/x is outside the project: out leads to ');
  });

  it('refuses to read by a glob what another target made that it does not need', async () => {
    const files = project(({ target, $ }) => {
      target('make', { inputs: [], outputs: ['src/gen/**'], run: $`mkdir -p src/gen; touch src/gen/x.c` });
      target('read', { inputs: ['src/**/*.c'], run: $`true` });
    });
    files.file('src/main.c', '');
    await files.run();
    const { errors } = await files.run();
    expect(errors.read?.message).toBe('it reads src/gen/x.c, which make makes, and does not need it');
  });

  it('refuses to make what another target made', async () => {
    const files = project(({ target, after: later, $ }) => {
      const one = target('one', { inputs: [], outputs: ['out/*.a', 'out/x*'], run: $`touch out/x.a` });
      target('two', { inputs: [], outputs: ['out/*a*'], run: $`touch out/x.a` }, { needs: [later(one)] });
    });
    const { errors } = await files.run();
    expect(errors.two?.message).toBe('it makes what another target makes: out/x.a is an output of one');
  });

  it('may be given another name', async () => {
    const write = (name: string) => (language: Language) =>
      language.target(name, { inputs: [], outputs: ['x'], run: language.$`touch x` });
    const before = project(write('before'));
    await before.run();
    expect((await new LocalProject(write('later'), before.root).run()).outcomes).toEqual({ later: 'ran' });
  });
});

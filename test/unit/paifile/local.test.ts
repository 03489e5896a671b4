import { describe, expect, it } from 'vitest';
import { PaiError } from '../../../src/model/errors.js';
import type { LocalTask } from '../../../src/model/local.js';
import { assemble } from '../../../src/paifile/assemble.js';
import { declare } from '../../../src/paifile/declare.js';
import { type Language, paifile } from '../../../src/paifile/language.js';
import { AsksForCluster } from '../../../src/paifile/load.js';

function declared(write: (language: Language) => void) {
  const cluster = (): never => {
    throw new AsksForCluster();
  };
  const given = { cluster, project: { root: '/project', cache: '/project/.cache' }, code: 'code' };
  return assemble(declare(paifile(write), given)).targets;
}

function problems(write: (language: Language) => void): readonly string[] {
  try {
    declared(write);
  } catch (error) {
    if (error instanceof PaiError) return error.details.length > 0 ? error.details : [error.message];
    throw error;
  }
  throw new Error('nothing was wrong');
}

/** A task that is not typed, as a paifile without a type check may have it. */
function untyped(task: Readonly<Record<string, unknown>>): LocalTask {
  return task as unknown as LocalTask;
}

describe('a local task', () => {
  it('is data: paths in one form, commands as they were written', () => {
    const work = declared(({ target, $ }) => {
      target('a', {
        inputs: ['./src//*.ts', '/project/b', '!src/x'],
        outputs: ['dist/'],
        run: $`make ${'x y'} ${[1, true]}`,
      });
    }).get('a')?.action.local;
    expect(work).toMatchObject({
      inputs: ['src/*.ts', 'b', '!src/x'],
      plain: false,
      outputs: ['dist'],
      plainOutputs: true,
    });
    expect(work?.task.run).toEqual({ pieces: ['make ', ' ', ''], values: ['x y', [1, true]] });
  });

  it('may be declared for each item', () => {
    const targets = declared(({ each, $ }) => {
      each('lint', [{ name: 'a' }, { name: 'b' }], ({ name }) => ({ inputs: [`${name}/**`], run: $`lint ${name}` }));
    });
    expect(targets.get('lint:b')?.action.local?.inputs).toEqual(['b/**']);
  });

  it('does not compile with a field that there is not', () => {
    const never = (): void => {
      declared(({ target, each, $ }) => {
        // @ts-expect-error a task has no field input
        target('a', { input: ['x'], run: $`true` });
        // @ts-expect-error a task has no field ouputs
        target('b', () => ({ ouputs: ['x'], run: $`true` }));
        // @ts-expect-error a task has no field input
        each('c', [{ name: 'd' }], (item) => ({ input: [item.name], run: $`true` }));
        // @ts-expect-error targets have no option retry
        target('e', { run: $`true` }, { retry: 1 });
        // @ts-expect-error each has no option need
        each('f', [{ name: 'g' }], () => ({ run: $`true` }), { need: [] });
        // @ts-expect-error a task has to do something
        target('h', { inputs: [] });
        // @ts-expect-error needs are values
        target('i', { run: $`true` }, { needs: ['h'] });
        // @ts-expect-error an object can not be a word of a command
        target('j', { run: $`true ${{}}` });
        target('k', { inputs: [], run: async ({ $, log }) => log((await $`true`).stdout) });
      });
    };
    expect(never).toBeTypeOf('function');
  });
});

describe('problems of local tasks', () => {
  it('are told together, with what was probably meant', () => {
    const found = problems(({ target, $ }) => {
      target('a', untyped({ input: ['x'], run: $`true` }));
      target('b', { run: $`true` }, untyped({ timeout: 3 }) as object);
      target('c', untyped({ inputs: 'x', run: 'true' }));
      target('d', { outputs: ['../x', '/etc/y', 'ok/../../z', '!w'], run: $`true` });
      target('e', { inputs: ['@(a|b)*', ''], run: [] });
    });
    expect(found).toEqual([
      'a: a task has no field input; did you mean inputs?',
      'target b has no option timeout; did you mean timeoutSeconds?',
      'c: inputs must be a list of paths and globs',
      'c: run must be a command that $ recorded, a list of them, or a function',
      'd: the output ../x: it is outside the project',
      'd: the output /etc/y: it is outside the project',
      'd: the output ok/../../z: it is outside the project',
      'd: the output !w: an output can not be taken away',
      'e: run has no command',
      "e: the input @(a|b)*: '@(...)' is not supported; use {a,b}",
      'e: the input : a folder of the project or a glob is meant, such as **',
    ]);
  });

  it('are outputs that two targets make', () => {
    const found = problems(({ target, $ }) => {
      target('a', { outputs: ['x', 'dist/**'], run: $`true` });
      target('b', { outputs: ['./x'], run: $`true` });
      target('c', { outputs: ['dist/deep/y'], run: $`true` });
      target('d', { outputs: ['dist/**', 'd', 'd'], run: $`true` });
    });
    expect(found).toEqual([
      'b and a both make x',
      'd and a both make dist/**',
      'd declares the output d twice',
      'c makes dist/deep/y, which a makes as dist/**',
    ]);
  });

  it('are inputs that another target makes without being needed', () => {
    const found = problems(({ target, after, $ }) => {
      const a = target('a', { outputs: ['src/gen.ts', 'dist/**'], run: $`true` });
      target('literal', { inputs: ['src/gen.ts'], run: $`true` });
      target('glob', { inputs: ['src/*.ts'], run: $`true` });
      target('folder', { inputs: ['src'], run: $`true` });
      target('inside', { inputs: ['dist/x/y'], run: $`true` });
      const ordered = target('ordered', { inputs: ['src/**'], run: $`true` }, { needs: [after(a)] });
      target('far', { inputs: ['src/**'], run: $`true` }, { needs: [ordered] });
      target('left', { inputs: ['src/**', '!src/gen.ts'], run: $`true` });
      target('own', { inputs: ['out/**', 'out/x'], outputs: ['out/x'], run: $`true` });
    });
    expect(found).toEqual([
      'literal reads src/gen.ts, which a makes, and does not need it',
      'glob reads src/gen.ts, which a makes, and does not need it',
      'folder reads src/gen.ts, which a makes, and does not need it',
      'inside reads dist/x/y, which a makes, and does not need it',
      'own has out/x as an input and as an output',
    ]);
  });

  it('do not hide a cycle, nor a cycle them', () => {
    const found = problems(({ target, each, $ }) => {
      const items = [
        { name: 'a', next: 'b' },
        { name: 'b', next: 'a' },
      ];
      each('x', items, () => ({ run: $`true` }), { needs: ({ next }, own) => [own.named(next)] });
      target('y', untyped({ run: $`true`, output: [] }));
    });
    expect(found).toEqual(['y: a task has no field output; did you mean outputs?', 'cycle: x:a -> x:b -> x:a']);
  });
});

import {
  chmodSync,
  copyFileSync,
  cpSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { LocalTask } from '../../../src/model/local.js';
import { type Language, paifile, type TargetOptions } from '../../../src/paifile/language.js';
import { outline } from '../../../src/paifile/outline.js';
import { Project, SETTLED } from './unchanged-project.js';

let project: Project;

beforeEach(() => {
  project = new Project();
  for (const file of [
    'src/a',
    'src/deep/b',
    'src/deep/er/c',
    'src/left/d',
    'named',
    'maybe/a',
    'x.glob',
    'elsewhere',
  ]) {
    project.write(file, file);
  }
  symlinkSync('elsewhere', project.at('link'));
});
afterEach(() => rmSync(project.root, { recursive: true, force: true }));

/** Changes of content that leave size and mtime as they are. */
function rewrite(file: string): void {
  const { atime, mtime } = statSync(project.at(file));
  const content = readFileSync(project.at(file), 'utf8');
  writeFileSync(project.at(file), content.toUpperCase());
  utimesSync(project.at(file), atime, mtime);
}

const CHANGES: Readonly<Record<string, () => void>> = {
  'another content, of the same size and with its time set back': () => rewrite('src/a'),
  'another content of a file that two targets read': () => rewrite('named'),
  'another content of what a link leads to': () => rewrite('elsewhere'),
  'two files swapped': () => {
    renameSync(project.at('src/a'), project.at('src/x'));
    renameSync(project.at('src/deep/b'), project.at('src/a'));
    renameSync(project.at('src/x'), project.at('src/deep/b'));
  },
  'another mode': () => chmodSync(project.at('src/a'), 0o755),
  'a file added to a folder': () => project.write('src/deep/er/new', ''),
  'a file added in a new folder': () => project.write('src/deep/er/new/new', ''),
  'a file added beside the paifile': () => project.write('new.glob', ''),
  'a file moved into a folder': () => renameSync(project.at('src/left/d'), project.at('src/deep/er/d')),
  'a folder moved away': () => renameSync(project.at('src/deep/er'), project.at('er')),
  'a file removed': () => unlinkSync(project.at('src/deep/er/c')),
  'a file renamed': () => renameSync(project.at('src/a'), project.at('src/A')),
  'a file that was not there': () => project.write('maybe/b', ''),
  'a file replaced by a link to it': () => {
    renameSync(project.at('src/a'), project.at('moved'));
    symlinkSync('../moved', project.at('src/a'));
  },
  'a folder replaced by a link to it': () => {
    renameSync(project.at('src/deep'), project.at('moved'));
    symlinkSync('../moved', project.at('src/deep'));
  },
  'the folder in front of a glob replaced by a link to it': () => {
    renameSync(project.at('src'), project.at('moved'));
    symlinkSync('moved', project.at('src'));
  },
  'a link that leads elsewhere': () => {
    unlinkSync(project.at('link'));
    symlinkSync('named', project.at('link'));
  },
  'a link that leads to nothing': () => unlinkSync(project.at('elsewhere')),
  'an output edited': () => rewrite('out/one'),
  'an output removed': () => unlinkSync(project.at('gen/b')),
  'an output added': () => project.write('gen/deep/new', ''),
  'the mode of an output': () => chmodSync(project.at('out/two'), 0o600),
  'a variable that a target names': () => {
    project.env.USED = '2';
  },
  'a variable that is not set any more': () => {
    delete project.env.USED;
  },
  'another paifile': () => {
    project.code = 'other';
  },
  'another value': () => {
    redeclare((task) => ({ ...task, values: { value: 2 } }));
  },
  'another command': () => {
    redeclare((task) => ({ ...task, run: { pieces: ['other'], values: [] } }));
  },
  'fewer inputs': () => {
    redeclare((task) => ({ ...task, inputs: task.inputs?.slice(1) ?? [] }));
  },
  'no declared inputs': () => {
    redeclare(({ inputs: _, ...task }) => task);
  },
  'a target more': () => {
    const before = project.declare;
    project.declare = (language) => {
      before(language);
      language.target('more', { inputs: [], run: language.$`more` });
    };
  },
  'a function for a command': () => {
    redeclare((task) => ({ ...task, run: async () => undefined }));
  },
  'what runs remember': () => truncateSync(project.at('.cache/local-state'), 100),
  'no memory of runs': () => unlinkSync(project.at('.cache/local-state')),
};

/** Declares a target that has to do with no other. */
function declareApart(): void {
  const before = project.declare;
  project.declare = (language) => {
    before(language);
    language.target('apart', { inputs: ['apart/*'], outputs: ['out/apart'], run: language.$`apart` });
  };
  project.write('apart/file', '');
}

/** Declares each target in another way. */
function redeclare(
  changeTask: (task: LocalTask) => object,
  changeOptions: (options: TargetOptions) => TargetOptions = (options) => options,
): void {
  const before = project.declare;
  project.declare = (language) => {
    const target: Language['target'] = (name, work, options = {}) =>
      language.target(name, changeTask(work as LocalTask) as typeof work, changeOptions(options));
    before(Object.create(language, { target: { value: target } }));
  };
}

describe('a snapshot', () => {
  it('is used while nothing has changed, and again after it was', async () => {
    await project.settle();
    expect(project.unchanged()?.selected).toEqual(['make', 'use']);
    expect(project.unchanged()?.entries).toEqual([
      { name: 'make', state: 'fresh', reasons: [], mayBeCutOff: false },
      { name: 'use', state: 'fresh', reasons: [], mayBeCutOff: false },
    ]);
  });

  it.each(Object.entries(CHANGES))('is of no use with %s', async (_, change) => {
    await project.settle();
    expect(project.unchanged()).toBeDefined();
    change();
    expect(project.unchanged()).toBeUndefined();
  });

  it.each(Object.entries(CHANGES))('leaves a plan as it is without it, with %s', async (_, change) => {
    declareApart();
    await project.settle();
    change();
    const found = project.found('all targets');
    const { entries } = await project.plan(found);
    expect(entries).toEqual((await project.plan(undefined)).entries);
    expect(found?.kind).not.toBe('unchanged');
  });

  it('spares a plan the look at what did not change', async () => {
    declareApart();
    await project.settle();
    rewrite('src/a');
    const found = project.found();
    // Nobody looks there any more, as a plan without the snapshot does.
    project.write('apart/later', '');
    const states = async (by: typeof found) => (await project.plan(by)).entries.map(({ name, state }) => [name, state]);
    expect(await states(found)).toEqual([
      ['make', 'stale'],
      ['use', 'stale'],
      ['apart', 'fresh'],
    ]);
    expect((await states(undefined))[2]).toEqual(['apart', 'stale']);
    // What came later is seen by the next.
    expect(await project.run()).toEqual(['make', 'apart']);
  });

  it('spares a plan nothing once a run has remembered something', async () => {
    await project.settle();
    rewrite('src/a');
    const found = project.found();
    expect(found?.kind).toBe('changed');
    await project.run();
    rewrite('named');
    const [make, use] = (await project.plan(found)).entries;
    expect([make?.state, use?.state]).toEqual(['stale', 'stale']);
  });

  it('spares a plan nothing where more is different than is worth it', async () => {
    for (let file = 0; file < 70; file++) project.write(`src/many/${file}`, 'many');
    await project.settle();
    for (let file = 0; file < 70; file++) rewrite(`src/many/${file}`);
    expect(project.found()).toBeUndefined();
  });

  it('that only folders are different from is made anew by the second run', async () => {
    await project.settle();
    project.write('src/e', '');
    unlinkSync(project.at('src/e'));
    await sleep(SETTLED);
    expect(project.found()?.kind).toBe('changed');
    expect(await project.run()).toEqual([]);
    expect(project.found()).toBeUndefined();
    expect(await project.run()).toEqual([]);
    expect(project.unchanged()).toBeDefined();
  });

  it('does not mind what no target has to do with', async () => {
    await project.settle();
    project.write('src/left/d', 'changed');
    project.env.OTHER = '2';
    expect(project.unchanged()).toBeDefined();
  });

  it('does not mind options that decide nothing about what is fresh', async () => {
    await project.settle();
    redeclare(
      (task) => task,
      (options) => ({ ...options, retries: 2, timeoutSeconds: 5 }),
    );
    expect(project.unchanged()).toBeDefined();
  });

  it.each<[string, (language: Language) => void]>([
    ['an option that there is not', ({ target, $ }) => target('x', { inputs: [], run: $`x` }, { retry: 1 } as object)],
    ['a field that there is not', ({ target, $ }) => target('x', { inputs: [], run: $`x`, input: undefined } as never)],
    ['a time-out that is none', ({ target, $ }) => target('x', { inputs: [], run: $`x` }, { timeoutSeconds: 0 })],
    ['retries that are none', ({ target, $ }) => target('x', { inputs: [], run: $`x` }, { retries: 0.5 })],
    [
      'a need that is no reference',
      ({ target, $ }) => target('x', { inputs: [], run: $`x` }, { needs: ['y'] as never }),
    ],
    ['tools', ({ target, $ }) => target('x', { inputs: [], tools: { node: $`node -v` }, run: $`x` })],
    [
      'what an item is not in',
      ({ each, $ }) => each('x', [{ name: 'a' }], () => ({ inputs: [], run: $`x` })).named('b'),
    ],
  ])('is not made use of for a paifile that has %s', async (_, write) => {
    const given = {
      cluster: (): never => {
        throw new Error('asked');
      },
      project: { root: project.root, cache: project.cacheDirectory },
      code: 'code',
    };
    expect(outline(paifile(write), given)).toBeUndefined();
  });

  it('is only of what was asked for, and of all targets where that is all', async () => {
    await project.settle(['make']);
    expect(project.unchanged(['make'])).toBeDefined();
    expect(project.unchanged(['all'])).toBeUndefined();
    expect(project.unchanged(['use'])).toBeUndefined();
    expect(project.unchanged('all targets')).toBeUndefined();
    await project.settle();
    expect(project.unchanged(['make'])).toBeUndefined();
    expect(project.unchanged('all targets')).toBeDefined();
  });

  it('is of no use once a run has remembered something, whoever asked before', async () => {
    await project.settle();
    const unchanged = project.unchanged();
    expect(unchanged?.isCurrent()).toBe(true);
    rewrite('src/a');
    await project.run();
    expect(unchanged?.isCurrent()).toBe(false);
  });

  it('is not made of what changed just now, which could change again without a trace', async () => {
    await project.run();
    await sleep(SETTLED);
    project.write('src/left/e', '');
    project.write('src/e', '');
    unlinkSync(project.at('src/e'));
    expect(await project.run()).toEqual([]);
    expect(project.unchanged()).toBeUndefined();
    await project.settle();
    expect(project.unchanged()).toBeDefined();
  });

  it('is not made of folders that a pattern goes into by a link', async () => {
    symlinkSync('../maybe', project.at('src/linked'));
    await project.settle();
    expect(project.unchanged()).toBeUndefined();
  });

  it('is of no use once a link that led to nothing, and matched nothing, leads to a folder', async () => {
    redeclare((task) => ({ ...task, inputs: [...(task.inputs ?? []), 'hops/**/*.x'] }));
    project.write('hops/a.x', '');
    // In a folder that no pattern lists.
    project.write('unlisted/file', '');
    symlinkSync('../unlisted/later', project.at('hops/hop'));
    await project.settle();
    expect(project.unchanged()).toBeDefined();
    project.write('unlisted/later/new.x', '');
    expect(project.unchanged()).toBeUndefined();
  });

  it('is of no use in a copy of the project, or where it was moved', async () => {
    await project.settle();
    const before = project;
    project = new Project();
    try {
      rmSync(project.root, { recursive: true });
      cpSync(before.root, project.root, { recursive: true, preserveTimestamps: true, verbatimSymlinks: true });
      expect(project.unchanged()).toBeUndefined();
      rmSync(project.root, { recursive: true });
      renameSync(before.root, project.root);
      expect(project.unchanged()).toBeUndefined();
      expect(await project.run()).toEqual([]);
    } finally {
      rmSync(before.root, { recursive: true, force: true });
    }
  });

  it('that is damaged anywhere is none', async () => {
    await project.settle();
    const file = project.at('.cache/snapshot');
    const kept = readFileSync(file);
    for (let at = 0; at < kept.length; at += 7) {
      const bytes = Buffer.from(kept);
      bytes[at] = (bytes[at] ?? 0) ^ 0x10;
      writeFileSync(file, bytes);
      expect(project.unchanged(), `byte ${at}`).toBeUndefined();
      writeFileSync(file, kept.subarray(0, at));
      expect(project.unchanged(), `cut at ${at}`).toBeUndefined();
    }
    writeFileSync(file, kept);
    expect(project.unchanged()).toBeDefined();
  });

  it('of another project is none', async () => {
    await project.settle();
    copyFileSync(project.at('.cache/snapshot'), project.at('snapshot'));
    const values = project.declare;
    redeclare((task) => ({ ...task, values: { value: 3 } }));
    await project.settle();
    copyFileSync(project.at('snapshot'), project.at('.cache/snapshot'));
    expect(project.unchanged()).toBeUndefined();
    project.declare = values;
    expect(project.unchanged()).toBeUndefined();
  });
});

import { readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type Installation, install, spawnPai } from './installation.js';
import { makeProject, type Said, writeProjectFile } from './project.js';

// In a process of its own, as installed: here Node itself loads the paifile, and `from 'pai'` is this installation.

let installation: Installation;
let root: string;

beforeAll(async () => {
  installation = await install();
}, 60_000);
afterAll(() => installation.remove());

beforeEach(async () => {
  root = await makeProject(DEPLOYMENT);
});
afterEach(() => rm(root, { recursive: true, force: true }));

const DEPLOYMENT = `
import { paifile } from 'pai';
import { outFile } from './tasks/out-file.js';
import { act } from './tasks/act.js';

export default paifile(({ cluster, project, target, each, after }) => {
  const hosts = each('host', cluster.hosts, (host) => outFile(project.root, host.address, act), { group: 'hosts' });
  target('last', () => outFile(project.root, 'last'), { needs: [after(hosts)] });
});
`;

function pai(...argv: string[]): Promise<Said> {
  return spawnPai(installation, root, ...argv).said;
}

describe('an installed pai', () => {
  beforeEach(() => writeProjectFile(root, 'tasks/act.ts', 'export const act = undefined;\n'));

  it('tells all that is wrong with declarations at once, each with its place', async () => {
    await writeProjectFile(
      root,
      'tasks/more.ts',
      "export const more = ({ target, $ }: any) =>\n  target('c', { outputs: ['x'], run: $`true` });\n",
    );
    await writeProjectFile(
      root,
      'paifile.ts',
      `import { paifile } from 'pai';
import { more } from './tasks/more.js';
export default paifile((language: any) => {
  const { target, each, $ } = language;
  target('a', { outputs: ['x'], run: $\`true\` });
  target('b', { inputs: ['x'], ruin: 1, run: $\`true\` });
  more(language);
  const items = [{ name: '1', next: '2' }, { name: '2', next: '1' }];
  each('x', items, () => ({ run: $\`true\` }), { needs: ({ next }: any, own: any) => [own.named(next)] });
  each('z', [{ name: 'one' }], () => ({ run: $\`true\` })).named('on');
});
`,
    );
    const { exitCode, stderr } = await pai('list');
    expect(exitCode).toBe(2);
    expect(stderr.trimEnd().split('\n')).toEqual([
      'error PAIFILE_INVALID: the paifile has 5 problems',
      '  | paifile.ts:6:3: b: a task has no field ruin; did you mean run?',
      '  | paifile.ts:10:58: there is no target z:on in this collection; did you mean z:one?',
      '  | paifile.ts:9:3: cycle: x:1 (paifile.ts:9:3) -> x:2 (paifile.ts:9:3) -> x:1',
      '  | tasks/more.ts:2:3: c and a both make x (a: paifile.ts:5:3)',
      '  | paifile.ts:6:3: b reads x, which a makes, and does not need it (a: paifile.ts:5:3)',
      '  next: Correct paifile.ts (or the file named above).',
    ]);
  });

  it('runs local targets without any configuration', async () => {
    await rm(path.join(root, 'cluster-configuration'), { recursive: true });
    await writeProjectFile(root, 'in', 'text');
    await writeProjectFile(
      root,
      'paifile.ts',
      `import { paifile } from 'pai';
export default paifile(({ target, $ }) => {
  const one = target('one', { inputs: ['in'], outputs: ['out/one'], run: $\`cp in out/one\` });
  target('two', { inputs: [], outputs: ['out/two'], run: async ({ $ }) => { await $\`cp out/one out/two\`; } }, { needs: [one] });
});
`,
    );
    expect(await pai('run', 'two')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await readFile(path.join(root, 'out/two'), 'utf8')).toBe('text');
    expect((await pai('run', 'two')).stdout).toMatch(/^nothing to do: 2 fresh in /);
  });

  it('runs a paifile that imports pai, and ends by itself', async () => {
    const first = await pai('run', 'last', '--json');
    expect(first).toMatchObject({ exitCode: 0, stderr: '' });
    const second = await pai('run', 'last');
    expect(second).toMatchObject({ exitCode: 0, stderr: '' });
    expect(second.stdout).toMatch(/^nothing to do: \d+ fresh in /);
  });

  it('tells an import that pai does not have', async () => {
    await writeProjectFile(root, 'tasks/act.ts', "import { nothing } from 'pai';\nexport const act = nothing;\n");
    const { exitCode, stderr } = await pai('list');
    expect(exitCode).toBe(2);
    expect(stderr).toContain("error PAIFILE_INVALID: SyntaxError: The requested module 'file:");
    expect(stderr).toContain("does not provide an export named 'nothing'");
  });
});

describe('places of errors', () => {
  it('in the paifile are those of its sources', async () => {
    await writeProjectFile(
      root,
      'tasks/act.ts',
      'interface Some { a: { b: string } }\n\nconst some = {} as Some;\nexport const act: any = some.a.b;\n',
    );
    const { exitCode, stderr } = await pai('list');
    expect(exitCode).toBe(2);
    expect(stderr).toContain(`error PAIFILE_INVALID: TypeError: Cannot read properties of undefined (reading 'b')
  at tasks/act.ts:4:32
`);
  });

  it('in declarations are those of the declarations', async () => {
    await writeProjectFile(root, 'tasks/act.ts', 'export const act = undefined;\n');
    await writeProjectFile(root, 'paifile.ts', DEPLOYMENT.replace("target('last'", "target('the last'"));
    const { stderr } = await pai('list');
    expect(stderr).toContain("error PAIFILE_INVALID: 'the last' can't be the name of a target\n  at paifile.ts:8:3\n");
  });

  it('in the stack of an action that threw are in its log', async () => {
    const act =
      'type None = undefined;\n\nexport async function act(none: None) {\n  throw new TypeError(String(typeof none));\n}\n';
    await writeProjectFile(root, 'tasks/act.ts', act);
    const { exitCode } = await pai('run', 'hosts');
    expect(exitCode).toBe(1);
    const [run = ''] = await readdir(path.join(root, '.cache/runs'));
    const logs = path.join(root, '.cache/runs', run, 'logs');
    const [log = ''] = await readdir(logs);
    expect(await readFile(path.join(logs, log), 'utf8')).toContain('at act (tasks/act.ts:4:9)');
  });
});

describe('signals', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGHUP', 129],
  ] as const)('%s lets what runs finish, and ends with %d', async (signal, code) => {
    const act = `
      import { existsSync } from 'node:fs';
      import { setTimeout as sleep } from 'node:timers/promises';
      export async function act({ log }: any) {
        log('waiting');
        while (!existsSync('let-go')) await sleep(20);
      }`;
    await writeProjectFile(root, 'tasks/act.ts', act);
    const { child, said, until } = spawnPai(installation, root, 'run', 'last', '--verbose');
    await until('waiting');
    child.kill(signal);
    await until('stopping');
    await writeProjectFile(root, 'let-go', '');
    const { exitCode, stdout } = await said;
    expect(exitCode).toBe(code);
    expect(stdout).toMatch(/\ninterrupted: \d+ ran, 0 fresh, 0 failed, 1 skipped in /);
  });
});

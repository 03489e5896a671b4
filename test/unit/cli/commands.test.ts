import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { filesOf, makeProject, PAIFILE, pai, start, writeProjectFile } from './project.js';

let root: string;
beforeEach(async () => {
  root = await makeProject();
});
afterEach(() => rm(root, { recursive: true, force: true }));

function events(stdout: string): { type: string; [key: string]: unknown }[] {
  return stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

async function outputs(): Promise<string[]> {
  return (await filesOf(root)).filter((file) => file.startsWith('out/'));
}

describe('pai list', () => {
  it('lists groups and targets, from any folder of the project', async () => {
    await mkdir(path.join(root, 'tasks/deeper'));
    const { exitCode, stdout, stderr } = await pai(path.join(root, 'tasks/deeper'), 'list');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout).toBe(`groups
  workers  2 targets  every worker

targets
  pki        certificate authorities
  worker:h1
  worker:h2
`);
  });

  it('tells machines what targets need, and keeps to patterns', async () => {
    const { stdout } = await pai(root, 'list', '--json', 'worker:*1');
    expect(JSON.parse(stdout)).toEqual({
      groups: [],
      targets: [
        {
          name: 'worker:h1',
          description: '',
          groups: ['workers'],
          needs: [{ target: 'pki', order: false }],
          through: [],
          rolling: false,
          timeoutSeconds: 1800,
          retries: 0,
          pools: [],
          interactive: false,
          manual: false,
        },
      ],
    });
  });
});

describe('pai run', () => {
  it('runs what is stale, and nothing the second time', async () => {
    const first = await pai(root, 'run', 'workers');
    expect(first.exitCode).toBe(0);
    expect(first.stdout).toContain('3 to run, 0 fresh\nrun   pki  (never applied)\ndone  pki  ');
    expect(first.stdout).toMatch(/\n3 ran, 0 fresh, 0 failed, 0 skipped in [\d.]+s\n$/);
    expect(await outputs()).toEqual(['out/pki', 'out/worker:h1', 'out/worker:h2']);
    const second = await pai(root, 'run', 'workers');
    expect(second).toMatchObject({ exitCode: 0, stderr: '' });
    expect(second.stdout).toMatch(/^nothing to do: 3 fresh in [\d.]+s\n$/);
  });

  it.each([['--json'], ['--output=json']])('tells machines one event a line with %s, the end last', async (flag) => {
    const { exitCode, stdout, stderr } = await pai(root, 'run', 'pki', flag);
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const told = events(stdout);
    expect(told.map(({ type }) => type)).toEqual([
      'run-start',
      'plan',
      'target-start',
      'target-log',
      'target-end',
      'run-end',
    ]);
    expect(told.at(-1)).toMatchObject({ ran: 1, fresh: 0, failed: 0, skipped: 0 });
  });

  it('keeps a journal with logs', async () => {
    await pai(root, 'run', 'pki');
    const [run = ''] = await readdir(path.join(root, '.cache/runs'));
    const log = path.join(root, '.cache/runs', run, 'logs/pki.log');
    expect(await readFile(log, 'utf8')).toBe('working on authorities\n');
  });

  it('only shows the plan with --dry-run', async () => {
    const { exitCode, stdout } = await pai(root, 'run', 'workers', '--dry-run');
    expect(exitCode).toBe(0);
    expect(stdout).toContain('stale   pki        never applied\n');
    expect(stdout).toContain('3 to run, 0 fresh\n');
    expect((await filesOf(root)).filter((file) => /^(out|\.cache\/(?!paifile))/.test(file))).toEqual([]);
  });

  it('runs the named targets again with --force, and only these', async () => {
    await pai(root, 'run', 'workers');
    const { stdout } = await pai(root, 'run', 'worker:h1', '--force', '--json');
    const started = events(stdout).filter(({ type }) => type === 'target-start');
    expect(started.map(({ target }) => target)).toEqual(['worker:h1']);
  });

  it('shows what targets say with --verbose', async () => {
    expect((await pai(root, 'run', 'pki', '--verbose')).stdout).toContain('\npki | working on authorities\n');
  });

  it('ends with 1 when a target fails, and tells how to resume', async () => {
    const failing = `outFile(project.root, 'x', async () => { throw new TypeError('no such thing'); })`;
    await writeProjectFile(root, 'paifile.ts', PAIFILE.replace("outFile(project.root, 'authorities')", failing));
    const { exitCode, stdout, stderr } = await pai(root, 'run', 'workers', 'worker:*', '-p', 'cluster-configuration');
    expect(exitCode).toBe(1);
    expect(stderr).toBe('');
    expect(stdout).toContain('skip  worker:h1  (pki failed)\n');
    expect(stdout).toContain('error INTERNAL: no such thing\n  | working on x\n  next: This is a bug;');
    expect(stdout).toContain("\nresume with: pai run workers 'worker:*' -p cluster-configuration\n");
    const log = /log: (\S+)/.exec(stdout)?.[1] ?? '';
    expect(await readFile(log, 'utf8')).toContain('TypeError: no such thing\n    at');
  });
});

describe('interrupts', () => {
  /** Targets that wait until the test lets them go, or until they are cancelled. */
  const WAITING = PAIFILE.replace(
    "outFile(project.root, 'authorities')",
    `outFile(project.root, 'authorities', async ({ log, signal }: any) => {
      await new Promise<void>((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
        (globalThis as any).paiTest.waiting(resolve);
      });
    })`,
  );

  /** Resolves, once the target waits, to what lets it go. */
  function waiting(): Promise<() => void> {
    return new Promise((resolve) => {
      Object.assign(globalThis, { paiTest: { waiting: resolve } });
    });
  }

  beforeEach(() => writeProjectFile(root, 'paifile.ts', WAITING));

  it('once: finish what runs, start nothing, end with 130', async () => {
    const waits = waiting();
    const going = start(root, 'run', 'workers');
    const letGo = await waits;
    going.interrupt();
    letGo();
    const { exitCode, stdout, stderr } = await going.said;
    expect(exitCode).toBe(130);
    expect(stderr).toBe('stopping when what runs is done; interrupt again to cancel it\n');
    expect(stdout).toMatch(/\ninterrupted: 1 ran, 0 fresh, 0 failed, 2 skipped in [\d.]+s\n$/);
    expect(await outputs()).toEqual(['out/pki']);
  });

  it('twice: cancel what runs, end with 130, and leave no stamp', async () => {
    const waits = waiting();
    const going = start(root, 'run', 'workers', '--json');
    await waits;
    going.interrupt();
    going.interrupt();
    going.interrupt();
    const { exitCode, stdout, stderr } = await going.said;
    expect(exitCode).toBe(130);
    expect(stderr.split('\n')).toEqual([expect.stringContaining('stopping'), 'cancelling', '']);
    expect(events(stdout).at(-1)).toMatchObject({ type: 'run-end', ran: 0, failed: 1, skipped: 2, interrupted: true });
    expect(await outputs()).toEqual([]);
  });
});

describe('pai plan', () => {
  it('plans all targets unless told, and touches nothing', async () => {
    await pai(root, 'run', 'worker:h1');
    const before = await filesOf(root);
    const { exitCode, stdout } = await pai(root, 'plan');
    expect(exitCode).toBe(0);
    expect(stdout).toBe('stale   worker:h2  never applied\n\n1 to run, 2 fresh\n');
    expect(await filesOf(root)).toEqual(before);
  });

  it('tells machines every target with its state and reasons', async () => {
    await pai(root, 'run', 'pki');
    const { stdout } = await pai(root, 'plan', 'worker:h1', '--json');
    expect(JSON.parse(stdout)).toEqual({
      targets: [
        { name: 'pki', state: 'fresh', reasons: [], mayBeCutOff: false },
        { name: 'worker:h1', state: 'stale', reasons: [{ kind: 'never-applied' }], mayBeCutOff: false },
      ],
      fresh: 1,
      stale: 1,
      unknown: 0,
    });
  });

  it('ends with 1 when something is unknown', async () => {
    const paifile = PAIFILE.replace(
      "outFile(project.root, 'authorities')",
      "({ ...outFile(project.root, ''), observe: async () => { throw new Error('gone'); } })",
    );
    await writeProjectFile(root, 'paifile.ts', paifile);
    const { exitCode, stdout } = await pai(root, 'plan', 'pki');
    expect(exitCode).toBe(1);
    expect(stdout).toBe('unknown pki  gone\n\n0 to run, 0 fresh, 1 unknown\n');
    expect((await pai(root, 'why', 'pki')).exitCode).toBe(1);
  });
});

describe('pai why', () => {
  it('goes down to the changed part, for people and machines', async () => {
    await pai(root, 'run', 'workers');
    await writeProjectFile(root, 'paifile.ts', PAIFILE.replace("'authorities'", "'others'"));
    const { exitCode, stdout } = await pai(root, 'why', 'worker:h1');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(
      /^worker:h1 is stale\n {2}runs only if .*\n {2}needs pki\n {4}pki is stale\n {6}changed value {2}[\da-f]{12} -> [\da-f]{12}\n {8}@@ -1 \+1 @@\n {8}-authorities\n {8}\+others\n$/,
    );
    const machine = await pai(root, 'why', 'worker:h1', '--json');
    expect(JSON.parse(machine.stdout)).toMatchObject({
      targets: ['worker:h1'],
      entries: [
        { name: 'worker:h1', reasons: [{ kind: 'need-stale', target: 'pki' }] },
        { name: 'pki', reasons: [{ kind: 'changed', parts: [{ name: 'value', change: 'changed' }] }] },
      ],
    });
  });
});

describe('pai clean', () => {
  it('takes down exactly the named targets', async () => {
    await pai(root, 'run', 'workers');
    const { exitCode, stdout } = await pai(root, 'clean', 'workers');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/\n2 cleaned, 0 failed, 0 skipped in [\d.]+s\n$/);
    expect(await outputs()).toEqual(['out/pki']);
    expect((await pai(root, 'clean', 'workers')).stdout).toMatch(/^nothing to do: nothing there in /);
  });

  it('only shows what is there with --dry-run', async () => {
    await pai(root, 'run', 'worker:h1');
    const { exitCode, stdout } = await pai(root, 'clean', 'workers', '--dry-run');
    expect(exitCode).toBe(0);
    expect(stdout).toBe('clean   worker:h1\n1 to clean, 1 not there\n');
    const machine = await pai(root, 'clean', 'workers', '--dry-run', '--json');
    expect(JSON.parse(machine.stdout)).toEqual({
      present: ['worker:h1'],
      unknown: [],
      absent: ['worker:h2'],
      data: [],
    });
    expect(await outputs()).toEqual(['out/pki', 'out/worker:h1']);
    // Nothing here keeps data.
    const refused = await pai(root, 'clean', 'workers', '--delete-data', '--yes');
    expect(refused.exitCode).toBe(2);
    expect(refused.stderr).toContain('none of these targets keeps data that could be deleted');
    expect(await outputs()).toEqual(['out/pki', 'out/worker:h1']);
  });
});

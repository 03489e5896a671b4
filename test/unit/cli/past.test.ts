import { appendFile, mkdir, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { makeProject, PAIFILE, pai, start, writeProjectFile } from './project.js';

let root: string;
beforeEach(async () => {
  root = await makeProject();
});
afterEach(() => rm(root, { recursive: true, force: true }));

/** Ids of recorded runs, newest first. */
async function ids(): Promise<string[]> {
  return (await readdir(path.join(root, '.cache/runs'))).sort().reverse();
}

const eventsOf = (id: string): string => path.join(root, '.cache/runs', id, 'events.ndjson');

/** Makes pki fail after a word. */
const FAILING = PAIFILE.replace(
  "outFile(project.root, 'authorities')",
  `outFile(project.root, 'x', async ({ log }: any) => { log('about to fail'); throw new Error('no luck'); })`,
);

describe('pai history', () => {
  it('lists runs newest first, with command line, counts and how they ended; not those that found nothing to do', async () => {
    await pai(root, 'run', 'workers');
    await pai(root, 'run', 'workers');
    await pai(root, 'clean', 'worker:*1');
    await writeProjectFile(root, 'paifile.ts', FAILING);
    await pai(root, 'run', 'workers', '--jobs', '2');
    const { exitCode, stdout, stderr } = await pai(root, 'history');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const [head, ...rows] = stdout.trimEnd().split('\n');
    expect(head).toMatch(/^run +began +took +ended +targets +command$/);
    expect(rows.map((row) => row.replace(/^\S+ +[\d-]+ [\d:]+ +[\d.]+s +/, '').replaceAll(/ {2,}/g, ' | '))).toEqual([
      'failed | 0 ran, 1 failed, 2 skipped | pai run workers --jobs 2',
      "ok | 1 ran | pai clean 'worker:*1'",
      'ok | 3 ran | pai run workers',
    ]);
    expect(rows.map((row) => row.split(' ')[0])).toEqual(await ids());
    const { runs } = JSON.parse((await pai(root, 'history', '--json')).stdout);
    expect(runs[1]).toEqual({
      id: (await ids())[1],
      directory: path.join(root, '.cache/runs', (await ids())[1] ?? ''),
      commandLine: "pai clean 'worker:*1'",
      began: expect.any(Number),
      ended: expect.any(Number),
      ending: 'ok',
      counts: { ran: 1, fresh: 0, failed: 0, skipped: 0 },
      damaged: 0,
    });
  });

  it('says so when there are none', async () => {
    expect((await pai(root, 'history')).stdout).toBe('no runs yet (those that find nothing to do are not recorded)\n');
    expect(JSON.parse((await pai(root, 'history', '--json')).stdout)).toEqual({ runs: [] });
  });

  it('tells runs that died, and which records are damaged', async () => {
    await pai(root, 'run', 'pki');
    const [id = ''] = await ids();
    const lines = (await readFile(eventsOf(id), 'utf8')).trimEnd().split('\n');
    // As kill -9 leaves it: no end, the last line torn, the process gone.
    const torn = [...lines.slice(0, -2), lines.at(-2)?.slice(0, 30)].join('\n').replace(/"boot":"[^"]*"/, '"boot":"x"');
    await writeFile(eventsOf(id), torn);
    const { exitCode, stdout } = await pai(root, 'history');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/ - +died +0 ran +pai run pki\n/);
    expect(stdout).toContain(`damaged, so not all of it can be told: ${id}`);
    expect((await pai(root, 'show')).stdout).toContain('cut short pki           never applied\n');
  });
});

describe('pai show', () => {
  it('tells what a run did, why, how long, and where the logs are', async () => {
    await pai(root, 'run', 'pki');
    await writeProjectFile(root, 'paifile.ts', FAILING);
    await pai(root, 'run', 'worker:h1');
    const [id = '', first = ''] = await ids();
    const { exitCode, stdout } = await pai(root, 'show');
    expect(exitCode).toBe(0);
    const directory = path.join(root, '.cache/runs', id);
    // Only what stands for a time: the folder's random name may end in a digit and an s, too.
    const timeless = stdout.replaceAll(/(?<=[ ])[\d.]+s\b/g, 'TIME');
    expect(timeless.replace(/began [\d: -]+,/, 'began WHEN,')).toBe(`run ${id}
  pai run worker:h1
  began WHEN, took TIME, failed: 0 ran, 1 failed, 1 skipped
  ${directory}

failed    pki           TIME  changed: value
            changed value  ${stdout.match(/[0-9a-f]{12} -> [0-9a-f]{12}/)?.[0]}
          error INTERNAL: no luck
            log: ${directory}/logs/pki.log
skipped   worker:h1           pki failed
`);
    expect((await pai(root, 'show', first.slice(0, 22))).stdout).toContain(`run ${first}\n  pai run pki\n`);
    expect(JSON.parse((await pai(root, 'show', 'last', '--json')).stdout)).toMatchObject({
      id,
      ending: 'failed',
      targets: [
        { name: 'pki', outcome: 'failed', log: `${directory}/logs/pki.log` },
        { name: 'worker:h1', outcome: 'skipped', because: 'pki' },
      ],
    });
  });

  it('tells the nearest run for one that is not there, and ends with 2', async () => {
    await pai(root, 'run', 'pki');
    const [id = ''] = await ids();
    const { exitCode, stderr, stdout } = await pai(root, 'show', 'lsat');
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toBe(
      'error UNKNOWN_NAME: there is no run lsat; did you mean last?\n  next: Run `pai history` to see the runs that are kept.\n',
    );
    const machine = await pai(root, 'show', `${id}0`, '--json');
    expect(machine.exitCode).toBe(2);
    expect(JSON.parse(machine.stdout)).toMatchObject({ code: 'UNKNOWN_NAME', message: expect.stringContaining(id) });
  });
});

describe('pai logs', () => {
  it('has the lines of the last run of a target on standard output, and which run it was beside them', async () => {
    await pai(root, 'run', 'workers');
    await writeProjectFile(root, 'paifile.ts', FAILING);
    await pai(root, 'run', 'workers');
    const [, first = ''] = await ids();
    const last = await pai(root, 'logs', 'pki');
    expect(last.exitCode).toBe(0);
    expect(last.stdout).toMatch(/^working on x\nabout to fail\nError: no luck\n {4}at /);
    expect(last.stderr).toMatch(/^pki failed in [\d.]+s, [\d-]+ [\d:]+, run [\w-]+\n$/);
    expect((await pai(root, 'logs', 'pki', '--run', first)).stdout).toBe('working on authorities\n');
    // It was skipped the last time.
    expect((await pai(root, 'logs', 'worker:h1')).stdout).toBe('working on h1\n');
    const { run, target, lines } = JSON.parse((await pai(root, 'logs', 'worker:h1', '--json')).stdout);
    expect({ run, lines, outcome: target.outcome }).toEqual({ run: first, lines: ['working on h1'], outcome: 'ran' });
  });

  it('tells the nearest target for one that never ran, and ends with 2', async () => {
    await pai(root, 'run', 'worker:h1');
    const { exitCode, stderr } = await pai(root, 'logs', 'worker:h11');
    expect(exitCode).toBe(2);
    expect(stderr).toContain('worker:h11 did not run in any run that is kept; did you mean worker:h1');
    expect((await pai(root, 'logs', 'pki', '--run', 'lst')).stderr).toContain(
      'there is no run lst; did you mean last?',
    );
  });

  it('follows with -f what is at work until it ends', async () => {
    const waiting = new Promise<() => void>((resolve) => {
      Object.assign(globalThis, { paiTest: { waiting: resolve } });
    });
    const paifile = PAIFILE.replace(
      "outFile(project.root, 'authorities')",
      `outFile(project.root, 'authorities', async ({ log }: any) => {
        await new Promise<void>((resolve) => (globalThis as any).paiTest.waiting(resolve));
        log('let go');
      })`,
    );
    await writeProjectFile(root, 'paifile.ts', paifile);
    const run = start(root, 'run', 'worker:h1');
    const letGo = await waiting;
    const following = start(root, 'logs', 'pki', '-f');
    const machine = start(root, 'logs', 'worker:h1', '-f', '--json');
    const interrupted = start(root, 'logs', 'pki', '-f');
    await new Promise((resolve) => setTimeout(resolve, 300));
    interrupted.interrupt();
    expect(await interrupted.said).toMatchObject({ exitCode: 130, stdout: 'working on authorities\n' });
    letGo();
    const { exitCode, stdout, stderr } = await following.said;
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: 'working on authorities\nlet go\n' });
    expect(stderr).toMatch(/^pki running, .*\npki ran in .*\n$/);
    const lines = (await machine.said).stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toEqual([
      { type: 'target-log', target: 'worker:h1', line: 'working on h1' },
      { type: 'target-end', run: (await ids())[0], target: expect.objectContaining({ outcome: 'ran' }) },
    ]);
    expect((await run.said).exitCode).toBe(0);
    // Nothing is at work any more: what there is, and the end.
    expect((await pai(root, 'logs', 'pki', '-f')).stdout).toBe('working on authorities\nlet go\n');
  });
});

describe('commands about the past', () => {
  it('need neither a configuration nor a paifile that can be loaded', async () => {
    await pai(root, 'run', 'pki');
    await rm(path.join(root, 'cluster-configuration'), { recursive: true });
    await writeProjectFile(root, 'paifile.ts', 'this is no TypeScript');
    expect((await pai(root, 'history')).exitCode).toBe(0);
    expect((await pai(path.join(root, 'tasks'), 'show')).exitCode).toBe(0);
    expect((await pai(root, 'logs', 'pki')).stdout).toBe('working on authorities\n');
  });

  it('read what is there, whatever is damaged', async () => {
    await pai(root, 'run', 'pki');
    await pai(root, 'run', 'worker:h1');
    const [second = '', first = ''] = await ids();
    await appendFile(eventsOf(second), Buffer.from([0xff, 0x00, 0x0a]));
    await rm(eventsOf(first));
    await mkdir(eventsOf(first));
    const { exitCode, stdout } = await pai(root, 'history');
    expect(exitCode).toBe(0);
    expect(stdout).toContain(`can be told: ${second}, ${first}\n`);
    expect((await pai(root, 'show', 'last')).stdout).toContain("1 line of its record can't be read");
  });
});

describe('a run whose journal can not be written', () => {
  it('goes on with one warning', async () => {
    await mkdir(path.join(root, '.cache'), { recursive: true });
    await writeFile(path.join(root, '.cache/runs'), 'no folder');
    const { exitCode, stdout, stderr } = await pai(root, 'run', 'workers');
    expect(exitCode).toBe(0);
    expect(stdout).toMatch(/\n3 ran, 0 fresh, 0 failed, 0 skipped in /);
    expect(stderr).toMatch(/^warning: this run is not recorded any further: E(NOTDIR|EXIST)[^\n]*\n$/);
    expect((await pai(root, 'run', 'workers')).stderr).toBe('');
  });

  it('names no log that is not there when a target fails', async () => {
    await writeProjectFile(root, 'paifile.ts', FAILING);
    await mkdir(path.join(root, '.cache'), { recursive: true });
    await writeFile(path.join(root, '.cache/runs'), 'no folder');
    const { exitCode, stdout } = await pai(root, 'run', 'pki');
    expect(exitCode).toBe(1);
    expect(stdout).toContain('error INTERNAL: no luck\n  | working on x\n  | about to fail\n');
    expect(stdout).not.toContain('log: ');
  });

  it('has no texts for diffs either when these can not be kept, and says nothing of it', async () => {
    await mkdir(path.join(root, '.cache'), { recursive: true });
    await symlink('no/such/folder', path.join(root, '.cache/part-texts'));
    const { exitCode, stderr } = await pai(root, 'run', 'pki');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    await writeProjectFile(root, 'paifile.ts', PAIFILE.replace("'authorities'", "'others'"));
    expect((await pai(root, 'why', 'pki')).stdout).toMatch(
      / -> [0-9a-f]{12}\n {4}\(its text of last time is not kept\)\n$/,
    );
  });
});

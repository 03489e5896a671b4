import { readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { type Installation, install, spawnPai } from './installation.js';
import { isAtWork, makeScripts, processesOf, processIn } from './processes.js';
import { makeProject } from './project.js';

// Whole processes: what is really there afterwards.

let installation: Installation;

beforeAll(async () => {
  installation = await install();
});
afterAll(() => installation.remove());

/** A child, a grandchild whose parent is gone, and one in a session of its own; each says who it is. */
const TREE = `
  (sleep 300 & echo $! > orphan)
  setsid bash -c 'echo $$ > runaway; trap "" HUP; sleep 300' &
  echo $$ > leader
  sleep 300`;
const FILES = ['orphan', 'runaway', 'leader'];

const linux = process.platform === 'linux';

describe.runIf(linux)('two signals', { timeout: 60_000 }, () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('%s end what runs with all that it started, and pai with %d', async (signal, code) => {
    const root = await makeScripts({
      tree: { run: TREE },
      last: { run: 'true', options: '{ needs: [tree] }' },
    });
    const { child, said, until } = spawnPai(installation, root, 'run', 'last');
    const ids = await Promise.all(FILES.map((file) => processIn(root, file)));
    expect(ids.every(isAtWork)).toBe(true);
    child.kill(signal);
    await until('stopping when what runs is done');
    expect(ids.every(isAtWork)).toBe(true);
    child.kill(signal);
    const { exitCode, stdout } = await said;
    expect(exitCode).toBe(code);
    expect(stdout).toMatch(/interrupted: 0 ran, 0 fresh, 1 failed, 1 skipped/);
    expect(ids.filter(isAtWork)).toEqual([]);
    expect(processesOf(root)).toBe(0);
    expect(lockOf(root)).toBe('');
  });

  it('end pai even where an action does not end when it is told to', async () => {
    const root = await makeProject(`
import { outFile } from './tasks/out-file.js';
const act = async ({ log }: any) => {
  log('at work');
  setInterval(() => undefined, 1000);
  await new Promise(() => undefined);
};
export default { write({ project, target }: any) { target('hangs', () => outFile(project.root, 'x', act)); } };
`);
    onTestFinished(() => rmSync(root, { recursive: true, force: true }));
    const { child, said, until } = spawnPai(installation, root, 'run', 'hangs', '--verbose');
    await until('at work');
    child.kill('SIGINT');
    await until('stopping');
    child.kill('SIGINT');
    const { exitCode, stdout } = await said;
    expect(stdout).toContain('error CANCELLED');
    expect(exitCode).toBe(130);
    expect(lockOf(root)).toBe('');
  });

  it('kill what does not listen', async () => {
    const root = await makeScripts({
      deaf: { run: 'trap "" TERM; echo $$ > deaf; while :; do sleep 0.1; done' },
    });
    const { child, said, until } = spawnPai(installation, root, 'run', 'deaf');
    const pid = await processIn(root, 'deaf');
    child.kill('SIGINT');
    await until('stopping');
    child.kill('SIGINT');
    expect((await said).exitCode).toBe(130);
    expect(isAtWork(pid)).toBe(false);
  });
});

describe.runIf(linux)('a time-out', { timeout: 60_000 }, () => {
  it('ends the whole tree, and the next try has the place for itself', async () => {
    // A zombie is gone, even where nobody asks for it.
    const atWork = 'atwork() { grep -qs "^State:.[^Z]" /proc/$1/status; }';
    const second =
      'if [ -e leader ]; then for f in orphan runaway leader; do atwork $(cat $f) && exit 9; done; exit 0; fi';
    const run = `${atWork}; ${second}; ${TREE}`;
    const root = await makeScripts({ tree: { run, options: '{ timeoutSeconds: 3, retries: 1 }' } });
    const { exitCode, stdout } = await spawnPai(installation, root, 'run', 'tree', '--verbose').said;
    expect(stdout).toContain('took longer than 3 s; trying again in 1 s (1 of 2 failed)');
    expect(exitCode).toBe(0);
    expect(processesOf(root)).toBe(0);
  });
});

describe.runIf(linux)('after pai itself was killed', { timeout: 60_000 }, () => {
  it('the next run ends what its targets were doing, tells of what they had left running, and does the rest', async () => {
    const root = await makeScripts({
      server: { run: 'setsid sleep 301 > /dev/null 2>&1 & echo $! > server' },
      tree: { run: `[ ! -e leader ] || exit 0; ${TREE}`, options: '{ needs: [server] }' },
    });
    const first = spawnPai(installation, root, 'run', 'tree');
    const ids = await Promise.all(FILES.map((file) => processIn(root, file)));
    const server = await processIn(root, 'server');
    first.child.kill('SIGKILL');
    await first.said;
    expect(ids.every(isAtWork)).toBe(true);

    const { exitCode, stdout, stderr } = await spawnPai(installation, root, 'run', 'tree').said;
    expect(stderr).toContain(`the last run (pai run tree, process ${first.child.pid}) did not come to its end\n`);
    expect(stderr).toMatch(/^ending what is left of tree: .*sleep 300/m);
    expect(stderr).toMatch(new RegExp(`^still running since then, and left alone: .*${server} sleep 301`, 'm'));
    expect(ids.filter(isAtWork)).toEqual([]);
    expect(isAtWork(server)).toBe(true);
    expect(exitCode).toBe(0);
    expect(stdout).toContain('1 ran, 1 fresh');
    expect((await spawnPai(installation, root, 'run', 'tree').said).stderr).toBe('');
  });
});

/** The text of the newest lock: empty when nobody has it. */
function lockOf(root: string): string {
  const folder = path.join(root, '.cache/lock');
  const newest = Math.max(...readdirSync(folder).map(Number));
  return readFileSync(path.join(folder, String(newest)), 'utf8');
}

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { describe, expect, onTestFinished, test } from 'vitest';
import { deadOf, type Holder, holderOf, isGone, type LockAnswer, takeLock } from '../../../src/state/lock.js';

const repository = path.resolve(import.meta.dirname, '../../..');

async function cacheFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'pai-lock-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const own = (): Holder => holderOf('run-1', 'pai run a');

/** Ends the test unless the lock was taken. */
function taken(answer: LockAnswer): Extract<LockAnswer, { kind: 'taken' }> {
  if (answer.kind !== 'taken') throw new Error(`it is ${answer.kind}`);
  return answer;
}

/** The id of a process that was there and is gone. */
async function deadProcess(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '0']);
  const { pid = 0 } = child;
  await once(child, 'exit');
  return pid;
}

describe('the lock of a project', () => {
  test('has one holder at a time, and tells who it is', async () => {
    const cache = await cacheFolder();
    const first = taken(takeLock(cache, own()));
    expect(takeLock(cache, { ...own(), run: 'run-2' })).toMatchObject({
      kind: 'held',
      holder: { run: 'run-1', pid: process.pid, command: 'pai run a', since: expect.any(Number) },
    });
    first.release();
    taken(takeLock(cache, own())).release();
  });

  test('does not pile up files', async () => {
    const cache = await cacheFolder();
    for (let round = 0; round < 20; round++) taken(takeLock(cache, own())).release();
    expect((await readdir(path.join(cache, 'lock'))).length).toBeLessThanOrEqual(2);
  });

  test('is taken over from a process that is gone, and tells which run that was', async () => {
    const cache = await cacheFolder();
    const dead = { ...own(), run: 'dead', pid: await deadProcess() };
    taken(takeLock(cache, dead));
    expect(taken(takeLock(cache, own())).left).toEqual(dead);
  });

  test('tells of all runs that died one after another, until one comes to its end', async () => {
    const cache = await cacheFolder();
    const dead = { ...own(), pid: await deadProcess() };
    taken(takeLock(cache, { ...dead, run: 'first' }));
    taken(takeLock(cache, { ...dead, run: 'second' }));
    const third = taken(takeLock(cache, own()));
    expect(third.left && deadOf(third.left)).toEqual(['second', 'first']);
    third.release();
    expect(taken(takeLock(cache, own())).left).toBeUndefined();
  });

  test('a folder in place of its file is nobody', async () => {
    const cache = await cacheFolder();
    await mkdir(path.join(cache, 'lock/7/folder'), { recursive: true });
    for (let round = 0; round < 3; round++) taken(takeLock(cache, own())).release();
    expect((await readdir(path.join(cache, 'lock'))).sort()).toEqual(['10', '9']);
  });

  test.runIf(process.platform === 'linux')(
    'is taken over when the process id belongs to another process by now',
    () => {
      expect(isGone(own())).toBe(false);
      expect(isGone({ ...own(), started: '1' })).toBe(true);
    },
  );

  test('of another machine, or of other process ids, is never taken over', async () => {
    const pid = await deadProcess();
    expect(isGone({ ...own(), pid })).toBe(true);
    expect(isGone({ ...own(), pid, host: 'elsewhere' })).toBe(false);
    expect(isGone({ ...own(), pid, namespace: 'pid:[1]' })).toBe(false);
  });

  test('that can not be understood was left by a power failure, and is free', async () => {
    const cache = await cacheFolder();
    await mkdir(path.join(cache, 'lock'));
    for (const text of ['', '{"run":"x"', 'null', '{"pid":1}']) {
      await writeFile(path.join(cache, 'lock', '7'), text);
      taken(takeLock(cache, own())).release();
    }
  });

  test('may be removed with the cache while it is held', async () => {
    const cache = await cacheFolder();
    const { release } = taken(takeLock(cache, own()));
    await rm(cache, { recursive: true });
    expect(release).not.toThrow();
  });

  const isRoot = process.getuid?.() === 0;
  test.skipIf(isRoot)(`says why it can not be had${isRoot ? ' (skipped: root may write anywhere)' : ''}`, async () => {
    const cache = await cacheFolder();
    await chmod(cache, 0o500);
    expect(takeLock(cache, own())).toEqual({ kind: 'impossible', code: 'EACCES' });
  });

  test('says that it can not be had where a file is in the way', async () => {
    const cache = await cacheFolder();
    await writeFile(path.join(cache, 'lock'), '');
    expect(takeLock(cache, own())).toMatchObject({ kind: 'impossible' });
  });
});

/** Takes the lock again and again; whoever has it writes its name, waits, and looks whether it is still there alone. */
const RACER = `
import { openSync, closeSync, existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { holderOf, takeLock } from './lock.mjs';
const [cache, go, mode] = process.argv.slice(2);
const countOf = (start) => readdirSync(cache).filter((name) => name.startsWith(start)).length;
writeFileSync(cache + '/ready-' + process.pid, '');
while (!existsSync(go)) await sleep(1);
const own = holderOf('run-' + process.pid, 'racer');
if (mode === 'once') {
  const answer = takeLock(cache, own);
  writeFileSync(cache + '/asked-' + process.pid, '');
  // A holder that ends without giving it back could be followed by another.
  while (countOf('asked-') < 8) await sleep(5);
  console.log(answer.kind);
} else {
  let had = 0;
  for (const until = Date.now() + 3000; Date.now() < until; ) {
    const answer = takeLock(cache, own);
    if (answer.kind !== 'taken') { await sleep(0); continue; }
    had++;
    closeSync(openSync(cache + '/inside', 'wx'));
    if (had % 3 === 0) await sleep(1);
    rmSync(cache + '/inside');
    // Some die with the lock in their hands.
    if (mode === 'die' && had === 20) process.kill(process.pid, 'SIGKILL');
    answer.release();
  }
  console.log('had ' + had);
}
`;

describe('several processes', { timeout: 60_000 }, () => {
  async function race(modes: readonly string[], prepare: (cache: string) => Promise<void>): Promise<string[]> {
    const cache = await cacheFolder();
    await build({
      absWorkingDir: repository,
      entryPoints: ['src/state/lock.ts'],
      outfile: path.join(cache, 'lock.mjs'),
      bundle: true,
      platform: 'node',
      format: 'esm',
    });
    const racer = path.join(cache, 'racer.mjs');
    await writeFile(racer, RACER);
    await prepare(cache);
    const go = path.join(cache, 'go');
    const racers = modes.map(async (mode) => {
      const child = spawn(process.execPath, [racer, cache, go, mode], { stdio: ['ignore', 'pipe', 'pipe'] });
      let output = '';
      for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => (output += chunk));
      const [code, signal] = await once(child, 'close');
      return `${output.trim()} ${signal ?? code}`;
    });
    const ready = async (): Promise<number> =>
      (await readdir(cache)).filter((name) => name.startsWith('ready-')).length;
    while ((await ready()) < modes.length) await new Promise((resolve) => setTimeout(resolve, 20));
    await writeFile(go, '');
    return Promise.all(racers);
  }

  test('that race for a stale lock: exactly one wins', async () => {
    const dead = await deadProcess();
    const said = await race(Array(8).fill('once'), async (cache) => {
      taken(takeLock(cache, { ...own(), pid: dead }));
    });
    expect(said.sort()).toEqual([...Array(7).fill('held 0'), 'taken 0']);
  });

  test('that take it in turns, some dying with it: never two at once, and it goes on', async () => {
    const said = await race(['live', 'live', 'live', 'die', 'die'], async (cache) => {
      taken(takeLock(cache, own())).release();
    });
    const living = said.filter((line) => line.startsWith('had'));
    expect(said.filter((line) => !line.startsWith('had') && line !== ' SIGKILL' && line !== 'SIGKILL')).toEqual([]);
    expect(living.length).toBeGreaterThanOrEqual(3);
    expect(living.every((line) => /^had [1-9]\d* 0$/.test(line))).toBe(true);
  });
});

import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Installation, install, spawnPai } from './installation.js';
import { makeScripts, processIn } from './processes.js';

let installation: Installation;

beforeAll(async () => {
  installation = await install();
});
afterAll(() => installation.remove());

const WAITS = { run: 'echo $$ > begun; while [ ! -e let-go ]; do sleep 0.05; done' };

describe('while another pai is at work', { timeout: 60_000 }, () => {
  it('run and clean are refused with who it is, and what only looks is not', async () => {
    const root = await makeScripts({ waits: WAITS, other: { run: 'true' } });
    const first = spawnPai(installation, root, 'run', 'waits');
    await processIn(root, 'begun');
    for (const command of ['run', 'clean']) {
      const { exitCode, stdout, stderr } = await spawnPai(installation, root, command, 'other').said;
      expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
      expect(stderr).toContain('error PROJECT_LOCKED: another pai is at work on this project\n');
      expect(stderr).toMatch(new RegExp(`at pai run waits \\(process ${first.child.pid} on .+, since 20\\d\\d-.+Z\\)`));
      expect(stderr).toContain('--wait-lock');
    }
    for (const line of [['plan'], ['why', 'other'], ['list'], ['run', 'other', '--dry-run']]) {
      expect((await spawnPai(installation, root, ...line).said).exitCode).toBe(0);
    }
    await writeFile(path.join(root, 'let-go'), '');
    expect((await first.said).exitCode).toBe(0);
    expect((await spawnPai(installation, root, 'run', 'other').said).exitCode).toBe(0);
  });

  it('--wait-lock says for whom it waits, and goes on when that is done', async () => {
    const root = await makeScripts({ waits: WAITS, other: { run: 'true' } });
    const first = spawnPai(installation, root, 'run', 'waits');
    await processIn(root, 'begun');
    const second = spawnPai(installation, root, 'run', 'other', '--wait-lock');
    await second.until(`waiting for pai run waits (process ${first.child.pid} on `);
    const third = spawnPai(installation, root, 'run', 'other', '--wait-lock');
    await third.until('waiting for');
    third.child.kill('SIGINT');
    expect((await third.said).exitCode).toBe(130);
    await writeFile(path.join(root, 'let-go'), '');
    expect((await first.said).exitCode).toBe(0);
    const { exitCode, stdout } = await second.said;
    expect(exitCode).toBe(0);
    expect(stdout).toContain('1 ran');
  });

  it('a run that has nothing to do, or is refused for another reason, leaves no lock', async () => {
    const root = await makeScripts({ asks: { run: 'true', options: "{ confirm: 'Sure?' }" } });
    expect((await spawnPai(installation, root, 'run', 'asks').said).exitCode).toBe(2);
    expect((await spawnPai(installation, root, 'run', 'asks', '--yes').said).exitCode).toBe(0);
    expect((await spawnPai(installation, root, 'run', 'asks').said).stdout).toContain('nothing to do');
  });
});

import { spawnSync } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { holdWhileTaken } from '../../../src/cli/terminal.js';
import type { RunEvent } from '../../../src/model/events.js';
import { type Installation, install, spawnPai } from './installation.js';
import { atTerminal, makeScripts } from './processes.js';

let installation: Installation;

beforeAll(async () => {
  installation = await install();
});
afterAll(() => installation.remove());

// util-linux has it; it gives a process a terminal of its own.
const hasScript = spawnSync('script', ['--version']).status === 0;

describe('targets that ask', { timeout: 60_000 }, () => {
  const DEPLOY = {
    app: { run: 'true' },
    deploy: { run: 'echo yes > deployed', options: "{ needs: [app], confirm: 'Deploy to production?' }" },
    wipe: { run: 'echo > wiped', outputs: ['wiped'], options: "{ confirm: 'Really wipe?' }" },
  };

  it('are refused before anything runs when nobody can be asked', async () => {
    const root = await makeScripts(DEPLOY);
    const { exitCode, stdout, stderr } = await spawnPai(installation, root, 'run', '*').said;
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain('error NOT_CONFIRMED: nobody is here to answer; nothing was changed\n');
    expect(stderr).toContain('deploy: Deploy to production?');
    expect(stderr).toContain('wipe: Really wipe?');
    expect(await readdir(root)).not.toContain('wiped');
    expect(await readdir(path.join(root, '.cache'))).not.toContain('runs');
  });

  it('run with --yes, and ask again before they are cleaned', async () => {
    const root = await makeScripts(DEPLOY);
    expect((await spawnPai(installation, root, 'run', '*', '--yes').said).exitCode).toBe(0);
    expect((await spawnPai(installation, root, 'run', '*').said).exitCode).toBe(0);
    expect((await spawnPai(installation, root, 'clean', 'app').said).exitCode).toBe(0);
    expect((await spawnPai(installation, root, 'clean', 'wipe').said).exitCode).toBe(2);
    expect(await readdir(root)).toContain('wiped');
    expect((await spawnPai(installation, root, 'clean', 'wipe', '--yes').said).exitCode).toBe(0);
    expect(await readdir(root)).not.toContain('wiped');
  });

  it.runIf(hasScript)('are answered once for all of them at the terminal', async () => {
    const root = await makeScripts(DEPLOY);
    const no = atTerminal(installation, root, 'run', '*');
    await no.until('Yes to all 2? [y/N]');
    expect(no.output()).toContain('deploy: Deploy to production?');
    no.type('n\n');
    expect((await no.said).exitCode).toBe(2);
    expect(await readdir(root)).not.toContain('wiped');

    const yes = atTerminal(installation, root, 'run', 'deploy');
    await yes.until('Go on? [y/N]');
    yes.type('y\n');
    expect((await yes.said).exitCode).toBe(0);
    expect(await readdir(root)).toContain('deployed');
  });

  it.runIf(hasScript)('are not waited for after an interrupt', async () => {
    const root = await makeScripts(DEPLOY);
    const asked = atTerminal(installation, root, 'run', 'wipe');
    await asked.until('Go on? [y/N]');
    asked.type('\x03');
    expect((await asked.said).exitCode).toBe(130);
    expect(await readdir(root)).not.toContain('wiped');
  });
});

describe('an interactive target', { timeout: 60_000 }, () => {
  const TALK = {
    talk: {
      run: 'printf "Your name? "; read -r name; echo "Hello $name" | tee greeting; touch let-go',
      options: '{ interactive: true }',
    },
    beside: { run: 'echo beside; while [ ! -e let-go ]; do sleep 0.05; done; echo beside' },
  };

  it.runIf(hasScript)('has the terminal for itself while it runs', async () => {
    const root = await makeScripts(TALK);
    const going = atTerminal(installation, root, 'run', '*', '--verbose', '--jobs', '2');
    await going.until('Your name?');
    await new Promise((resolve) => setTimeout(resolve, 300));
    // Nothing is written between the question and the answer.
    expect(going.output()).toMatch(/Your name\? $/);
    going.type('pai\n');
    const { exitCode } = await going.said;
    expect(going.output()).toMatch(/Your name\? pai\r\nHello pai\r\n/);
    expect(going.output()).toMatch(/beside \| beside\r\n[\s\S]*2 ran/);
    expect(exitCode).toBe(0);
  });

  it.runIf(hasScript)('is given the interrupts that are typed', async () => {
    const root = await makeScripts({
      talk: {
        run: 'trap "echo interrupted here; exit 0" INT; printf "Ready "; read -r line; exit 5',
        options: '{ interactive: true }',
      },
    });
    const going = atTerminal(installation, root, 'run', 'talk');
    await going.until('Ready ');
    going.type('\x03');
    await going.until('interrupted here');
    expect((await going.said).exitCode).toBe(0);
  });

  it('fails where there is no terminal', async () => {
    const root = await makeScripts({ talk: { ...TALK.talk } });
    const { exitCode, stdout } = await spawnPai(installation, root, 'run', 'talk').said;
    expect(exitCode).toBe(1);
    expect(stdout).toContain('error NO_TERMINAL: it talks to a person, and there is no terminal');
    expect(await readdir(root)).not.toContain('let-go');
  });
});

test('what is told while the terminal is taken is told afterwards, in order', () => {
  const told: RunEvent[] = [];
  const report = holdWhileTaken((event) => told.push(event));
  const log = (line: string): RunEvent => ({ type: 'target-log', at: 1, target: 'a', line });
  const taken: RunEvent = { type: 'terminal-taken', at: 1, target: 'b' };
  const released: RunEvent = { type: 'terminal-released', at: 1, target: 'b' };
  for (const event of [log('1'), taken, log('2'), log('3')]) report(event);
  expect(told).toEqual([log('1'), taken]);
  for (const event of [released, log('4')]) report(event);
  expect(told).toEqual([log('1'), taken, released, log('2'), log('3'), log('4')]);
});

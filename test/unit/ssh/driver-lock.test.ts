import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { contextFor, isRunning, onTestHost, stampFor, workFor } from './driver-fixture.js';
import { tryKill, until } from './test-host.js';

const target = 'worker:h1';

onTestHost('the lock of a real host', (bed) => {
  it('does not begin when another target changes the host, and names it', async () => {
    const { driver, host, login, open } = bed();
    const { context, lines } = contextFor('etcd:h1');
    const gate = `${host.directory}/gate`;
    const other = open({ runId: 'run-2' });
    const holding = other.run(
      login,
      workFor('etcd:h1', `echo begun; until [ -e ${gate} ]; do sleep 0.05; done`),
      context,
    );
    await until(() => lines.length > 0);
    await expect(driver.run(login, workFor(target, 'echo mine'), contextFor(target).context)).rejects.toMatchObject({
      code: 'HOST_LOCKED',
      message: expect.stringMatching(/^host h1 is being changed by etcd:h1 \(run run-2, since 20\d\d-.*Z\)$/),
      retryable: true,
    });
    expect(readdirSync(host.state('run'))).toHaveLength(1);
    writeFileSync(gate, '');
    await holding;
    await driver.run(login, workFor(target, 'echo mine'), contextFor(target).context);
  });

  it('joins another process that does just the same', async () => {
    const { driver, host, login, open } = bed();
    const counter = `${host.directory}/count`;
    const gate = `${host.directory}/gate`;
    const script = `echo begun; echo x >>${counter}; until [ -e ${gate} ]; do sleep 0.05; done; echo ended`;
    const first = contextFor(target);
    const second = contextFor(target);
    const ran = open({ runId: 'run-2' }).run(login, workFor(target, script), first.context);
    await until(() => first.lines.length > 0);
    const joined = driver.run(login, workFor(target, script), second.context);
    await until(() => second.lines.length > 0);
    writeFileSync(gate, '');
    await Promise.all([ran, joined]);
    expect(second.lines).toEqual(['begun', 'ended']);
    expect(readFileSync(counter, 'utf8')).toBe('x\n');
    expect(readdirSync(host.state('run'))).toEqual([]);
  });

  it('does not join one that does something else with the same target', async () => {
    const { driver, host, login, open } = bed();
    const gate = `${host.directory}/gate`;
    const first = contextFor(target);
    const ran = open().run(
      login,
      workFor(target, `echo begun; until [ -e ${gate} ]; do sleep 0.05; done`),
      first.context,
    );
    await until(() => first.lines.length > 0);
    const changed = workFor(target, 'true', { stamp: stampFor(target, 'f2') });
    await expect(driver.run(login, changed, contextFor(target).context)).rejects.toMatchObject({
      code: 'HOST_LOCKED',
    });
    writeFileSync(gate, '');
    await ran;
  });

  it('what a script leaves running does not keep the lock', async () => {
    const { driver, login } = bed();
    const { context, lines } = contextFor(target);
    await driver.run(login, workFor(target, 'sleep 60 >/dev/null 2>&1 & echo $!'), context);
    try {
      await driver.run(login, workFor(target, 'true'), context);
      expect(isRunning(Number(lines[0]))).toBe(true);
    } finally {
      tryKill(Number(lines[0]), 'SIGKILL');
    }
  });
});

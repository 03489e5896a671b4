import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { contextFor, isRunning, jobPid, onTestHost, stampFor, workFor } from './driver-fixture.js';
import { tryKill, until } from './test-host.js';

const target = 'worker:h1';

onTestHost('work that is interrupted on a real host', (bed) => {
  it('leaves a target that was killed half way unfinished', async () => {
    const { driver, host, login } = bed();
    const { context, lines } = contextFor(target);
    await driver.run(login, workFor(target, 'true'), context);
    const ran = driver.run(login, workFor(target, 'echo pid $$; exec sleep 60'), context);
    const failed = expect(ran).rejects.toMatchObject({
      code: 'HOST_SCRIPT',
      message: 'worker:h1: the script was killed on host h1',
      next: expect.stringContaining('it repeats worker:h1'),
    });
    await until(() => lines.length > 0);
    const orphan = Number(lines[0]?.split(' ')[1]);
    tryKill(jobPid(host), 'SIGKILL');
    await failed;
    tryKill(orphan, 'SIGKILL');
    expect(await driver.observe(login, target, 'true')).toEqual({ kind: 'known', present: true });
    // The next run takes the lock, and away what the dead one left.
    await driver.run(login, workFor(target, 'true'), context);
    expect(readdirSync(host.state('run'))).toEqual([]);
    expect(await driver.observe(login, target, 'true')).toMatchObject({ stamp: stampFor(target) });
  });

  it('goes on where it was when the connection is dropped, and runs the script once', async () => {
    const { driver, host, login } = bed();
    const { context, lines } = contextFor(target);
    const ran = driver.run(
      login,
      workFor(target, 'for i in 1 2 3 4 5 6 7 8 9; do echo "step $i"; sleep 0.3; done'),
      context,
    );
    await until(() => lines.length >= 2);
    host.dropConnections();
    await until(() => lines.length >= 6);
    host.dropConnections();
    await ran;
    expect(lines).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map((step) => `step ${step}`));
    expect(host.logins()).toBe(3);
    expect(await driver.observe(login, target, 'true')).toMatchObject({ stamp: stampFor(target) });
  });

  it('uploads again when the connection is dropped before the script began, and runs it once', async () => {
    const { driver, host, login } = bed();
    const { context, lines } = contextFor(target);
    const files = [{ path: 'large', mode: 0o600, content: randomBytes(48 << 20) }];
    const ran = driver.run(login, workFor(target, 'wc -c < large', { files }), context);
    await until(() => existsSync(host.state('run')) && readdirSync(host.state('run')).length > 0);
    host.dropConnections();
    await ran;
    expect(lines).toEqual([String(48 << 20)]);
    expect(host.logins()).toBe(2);
    expect(readdirSync(host.state('run'))).toEqual([]);
    expect(await driver.observe(login, target, 'true')).toMatchObject({ stamp: stampFor(target) });
  });

  it('learns the end of a script that ended while nobody was connected', async () => {
    const { driver, host, login } = bed();
    const { context, lines } = contextFor(target);
    const ran = driver.run(login, workFor(target, 'echo begun; sleep 0.5; echo ended; exit 4'), context);
    const failed = expect(ran).rejects.toMatchObject({ message: 'worker:h1: the script exited 4 on host h1' });
    await until(() => lines.includes('begun'));
    await host.shutdown();
    await until(() => existsSync(host.state('result/worker%3Ah1')));
    await host.boot();
    await failed;
    expect(lines).toEqual(['begun', 'ended']);
  });

  it('says that the end is not known when the host was restarted meanwhile', async () => {
    const { driver, host, login } = bed();
    const { context, lines } = contextFor(target);
    const ran = driver.run(login, workFor(target, 'echo begun $$; exec sleep 60'), context);
    const failed = expect(ran).rejects.toMatchObject({
      code: 'HOST_CONNECTION_LOST',
      next: expect.stringContaining('it repeats worker:h1'),
    });
    await until(() => lines.length > 0);
    await host.shutdown();
    tryKill(jobPid(host), 'SIGKILL');
    tryKill(Number(lines[0]?.split(' ')[1]), 'SIGKILL');
    await host.boot();
    await failed;
    expect(await driver.observe(login, target, 'true')).toEqual({ kind: 'known', present: true });
  });

  it('an abort ends the script and what it started, and leaves the target unfinished', async () => {
    const { driver, host, login } = bed();
    const abort = new AbortController();
    const { context, lines } = contextFor(target, abort.signal);
    const ran = driver.run(login, workFor(target, 'sleep 60 & echo $! $$; wait'), context);
    const failed = expect(ran).rejects.toMatchObject({ code: 'CANCELLED', message: 'worker:h1 was cancelled' });
    await until(() => lines.length > 0);
    const pids = lines[0]?.split(' ').map(Number) ?? [];
    expect(pids.map(isRunning)).toEqual([true, true]);
    abort.abort();
    await failed;
    await until(() => !pids.some(isRunning));
    expect(readdirSync(host.state('run'))).toEqual([]);
    expect(await driver.observe(login, target, 'true')).toEqual({ kind: 'known', present: true });
    await driver.run(login, workFor(target, 'true'), contextFor(target).context);
  });

  it('an abort kills a script that does not want to end', async () => {
    const { driver, host, login } = bed();
    const abort = new AbortController();
    const { context, lines } = contextFor(target, abort.signal);
    const ran = driver.run(login, workFor(target, "trap '' TERM; echo $$; while :; do sleep 0.2; done"), context);
    const failed = expect(ran).rejects.toMatchObject({ code: 'CANCELLED' });
    await until(() => lines.length > 0);
    abort.abort();
    await failed;
    await until(() => !isRunning(Number(lines[0])));
    expect(readdirSync(host.state('run'))).toEqual([]);
  });

  it('does not begin when it is aborted before', async () => {
    const { driver, host, login } = bed();
    const ran = driver.run(login, workFor(target, 'true'), contextFor(target, AbortSignal.abort()).context);
    await expect(ran).rejects.toMatchObject({ code: 'CANCELLED' });
    expect(host.logins()).toBe(0);
  });
});

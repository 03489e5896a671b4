import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { contextFor, onTestHost, stampFor, workFor } from './driver-fixture.js';
import { until } from './test-host.js';

const target = 'worker:h1';
const stampFile = 'stamps/worker%3Ah1';
const marker = 'unfinished/worker%3Ah1';

onTestHost('work on a real host', (bed) => {
  it('brings the payload with its modes to where only root can see it', async () => {
    const { driver, host, login, users } = bed();
    const { context, lines } = contextFor(target);
    const script = `
      stat -c '%a %U:%G %n' . conf/kubelet.conf bin/tool
      cat conf/kubelet.conf; bin/tool; od -An -tx1 raw
      cd /; sudo -u ${users.guest.name} ls "$OLDPWD" 2>/dev/null || echo 'not for others'
      umask`;
    await driver.run(
      login,
      workFor(target, script, {
        files: [
          { path: 'conf/kubelet.conf', mode: 0o600, content: 'zwölf\n' },
          { path: 'bin/tool', mode: 0o755, content: '#!/bin/sh\necho "tool, root is $ROOT"\n' },
          { path: 'raw', mode: 0o644, content: new Uint8Array([0, 255, 10]) },
        ],
      }),
      context,
    );
    expect(lines).toEqual([
      '700 root:root .',
      '600 root:root conf/kubelet.conf',
      '755 root:root bin/tool',
      'zwölf',
      `tool, root is ${host.root}`,
      ' 00 ff 0a',
      'not for others',
      '0077',
    ]);
  });

  it('leaves the stamp, the log and nothing of the payload, all for root only', async () => {
    const { driver, host, login } = bed();
    const { context } = contextFor(target);
    await driver.run(login, workFor(target, 'echo hello'), context);
    expect(JSON.parse(readFileSync(host.state(stampFile), 'utf8'))).toEqual(stampFor(target));
    expect(statSync(host.state(stampFile)).mode & 0o777).toBe(0o600);
    expect(statSync(host.state()).mode & 0o777).toBe(0o700);
    expect(readdirSync(host.state('run'))).toEqual([]);
    expect(readdirSync(host.state('unfinished'))).toEqual([]);
    expect(readFileSync(host.state('log/worker%3Ah1.log'), 'utf8')).toMatch(/^hello\n/);
  });

  it("removes all that is pai's from the host with the last thing that is cleaned, and not before", async () => {
    const { driver, host, login } = bed();
    const clean = (name: string) => driver.run(login, { files: [], script: 'true' }, contextFor(name).context);
    await driver.run(login, workFor(target, 'true'), contextFor(target).context);
    await driver.run(
      login,
      workFor('host:h1', 'echo c1 > "$ROOT/var/lib/pai/cluster-id"'),
      contextFor('host:h1').context,
    );
    await clean(target);
    expect(existsSync(host.state('stamps/host%3Ah1'))).toBe(true);
    await clean('host:h1');
    // What is not the supervisor's own is somebody's to keep.
    expect(readdirSync(host.state())).toEqual(['cluster-id']);
    rmSync(host.state('cluster-id'));
    await clean('host:h1');
    expect(existsSync(host.state())).toBe(false);
    await driver.run(login, workFor(target, 'true'), contextFor(target).context);
    expect(existsSync(host.state(stampFile))).toBe(true);
  });

  it('takes one command', async () => {
    const { driver, host, login } = bed();
    await driver.run(login, workFor(target, 'true'), contextFor(target).context);
    expect(host.commands()).toBe(1);
  });

  it('tells each line while the script runs', async () => {
    const { driver, host, login } = bed();
    const { context, lines } = contextFor(target);
    const gate = `${host.directory}/gate`;
    const ran = driver.run(
      login,
      workFor(target, `echo one; until [ -e ${gate} ]; do sleep 0.05; done; echo two`),
      context,
    );
    await until(() => lines.length > 0);
    expect(lines).toEqual(['one']);
    writeFileSync(gate, '');
    await ran;
    expect(lines).toEqual(['one', 'two']);
  });

  it('tells a script that fails, with its last lines and where its log is', async () => {
    const { driver, host, login } = bed();
    const { context } = contextFor(target);
    await driver.run(login, workFor(target, 'true'), context);
    const script = 'for i in $(seq 1 30); do echo "line $i"; done; echo oops >&2; exit 7';
    await expect(driver.run(login, workFor(target, script), context)).rejects.toMatchObject({
      code: 'HOST_SCRIPT',
      message: 'worker:h1: the script exited 7 on host h1',
      where: 'host h1',
      next: expect.stringContaining(host.state('log/worker%3Ah1.log')),
      details: [...Array.from({ length: 19 }, (_, index) => `line ${index + 12}`), 'oops'],
      retryable: false,
    });
    expect(existsSync(host.state(stampFile))).toBe(false);
    expect(existsSync(host.state(marker))).toBe(true);
    expect(readdirSync(host.state('run'))).toEqual([]);
  });

  it('leaves no stamp when the probe is not content, and tells its words', async () => {
    const { driver, login } = bed();
    const { context, lines } = contextFor(target);
    const work = workFor(target, 'echo installed', { probe: 'echo kubelet is not active; exit 3' });
    await expect(driver.run(login, work, context)).rejects.toMatchObject({
      code: 'HOST_SCRIPT',
      message: expect.stringContaining('its probe is not content (exit code 3)'),
      details: ['kubelet is not active'],
    });
    expect(lines).toEqual(['installed', 'kubelet is not active']);
    expect(await driver.observe(login, target, 'true')).toEqual({ kind: 'known', present: true });
  });

  it('removes the old stamp before it acts and writes the new one last', async () => {
    const { driver, host, login } = bed();
    const { context, lines } = contextFor(target);
    await driver.run(login, workFor(target, 'true'), context);
    const look = `ls "$ROOT/var/lib/pai/stamps" "$ROOT/var/lib/pai/unfinished" | grep -c worker`;
    await driver.run(login, workFor(target, look, { probe: look, stamp: stampFor(target, 'f2') }), context);
    // Only the marker is there, while the script runs and while the probe runs.
    expect(lines).toEqual(['1', '1']);
    expect(JSON.parse(readFileSync(host.state(stampFile), 'utf8')).fingerprint).toBe('f2');
    expect(existsSync(host.state(marker))).toBe(false);
  });

  it('cleans: runs the script and leaves neither stamp nor marker', async () => {
    const { driver, host, login } = bed();
    const { context } = contextFor(target);
    await driver.run(login, workFor(target, 'true'), context);
    await driver.run(login, { files: [], script: 'true' }, context);
    expect(existsSync(host.state(stampFile))).toBe(false);
    expect(await driver.observe(login, target, 'true')).toEqual({ kind: 'known', present: false });
    await driver.run(login, { files: [], script: 'true' }, context);
  });

  it('says what a host lacks when a script can not be started', async () => {
    const { driver, host, login } = bed();
    mkdirSync(host.state('..'), { recursive: true });
    writeFileSync(host.state(), 'a file where the folder should be');
    await expect(driver.run(login, workFor(target, 'true'), contextFor(target).context)).rejects.toMatchObject({
      code: 'HOST_SCRIPT',
      message: expect.stringContaining('could not start the script'),
      details: [expect.stringContaining('Not a directory'), expect.stringContaining("can't cd")],
    });
  });

  it('runs again on a host where an upload was cut short', async () => {
    const { driver, host, login } = bed();
    mkdirSync(host.state('run/dead/payload'), { recursive: true });
    execFileSync('touch', ['-d', '2 hours ago', host.state('run/dead')]);
    await driver.run(login, workFor(target, 'true'), contextFor(target).context);
    expect(readdirSync(host.state('run'))).toEqual([]);
  });
});

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { HostDriver, HostLogin } from '../../../src/model/drivers.js';
import type { HostDriverOptions } from '../../../src/ssh/driver.js';
import { contextFor, driverFor, stampFor, workFor } from './driver-fixture.js';
import { makeUsers, TestHost, type TestUsers, tryKill, until, whyNoTestHost } from './test-host.js';

const reason = whyNoTestHost();

describe.skipIf(reason !== undefined)(
  `work on a real host${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  () => {
    const target = 'worker:h1';
    const stampFile = 'stamps/worker%3Ah1';
    const marker = 'unfinished/worker%3Ah1';
    let users: TestUsers;
    let host: TestHost;
    let login: HostLogin;
    let driver: HostDriver;
    const drivers: HostDriver[] = [];

    beforeAll(() => {
      users = makeUsers();
    });

    afterAll(() => users.remove());

    beforeEach(async () => {
      host = await TestHost.start();
      // Most of this is the same with and without sudo; with it there is more that can go wrong.
      login = host.login(users.admin);
      driver = open();
    });

    afterEach(async () => {
      await Promise.all(drivers.splice(0).map((each) => each.close()));
      await host.remove();
    });

    function open(more: Partial<HostDriverOptions> = {}): HostDriver {
      const opened = driverFor(host, more);
      drivers.push(opened);
      return opened;
    }

    /** Process ID of the shell that runs the script, detached. */
    function jobPid(): number {
      return Number(readFileSync(host.state('lock.info'), 'utf8').split(' ')[1]);
    }

    function isRunning(pid: number): boolean {
      return existsSync(`/proc/${pid}`);
    }

    it('brings the payload with its modes to where only root can see it', async () => {
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
      const { context } = contextFor(target);
      await driver.run(login, workFor(target, 'echo hello'), context);
      expect(JSON.parse(readFileSync(host.state(stampFile), 'utf8'))).toEqual(stampFor(target));
      expect(statSync(host.state(stampFile)).mode & 0o777).toBe(0o600);
      expect(statSync(host.state()).mode & 0o777).toBe(0o700);
      expect(readdirSync(host.state('run'))).toEqual([]);
      expect(readdirSync(host.state('unfinished'))).toEqual([]);
      expect(readFileSync(host.state('log/worker%3Ah1.log'), 'utf8')).toMatch(/^hello\n/);
    });

    it('takes one command', async () => {
      await driver.run(login, workFor(target, 'true'), contextFor(target).context);
      expect(host.commands()).toBe(1);
    });

    it('tells each line while the script runs', async () => {
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
      const { context } = contextFor(target);
      await driver.run(login, workFor(target, 'true'), context);
      await driver.run(login, { files: [], script: 'true' }, context);
      expect(existsSync(host.state(stampFile))).toBe(false);
      expect(await driver.observe(login, target, 'true')).toEqual({ kind: 'known', present: false });
      await driver.run(login, { files: [], script: 'true' }, context);
    });

    it('leaves a target that was killed half way unfinished', async () => {
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
      tryKill(jobPid(), 'SIGKILL');
      await failed;
      tryKill(orphan, 'SIGKILL');
      expect(await driver.observe(login, target, 'true')).toEqual({ kind: 'known', present: true });
      // The next run takes the lock, and away what the dead one left.
      await driver.run(login, workFor(target, 'true'), context);
      expect(readdirSync(host.state('run'))).toEqual([]);
      expect(await driver.observe(login, target, 'true')).toMatchObject({ stamp: stampFor(target) });
    });

    it('goes on where it was when the connection is dropped, and runs the script once', async () => {
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

    it('learns the end of a script that ended while nobody was connected', async () => {
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
      const { context, lines } = contextFor(target);
      const ran = driver.run(login, workFor(target, 'echo begun $$; exec sleep 60'), context);
      const failed = expect(ran).rejects.toMatchObject({
        code: 'HOST_CONNECTION_LOST',
        next: expect.stringContaining('it repeats worker:h1'),
      });
      await until(() => lines.length > 0);
      await host.shutdown();
      tryKill(jobPid(), 'SIGKILL');
      tryKill(Number(lines[0]?.split(' ')[1]), 'SIGKILL');
      await host.boot();
      await failed;
      expect(await driver.observe(login, target, 'true')).toEqual({ kind: 'known', present: true });
    });

    it('does not begin when another target changes the host, and names it', async () => {
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
      const { context, lines } = contextFor(target);
      await driver.run(login, workFor(target, 'sleep 60 >/dev/null 2>&1 & echo $!'), context);
      try {
        await driver.run(login, workFor(target, 'true'), context);
        expect(isRunning(Number(lines[0]))).toBe(true);
      } finally {
        tryKill(Number(lines[0]), 'SIGKILL');
      }
    });

    it('an abort ends the script and what it started, and leaves the target unfinished', async () => {
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
      const ran = driver.run(login, workFor(target, 'true'), contextFor(target, AbortSignal.abort()).context);
      await expect(ran).rejects.toMatchObject({ code: 'CANCELLED' });
      expect(host.logins()).toBe(0);
    });

    it('says what a host lacks when a script can not be started', async () => {
      mkdirSync(host.state('..'), { recursive: true });
      writeFileSync(host.state(), 'a file where the folder should be');
      await expect(driver.run(login, workFor(target, 'true'), contextFor(target).context)).rejects.toMatchObject({
        code: 'HOST_SCRIPT',
        message: expect.stringContaining('could not start the script'),
        details: [expect.stringContaining('Not a directory'), expect.stringContaining("can't cd")],
      });
    });

    it('runs again on a host where an upload was cut short', async () => {
      mkdirSync(host.state('run/dead/payload'), { recursive: true });
      execFileSync('touch', ['-d', '2 hours ago', host.state('run/dead')]);
      await driver.run(login, workFor(target, 'true'), contextFor(target).context);
      expect(readdirSync(host.state('run'))).toEqual([]);
    });

    it('looks at several targets with one command, and probes only what was applied', async () => {
      await driver.run(login, workFor(target, 'true'), contextFor(target).context);
      await driver.run(login, workFor('etcd:h1', 'true'), contextFor('etcd:h1').context);
      const before = host.commands();
      const trace = `${host.directory}/probed`;
      const seen = await Promise.all([
        driver.observe(login, target, `echo worker >>${trace}; cat; test "$ROOT" = ${host.root}`),
        driver.observe(login, 'etcd:h1', `echo etcd >>${trace}; echo "it's \\"down\\"" >&2; exit 1`),
        driver.observe(login, 'proxy:h1', `echo proxy >>${trace}`),
      ]);
      expect(seen).toEqual([
        { kind: 'known', present: true, stamp: stampFor(target) },
        { kind: 'known', present: true, stamp: stampFor('etcd:h1'), problem: 'it\'s "down"' },
        { kind: 'known', present: false },
      ]);
      expect(host.commands()).toBe(before + 1);
      expect(readFileSync(trace, 'utf8').trim().split('\n').sort()).toEqual(['etcd', 'worker']);
    });

    it('looks share the command also when they come while the connection is being opened', async () => {
      const first = driver.observe(login, target, 'true');
      await new Promise((resolve) => setTimeout(resolve, 5));
      await Promise.all([first, driver.observe(login, 'etcd:h1', 'true')]);
      expect(host.commands()).toBe(1);
    });

    it('looks again when asked again', async () => {
      expect(await driver.observe(login, target, 'true')).toMatchObject({ present: false });
      await driver.run(login, workFor(target, 'true'), contextFor(target).context);
      expect(await driver.observe(login, target, 'true')).toMatchObject({ present: true });
    });

    it('looks fail for all targets of a host that can not be reached, and never throw', async () => {
      await host.shutdown();
      const seen = await Promise.all([driver.observe(login, target, 'true'), driver.observe(login, 'etcd:h1', 'true')]);
      expect(seen).toMatchObject([
        { kind: 'unknown', error: { code: 'HOST_UNREACHABLE' } },
        { kind: 'unknown', error: { code: 'HOST_UNREACHABLE' } },
      ]);
    });

    it('reads several files, binary ones too, and leaves out what does not exist', async () => {
      const bytes = new Uint8Array(100_000).map((_, index) => index % 256);
      mkdirSync(`${host.root}/etc/kubernetes/pki`, { recursive: true });
      writeFileSync(`${host.root}/etc/kubernetes/pki/ca.key`, bytes, { mode: 0o600 });
      writeFileSync(`${host.root}/etc/kubernetes/it's one`, 'quoted');
      const paths = ['/etc/kubernetes/pki/ca.key', '/etc/missing', "/etc/kubernetes/it's one", '/etc/kubernetes'];
      const files = await driver.read(login, paths);
      expect([...files.keys()]).toEqual(['/etc/kubernetes/pki/ca.key', "/etc/kubernetes/it's one"]);
      expect(Buffer.compare(files.get('/etc/kubernetes/pki/ca.key') ?? new Uint8Array(), bytes)).toBe(0);
      expect(host.commands()).toBe(1);
      expect(await driver.read(login, ['/etc/missing'])).toEqual(new Map());
      expect(await driver.read(login, [])).toEqual(new Map());
    });
  },
);

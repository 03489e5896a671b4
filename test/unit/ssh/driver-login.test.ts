import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { HostDriver, HostLogin } from '../../../src/model/drivers.js';
import type { HostDriverOptions } from '../../../src/ssh/driver.js';
import { contextFor, driverFor, workFor } from './driver-fixture.js';
import { freePort, makeUsers, TestHost, type TestUsers, until, whyNoTestHost } from './test-host.js';

const reason = whyNoTestHost();

describe.skipIf(reason !== undefined)(
  `logging in to a real sshd${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  () => {
    let users: TestUsers;
    let host: TestHost;
    const drivers: HostDriver[] = [];

    beforeAll(() => {
      users = makeUsers();
    });

    afterAll(() => users.remove());

    beforeEach(async () => {
      host = await TestHost.start();
    });

    afterEach(async () => {
      await Promise.all(drivers.splice(0).map((driver) => driver.close()));
      await host.remove();
    });

    function open(more: Partial<HostDriverOptions> = {}): HostDriver {
      const driver = driverFor(host, more);
      drivers.push(driver);
      return driver;
    }

    /** Who a script runs as, and where. */
    async function whoRuns(login: HostLogin, driver = open()): Promise<readonly string[]> {
      const { context, lines } = contextFor('host:h1');
      await driver.run(login, workFor('host:h1', 'id -un; echo "$HOME"'), context);
      return lines;
    }

    it('logs in with a password, and gets root by sudo with the same one', async () => {
      expect(await whoRuns(host.login(users.admin))).toEqual(['root', '/root']);
    });

    it('logs in with a key, and gets root by sudo without a password', async () => {
      const login = {
        name: 'h1',
        address: '127.0.0.1',
        port: host.port,
        user: users.trusted.name,
        keyPath: host.keyPath,
      };
      expect(await whoRuns(login)).toEqual(['root', '/root']);
    });

    it('does not send a password that sudo did not ask for', async () => {
      expect(await whoRuns(host.login(users.trusted))).toEqual(['root', '/root']);
    });

    it('logs in as root without sudo', async () => {
      expect(await whoRuns(host.login('root'))).toEqual(['root', '/root']);
    });

    it('logs in with a key that ssh-agent holds', async () => {
      const socket = `${host.directory}/agent.sock`;
      const agent = spawn('ssh-agent', ['-D', '-a', socket], { stdio: 'ignore' });
      try {
        await until(() => existsSync(socket));
        chmodSync(host.keyPath, 0o600);
        execFileSync('ssh-add', ['-q', host.keyPath], {
          env: { ...process.env, SSH_AUTH_SOCK: socket },
          stdio: 'pipe',
        });
        const login = { name: 'h1', address: '127.0.0.1', port: host.port, user: 'root' };
        expect(await whoRuns(login, open({ agentSocket: socket }))).toEqual(['root', '/root']);
      } finally {
        agent.kill();
      }
    });

    it('answers with the password where it is only asked for interactively', async () => {
      await host.remove();
      host = await TestHost.start(['PasswordAuthentication no', 'KbdInteractiveAuthentication yes']);
      expect(await whoRuns(host.login(users.admin))).toEqual(['root', '/root']);
    });

    it('says that the password is wrong, having tried it once', async () => {
      const login = host.login(users.admin, { password: 'wrong' });
      const { context } = contextFor('host:h1');
      await expect(open().run(login, workFor('host:h1', 'true'), context)).rejects.toMatchObject({
        code: 'SSH_AUTH',
        message: `host h1 (127.0.0.1:${host.port}, user ${users.admin.name}) does not let us in`,
        next: "Correct the user or the password in the host's entry.",
        retryable: false,
      });
      expect(host.log().split('Failed password').length - 1).toBe(1);
    });

    it('says that it has nothing to log in with', async () => {
      const login = { name: 'h1', address: '127.0.0.1', port: host.port, user: 'root' };
      const { context } = contextFor('host:h1');
      await expect(open().run(login, workFor('host:h1', 'true'), context)).rejects.toMatchObject({
        code: 'SSH_AUTH',
        next: expect.stringContaining('a password or a key file'),
      });
    });

    it.each([
      ['is missing', '/nonexistent/key', undefined, /can't be read \(ENOENT\)/],
      ['is no key', undefined, 'hello', /is no private key that can be used/],
    ])('says that the key file %s', async (_, path, content, message) => {
      const keyPath = path ?? `${host.directory}/bad-key`;
      if (content !== undefined) writeFileSync(keyPath, content);
      const { context } = contextFor('host:h1');
      await expect(
        open().run(host.login('root', { keyPath }), workFor('host:h1', 'true'), context),
      ).rejects.toMatchObject({ code: 'SSH_AUTH', message: expect.stringMatching(message), where: keyPath });
    });

    it('says that a key with a passphrase belongs into the agent', async () => {
      const keyPath = `${host.directory}/locked-key`;
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', 'secret phrase', '-f', keyPath]);
      const { context } = contextFor('host:h1');
      await expect(
        open().run(host.login('root', { keyPath }), workFor('host:h1', 'true'), context),
      ).rejects.toMatchObject({ code: 'SSH_AUTH', next: expect.stringContaining('ssh-add') });
    });

    it('says that sudo does not accept the password, having tried it once', async () => {
      const login = host.login(users.admin, { password: 'wrong', keyPath: host.keyPath });
      const { context } = contextFor('host:h1');
      await expect(open().run(login, workFor('host:h1', 'true'), context)).rejects.toMatchObject({
        code: 'SUDO_DENIED',
        message: expect.stringContaining('sudo does not accept the password'),
      });
      const said = await until(() => {
        const log = existsSync(users.sudoLog) ? readFileSync(users.sudoLog, 'utf8') : '';
        return log.match(/\d+ incorrect/g) ?? undefined;
      });
      expect(said).toEqual(['1 incorrect']);
    });

    it('says that sudo asks for a password when there is none', async () => {
      const login = {
        name: 'h1',
        address: '127.0.0.1',
        port: host.port,
        user: users.admin.name,
        keyPath: host.keyPath,
      };
      const { context } = contextFor('host:h1');
      await expect(open().run(login, workFor('host:h1', 'true'), context)).rejects.toMatchObject({
        code: 'SUDO_DENIED',
        message: expect.stringContaining('asks for a password and none is configured'),
        next: expect.stringContaining('NOPASSWD'),
      });
    });

    it('says that the user may not use sudo', async () => {
      const { context } = contextFor('host:h1');
      await expect(open().run(host.login(users.guest), workFor('host:h1', 'true'), context)).rejects.toMatchObject({
        code: 'SUDO_DENIED',
        message: expect.stringContaining(`user ${users.guest.name} may not use sudo`),
        next: expect.stringContaining('group sudo'),
      });
    });

    it('says that sudo is not installed', async () => {
      await host.remove();
      // An empty folder as PATH: the login shell finds neither env nor sudo.
      host = await TestHost.start(['SetEnv PATH=/nonexistent']);
      const { context } = contextFor('host:h1');
      await expect(open().run(host.login(users.admin), workFor('host:h1', 'true'), context)).rejects.toMatchObject({
        code: expect.stringMatching(/SUDO_DENIED|HOST_SCRIPT/),
        details: [expect.stringContaining('not found')],
      });
    });

    it('says that nobody listens, and that it may pass', async () => {
      const port = await freePort();
      const observation = await open().observe(host.login('root', { port }), 'host:h1', 'true');
      expect(observation).toMatchObject({
        kind: 'unknown',
        error: {
          code: 'HOST_UNREACHABLE',
          message: `host h1 (127.0.0.1:${port}, user root) refuses connections`,
          retryable: true,
          next: expect.stringContaining('Start sshd'),
        },
      });
    });

    it('says that a name can not be resolved', async () => {
      const login = host.login('root', { address: 'no-such-host.invalid' });
      expect(await open().observe(login, 'host:h1', 'true')).toMatchObject({
        kind: 'unknown',
        error: { code: 'HOST_UNREACHABLE', message: expect.stringContaining("can't be resolved"), retryable: false },
      });
    });

    it('says that a host does not answer in time', async () => {
      const silent = createServer(() => {});
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      const address = silent.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      try {
        const driver = open({ connectTimeoutSeconds: 0.3 });
        expect(await driver.observe(host.login('root', { port }), 'host:h1', 'true')).toMatchObject({
          error: { code: 'HOST_UNREACHABLE', message: expect.stringContaining('did not answer within 0.3 s') },
        });
      } finally {
        silent.close();
      }
    });

    it('says that what answers is no SSH', async () => {
      const web = createServer((socket) => socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'));
      await new Promise<void>((resolve) => web.listen(0, '127.0.0.1', resolve));
      const address = web.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      try {
        expect(await open().observe(host.login('root', { port }), 'host:h1', 'true')).toMatchObject({
          error: { code: 'HOST_UNREACHABLE', next: expect.stringContaining(`ssh -v -p ${port}`) },
        });
      } finally {
        web.close();
      }
    });

    it('connects again after a failure, when it is asked again', async () => {
      await host.shutdown();
      const driver = open();
      expect(await driver.observe(host.login('root'), 'host:h1', 'true')).toMatchObject({ kind: 'unknown' });
      await host.boot();
      expect(await driver.observe(host.login('root'), 'host:h1', 'true')).toMatchObject({ kind: 'known' });
    });

    it('keeps the first key of a host, and refuses another one before it says a password', async () => {
      expect(await open().observe(host.login('root'), 'host:h1', 'true')).toMatchObject({ kind: 'known' });
      const file = `${host.directory}/known_hosts`;
      const kept = readFileSync(file, 'utf8');
      expect(kept).toMatch(new RegExp(`^\\[127\\.0\\.0\\.1\\]:${host.port} ssh-ed25519 \\S+\n$`));
      await host.shutdown();
      host.newHostKey();
      await host.boot();
      const { context } = contextFor('host:h1');
      await expect(open().run(host.login(users.admin), workFor('host:h1', 'true'), context)).rejects.toMatchObject({
        code: 'HOST_KEY_CHANGED',
        where: `${file}:1`,
        next: expect.stringContaining(`ssh-keygen -R '[127.0.0.1]:${host.port}' -f ${file}`),
      });
      expect(readFileSync(file, 'utf8')).toBe(kept);
      expect(host.log()).not.toMatch(new RegExp(`password for ${users.admin.name}`));
      // The command that the error names, and all is well again.
      execFileSync('ssh-keygen', ['-R', `[127.0.0.1]:${host.port}`, '-f', file], { stdio: 'pipe' });
      expect(await open().observe(host.login('root'), 'host:h1', 'true')).toMatchObject({ kind: 'known' });
    });

    it('asks for the key type that it knows, when the host has several', async () => {
      await host.remove();
      host = await TestHost.start(['HostKey /etc/ssh/ssh_host_ecdsa_key']);
      const login = host.login('root');
      const scanned = execFileSync('ssh-keyscan', ['-t', 'ecdsa', '-p', String(host.port), '127.0.0.1'], {
        stdio: 'pipe',
      });
      writeFileSync(`${host.directory}/known_hosts`, scanned);
      expect(await open({ hostKeys: 'strict' }).observe(login, 'host:h1', 'true')).toMatchObject({ kind: 'known' });
    });

    it('strict refuses a key that is not in the file, and leaves the file alone', async () => {
      const file = `${host.directory}/known_hosts`;
      expect(await open({ hostKeys: 'strict' }).observe(host.login('root'), 'host:h1', 'true')).toMatchObject({
        error: { code: 'HOST_KEY_CHANGED', where: file, next: expect.stringContaining('ssh-keyscan') },
      });
      expect(existsSync(file)).toBe(false);
    });

    it('keeps the keys of many hosts that are met at once', async () => {
      const others = await Promise.all(Array.from({ length: 4 }, () => TestHost.start()));
      try {
        const driver = open({ maxConnections: 2 });
        const logins = others.map((other, index) => other.login('root', { name: `h${index}` }));
        const seen = await Promise.all(logins.map((login) => driver.observe(login, 'host', 'true')));
        expect(seen.map((observation) => observation.kind)).toEqual(['known', 'known', 'known', 'known']);
        const lines = readFileSync(`${host.directory}/known_hosts`, 'utf8').trim().split('\n');
        expect(lines.map((line) => line.split(' ')[0]).sort()).toEqual(
          others.map((other) => `[127.0.0.1]:${other.port}`).sort(),
        );
      } finally {
        await Promise.all(others.map((other) => other.remove()));
      }
    });

    it('opens one connection, and closes it', async () => {
      const driver = open();
      await Promise.all([1, 2, 3].map(() => driver.read(host.login('root'), ['/nothing'])));
      expect(host.logins()).toBe(1);
      await driver.close();
      await until(
        () => /session closed for user root/.test(host.log()) || /Disconnected from user root/.test(host.log()),
      );
    });

    it('lets go of a host that answers no more', async () => {
      const driver = open();
      await driver.observe(host.login('root'), 'host:h1', 'true');
      host.freezeConnections();
      const late = new Promise((_, reject) => setTimeout(() => reject(new Error('it hangs')), 5000));
      await Promise.race([driver.close(), late]);
    });

    it('puts nothing secret on a command line', async () => {
      const { context, lines } = contextFor('host:h1');
      const secret = 'hush-7d1f0c';
      const work = workFor('host:h1', 'echo begun; sleep 1', {
        files: [{ path: 'token', mode: 0o600, content: secret, secret: true }],
      });
      const driver = open();
      const ran = driver.run(host.login(users.admin), work, context);
      await until(() => lines.includes('begun'));
      const commandLines = execFileSync('sh', ['-c', "cat /proc/[0-9]*/cmdline | tr '\\0' '\\n'"], {
        encoding: 'utf8',
      });
      await ran;
      const logs = execFileSync('cat', [host.state('log/host%3Ah1.log')], { encoding: 'utf8' });
      for (const text of [commandLines, logs, host.log(), readFileSync(users.sudoLog, 'utf8')]) {
        expect(text).not.toContain(secret);
        expect(text).not.toContain(users.admin.password);
      }
      expect(commandLines).toContain('pai-');
    });
  },
);

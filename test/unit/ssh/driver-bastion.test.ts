import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { HostDriver, HostLogin } from '../../../src/model/drivers.js';
import type { HostDriverOptions } from '../../../src/ssh/driver.js';
import { contextFor, driverFor, stampFor, workFor } from './driver-fixture.js';
import { freePort, makeUsers, TestHost, type TestUser, type TestUsers, until, whyNoTestHost } from './test-host.js';

const reason = whyNoTestHost();

describe.skipIf(reason !== undefined)(
  `hosts behind a bastion${reason === undefined ? '' : ` (skipped: ${reason})`}`,
  () => {
    let users: TestUsers;
    let bastion: TestHost;
    let host: TestHost;
    const drivers: HostDriver[] = [];
    const others: TestHost[] = [];

    beforeAll(() => {
      users = makeUsers();
    });

    afterAll(() => users.remove());

    beforeEach(async () => {
      [bastion, host] = await Promise.all([TestHost.start(), TestHost.start()]);
    });

    afterEach(async () => {
      await Promise.all(drivers.splice(0).map((driver) => driver.close()));
      await Promise.all([bastion, host, ...others.splice(0)].map((each) => each.remove()));
    });

    function open(more: Partial<HostDriverOptions> = {}): HostDriver {
      const driver = driverFor(host, more);
      drivers.push(driver);
      return driver;
    }

    async function another(): Promise<TestHost> {
      const other = await TestHost.start();
      others.push(other);
      return other;
    }

    function gate(user: TestUser | 'root' = 'root', more: Partial<HostLogin> = {}): HostLogin {
      return bastion.login(user, { name: 'gate', kind: 'bastion', ...more });
    }

    function login(via = gate(), more: Partial<HostLogin> = {}): HostLogin {
      return host.login(users.admin, { via, ...more });
    }

    async function whoRuns(on: HostLogin): Promise<readonly string[]> {
      const { context, lines } = contextFor('host:h1');
      await open().run(on, workFor('host:h1', 'id -un'), context);
      return lines;
    }

    /** Connections that were made to a port, told by the log of its sshd. */
    function connections(to: TestHost): number {
      return to.log().split('Connection from ').length - 1;
    }

    it('are reached through it when it is logged in to with a key', async () => {
      expect(await whoRuns(login(gate('root')))).toEqual(['root']);
      expect(bastion.log()).toContain('Accepted publickey for root');
      // Only forwarded: nothing is ever run on the bastion.
      expect(bastion.commands()).toBe(0);
    });

    it('are reached through it when it is logged in to with a password of its own', async () => {
      expect(await whoRuns(login(gate(users.guest)))).toEqual(['root']);
      expect(bastion.log()).toContain(`Accepted password for ${users.guest.name}`);
      expect(host.log()).toContain(`Accepted password for ${users.admin.name}`);
    });

    it('share one connection to it, which is closed after theirs', async () => {
      const second = await another();
      const driver = open({ maxConnections: 1 });
      const logins = [login(), second.login('root', { name: 'h2', via: gate() })];
      const seen = await Promise.all(logins.map((each) => driver.observe(each, `host:${each.name}`, 'true')));
      expect(seen).toEqual([
        { kind: 'known', present: false },
        { kind: 'known', present: false },
      ]);
      expect([bastion.logins(), host.logins(), second.logins()]).toEqual([1, 1, 1]);
      await driver.close();
      // Each said good-bye, which it could not have done over a bastion that had gone before.
      for (const each of [host, second, bastion]) await until(() => /Disconnected from user/.test(each.log()));
    });

    it('keeps the key of the bastion and of the host behind it, each by its own address', async () => {
      await open().observe(login(), 'host:h1', 'true');
      const names = readFileSync(`${host.directory}/known_hosts`, 'utf8').trim().split('\n');
      expect(names.map((line) => line.split(' ')[0])).toEqual([
        `[127.0.0.1]:${bastion.port}`,
        `[127.0.0.1]:${host.port}`,
      ]);
    });

    it('are not connected to when the key of the bastion changed, and no password is said to it', async () => {
      await open().observe(login(), 'host:h1', 'true');
      await bastion.shutdown();
      bastion.newHostKey();
      await bastion.boot();
      const before = connections(host);
      const driver = open();
      const file = `${host.directory}/known_hosts`;
      const expected = {
        kind: 'unknown',
        error: {
          code: 'HOST_KEY_CHANGED',
          message: `bastion gate (127.0.0.1:${bastion.port}) shows another key than the one known for it; host h1 is behind it`,
          where: `${file}:1`,
          next: `If the bastion was set up anew, remove its old key and run again: ssh-keygen -R '[127.0.0.1]:${bastion.port}' -f ${file}`,
        },
      };
      expect(await driver.observe(login(gate(users.guest)), 'host:h1', 'true')).toMatchObject(expected);
      expect(connections(host)).toBe(before);
      expect(bastion.log()).not.toContain(`password for ${users.guest.name}`);
      execFileSync('ssh-keygen', ['-R', `[127.0.0.1]:${bastion.port}`, '-f', file], { stdio: 'pipe' });
      expect(await open().observe(login(), 'host:h1', 'true')).toMatchObject({ kind: 'known' });
    });

    it('strict host keys hold for the bastion and behind it, and say how to get them', async () => {
      const file = `${host.directory}/known_hosts`;
      expect(await open({ hostKeys: 'strict' }).observe(login(), 'host:h1', 'true')).toMatchObject({
        error: {
          code: 'HOST_KEY_CHANGED',
          next: expect.stringContaining(`: ssh-keyscan -p ${bastion.port} 127.0.0.1`),
        },
      });
      await open().observe(gate(), 'host:h1', 'true');
      expect(await open({ hostKeys: 'strict' }).observe(login(), 'host:h1', 'true')).toMatchObject({
        error: {
          code: 'HOST_KEY_CHANGED',
          next: expect.stringContaining(
            `: ssh -p ${bastion.port} root@127.0.0.1 ssh-keyscan -p ${host.port} 127.0.0.1 >> ${file}`,
          ),
        },
      });
    });

    it('all say that the bastion is down, with one attempt between them', async () => {
      // Takes connections and ends them, and counts.
      let attempts = 0;
      const closing = createServer((socket) => {
        attempts++;
        socket.destroy();
      });
      await new Promise<void>((resolve) => closing.listen(0, '127.0.0.1', resolve));
      const address = closing.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      try {
        const driver = open();
        const names = Array.from({ length: 20 }, (_, index) => `h${index}`);
        const look = (name: string) => driver.observe(login(gate('root', { port }), { name }), `host:${name}`, 'true');
        const seen = await Promise.all(names.map(look));
        // Those that come a little later are told the same.
        seen.push(await look('late'));
        expect(attempts).toBe(1);
        for (const [index, name] of [...names, 'late'].entries()) {
          expect(seen[index]).toMatchObject({
            kind: 'unknown',
            error: { code: 'HOST_UNREACHABLE', message: expect.stringContaining(`; host ${name} is behind it`) },
          });
        }
      } finally {
        closing.close();
      }
    });

    it('say that the bastion refuses connections, and are reached when it is up again', async () => {
      const driver = open();
      await bastion.shutdown();
      expect(await driver.observe(login(), 'host:h1', 'true')).toMatchObject({
        kind: 'unknown',
        error: {
          code: 'HOST_UNREACHABLE',
          message: `bastion gate (127.0.0.1:${bastion.port}, user root) refuses connections; host h1 is behind it`,
          where: 'bastion gate',
          next: 'Start sshd there, or correct its address or port.',
          retryable: true,
        },
      });
      await bastion.boot();
      await new Promise((resolve) => setTimeout(resolve, 600));
      expect(await driver.observe(login(), 'host:h1', 'true')).toMatchObject({ kind: 'known' });
    });

    it('say that the bastion does not accept the password, which is tried once in a run', async () => {
      const driver = open();
      const via = gate(users.guest, { password: 'wrong' });
      const names = ['h1', 'h2', 'h3'];
      for (const name of names) {
        const { context } = contextFor(`host:${name}`);
        await expect(driver.run(login(via, { name }), workFor(`host:${name}`, 'true'), context)).rejects.toMatchObject({
          code: 'SSH_AUTH',
          message: `bastion gate (127.0.0.1:${bastion.port}, user ${users.guest.name}) does not let us in; host ${name} is behind it`,
          where: 'bastion gate',
          next: "Correct the user or the password in the bastion's entry.",
          retryable: false,
        });
        await new Promise((resolve) => setTimeout(resolve, 300));
      }
      expect(bastion.log().split('Failed password').length - 1).toBe(1);
    });

    it.each([['AllowTcpForwarding no'], ['DisableForwarding yes'], ['PermitOpen 127.0.0.1:1']])(
      'say that the bastion does not forward, and what to allow: %s',
      async (setting) => {
        await bastion.remove();
        bastion = await TestHost.start([setting]);
        expect(await open().observe(login(), 'host:h1', 'true')).toMatchObject({
          kind: 'unknown',
          error: {
            code: 'HOST_UNREACHABLE',
            message: `bastion gate (127.0.0.1:${bastion.port}, user root) does not forward connections to host h1 (127.0.0.1:${host.port})`,
            where: 'bastion gate',
            next: expect.stringContaining(`AllowTcpForwarding local, PermitOpen 127.0.0.1:${host.port}`),
            retryable: false,
          },
        });
      },
    );

    it('say for themselves when the bastion finds nobody listening', async () => {
      const port = await freePort();
      expect(await open().observe(login(gate(), { port }), 'host:h1', 'true')).toMatchObject({
        error: {
          code: 'HOST_UNREACHABLE',
          message: `host h1 (127.0.0.1:${port}, user ${users.admin.name}, behind bastion gate) refuses connections`,
          where: 'host h1',
          retryable: true,
        },
      });
    });

    it('say for themselves when the bastion can not resolve their name', async () => {
      expect(await open().observe(login(gate(), { address: 'no-such-host.invalid' }), 'host:h1', 'true')).toMatchObject(
        {
          error: {
            code: 'HOST_UNREACHABLE',
            message: expect.stringMatching(/^host h1 .*, behind bastion gate\) can't be resolved$/),
            next: expect.stringContaining('the name server of bastion gate'),
          },
        },
      );
    });

    it('say for themselves when they do not answer, and the bastion stays usable', async () => {
      const silent = createServer(() => {});
      await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
      const address = silent.address();
      const port = typeof address === 'object' && address !== null ? address.port : 0;
      try {
        const driver = open({ connectTimeoutSeconds: 1 });
        expect(await driver.observe(login(gate(), { port, name: 'h9' }), 'host:h9', 'true')).toMatchObject({
          error: { message: expect.stringMatching(/^host h9 .* did not answer within 1 s$/) },
        });
        expect(await driver.observe(login(), 'host:h1', 'true')).toMatchObject({ kind: 'known' });
        expect(bastion.logins()).toBe(1);
      } finally {
        silent.close();
      }
    });

    it('say that their own password is wrong', async () => {
      expect(await open().observe(login(gate(), { password: 'wrong' }), 'host:h1', 'true')).toMatchObject({
        error: {
          code: 'SSH_AUTH',
          message: expect.stringMatching(/^host h1 .*, behind bastion gate\) does not let us in$/),
          next: "Correct the user or the password in the host's entry.",
        },
      });
    });

    it('go on where they were when the connection to the bastion is cut, and run the script once', async () => {
      const driver = open();
      const { context, lines } = contextFor('worker:h1');
      const steps = 'for i in 1 2 3 4 5 6 7 8 9; do echo "step $i"; sleep 0.3; done';
      const ran = driver.run(login(), workFor('worker:h1', steps), context);
      await until(() => lines.length >= 2);
      bastion.dropConnections();
      await until(() => lines.length >= 6);
      bastion.dropConnections();
      await ran;
      expect(lines).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9].map((step) => `step ${step}`));
      expect([bastion.logins(), host.logins()]).toEqual([3, 3]);
      expect(await driver.observe(login(), 'worker:h1', 'true')).toMatchObject({ stamp: stampFor('worker:h1') });
    });

    it('share the next connection to it as well, when the first was cut', async () => {
      const second = await another();
      const driver = open();
      const look = () =>
        Promise.all([
          driver.observe(login(), 'host:h1', 'true'),
          driver.observe(second.login('root', { name: 'h2', via: gate() }), 'host:h2', 'true'),
        ]);
      expect(await look()).toMatchObject([{ kind: 'known' }, { kind: 'known' }]);
      bastion.dropConnections();
      await new Promise((resolve) => setTimeout(resolve, 300));
      expect(await look()).toMatchObject([{ kind: 'known' }, { kind: 'known' }]);
      expect([bastion.logins(), host.logins(), second.logins()]).toEqual([2, 2, 2]);
    });

    it('go on where they were when their own connection is cut behind the bastion, which stays', async () => {
      const { context, lines } = contextFor('worker:h1');
      const steps = 'for i in 1 2 3 4 5; do echo "step $i"; sleep 0.3; done';
      const ran = open().run(login(), workFor('worker:h1', steps), context);
      await until(() => lines.length >= 2);
      host.dropConnections();
      await ran;
      expect(lines).toEqual([1, 2, 3, 4, 5].map((step) => `step ${step}`));
      expect([bastion.logins(), host.logins()]).toEqual([1, 2]);
    });

    it('learn the end of a script that ended while the bastion was down', async () => {
      const { context, lines } = contextFor('worker:h1');
      const ran = open().run(login(), workFor('worker:h1', 'echo begun; sleep 0.5; echo ended; exit 4'), context);
      const failed = expect(ran).rejects.toMatchObject({ message: 'worker:h1: the script exited 4 on host h1' });
      await until(() => lines.includes('begun'));
      await bastion.shutdown();
      await until(() => existsSync(host.state('result/worker%3Ah1')));
      await bastion.boot();
      await failed;
      expect(lines).toEqual(['begun', 'ended']);
    });

    it('an upload larger than a window goes through', async () => {
      const { context, lines } = contextFor('host:h1');
      const content = new Uint8Array(8_000_000).map((_, index) => (index * 7 + (index >> 8)) % 256);
      const work = workFor('host:h1', 'wc -c <big', { files: [{ path: 'big', mode: 0o644, content }] });
      await open().run(login(), work, context);
      expect(lines).toEqual(['8000000']);
    });

    it.each(['host', 'bastion'])('can be let go of when the %s answers no more', async (which) => {
      const driver = open();
      await driver.observe(login(), 'host:h1', 'true');
      (which === 'host' ? host : bastion).freezeConnections();
      const closed = driver.close();
      // Not rejected and in time: no more than a second for each of the two connections, and some for a slow machine.
      await Promise.race([closed, new Promise((_, reject) => setTimeout(() => reject(new Error('it hangs')), 8000))]);
    });
  },
);

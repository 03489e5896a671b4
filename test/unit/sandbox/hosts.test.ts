import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { createConnection } from 'node:net';
import ssh2 from 'ssh2';
import { describe, expect, it } from 'vitest';
import { createHost, newKey } from '../../../src/sandbox/bare-host.js';
import { contextFor, workFor } from '../ssh/driver-fixture.js';
import { SANDBOX, sandboxBed } from './hosts-fixture.js';

const bed = sandboxBed();

describe('simulated hosts over the real SSH driver', () => {
  it('run work as root of a bare Debian, with its payload, and leave its stamp', async () => {
    const { login, driver, file } = bed();
    const { context, lines } = contextFor('host:m1');
    const script = 'cat greeting; . "$ROOT/etc/os-release"; echo "$ID on $(hostname) as $(id -un), home $HOME"';
    const files = [{ path: 'greeting', mode: 0o600, content: 'hello\n' }];
    await driver().run(login('m1'), workFor('host:m1', script, { files }), context);
    expect(lines).toEqual(['hello', `debian on m1 as root, home ${file('m1', 'root')}`]);
    expect(existsSync(file('m1', 'var/lib/pai/stamps/host%3Am1'))).toBe(true);
    expect(existsSync(file('m2', 'var/lib/pai'))).toBe(false);
  });

  it('tell a script that fails', async () => {
    const { login, driver } = bed();
    const { context } = contextFor('host:m2');
    await expect(driver().run(login('m2'), workFor('host:m2', 'echo no; exit 3'), context)).rejects.toMatchObject({
      code: 'HOST_SCRIPT',
      message: 'host:m2: the script exited 3 on host m2',
      details: ['no'],
    });
  });

  it('are looked at, and keep what they know for the next pai', async () => {
    const { login, driver, reopen } = bed();
    const work = workFor('worker:w1', 'touch "$ROOT/here"', { probe: 'test -e "$ROOT/here"' });
    await driver().run(login('w1'), work, contextFor('worker:w1').context);
    const hosts = reopen();
    const other = driver({ route: (host) => hosts.route(host.address, host.port) });
    const [there, gone] = await Promise.all([
      other.observe(login('w1'), 'worker:w1', 'test -e "$ROOT/here"'),
      other.observe(login('w1'), 'host:w1', 'true'),
    ]);
    expect(there).toMatchObject({ kind: 'known', present: true, stamp: { fingerprint: 'f1' } });
    expect(there).not.toHaveProperty('problem');
    expect(gone).toEqual({ kind: 'known', present: false });
  });

  it('give files that are asked for', async () => {
    const { login, driver } = bed();
    const files = await driver().read(login('w1'), ['/etc/hostname', '/etc/nothing']);
    expect([...files].map(([name, content]) => [name, Buffer.from(content).toString()])).toEqual([
      ['/etc/hostname', 'w1\n'],
    ]);
  });

  it('take and give what is larger than any buffer on the way', async () => {
    const { login, driver, file } = bed();
    const content = Buffer.alloc(5_000_000, 'some of it\n');
    const work = workFor('host:m2', 'cp large "$ROOT/large"', { files: [{ path: 'large', mode: 0o600, content }] });
    await driver().run(login('m2'), work, contextFor('host:m2').context);
    expect(readFileSync(file('m2', 'large')).equals(content)).toBe(true);
    const read = (await driver().read(login('m2'), ['/large'])).get('/large');
    expect(Buffer.from(read ?? []).equals(content)).toBe(true);
  });

  it('serve several commands over one connection at the same time', async () => {
    const { login, driver, hosts } = bed();
    let connections = 0;
    const own = driver({
      route: (host) => {
        connections += 1;
        return hosts.route(host.address, host.port);
      },
    });
    const { context, lines } = contextFor('host:m2');
    const script = 'echo begun; until [ -e "$ROOT/seen" ]; do sleep 0.05; done';
    const first = own.run(login('m2'), workFor('host:m2', script), context);
    while (lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    const looked = await own.observe(login('m2'), 'host:m2', 'true');
    await hosts.exec('m2', ': > seen');
    await first;
    expect(looked.kind).toBe('known');
    expect(connections).toBe(1);
  });

  it('do not let a wrong password in', async () => {
    const { login, driver } = bed();
    const observation = await driver().observe(login('w1', { password: 'wrong' }), 'host:w1', 'true');
    expect(observation).toMatchObject({ kind: 'unknown', error: { code: 'SSH_AUTH' } });
  });

  it('let in by a key of authorized_keys, and only then', async () => {
    const { login, driver, hosts, layout } = bed();
    const key = await newKey();
    const parsed = ssh2.utils.parseKey(key);
    if (parsed instanceof Error) throw parsed;
    const keyPath = `${layout.directory}/user-key`;
    writeFileSync(keyPath, key, { mode: 0o600 });
    const { password: _, ...withoutPassword } = login('w1', { keyPath });
    const ask = () => driver().observe(withoutPassword, 'host:w1', 'true');
    expect(await ask()).toMatchObject({ error: { code: 'SSH_AUTH' } });
    writeFileSync(
      `${layout.host('w1').root}/home/pai/.ssh/authorized_keys`,
      `ssh-ed25519 ${parsed.getPublicSSH().toString('base64')} me\n`,
    );
    // Let in; sudo then wants the password that is not there.
    expect(await ask()).toMatchObject({ error: { code: 'SUDO_DENIED' } });
    expect((await hosts.exec('w1', 'rm home/pai/.ssh/authorized_keys')).code).toBe(0);
  });

  it('have a sudo that refuses a wrong password as the real one does', async () => {
    const { hosts, layout, login, driver } = bed();
    const answer = await hosts.exec('w1', 'printf "a\\nb\\nc\\n" | USER=pai sudo -S -p "? " -- echo root');
    expect(answer).toEqual({
      code: 1,
      stdout: '',
      stderr: '? Sorry, try again.\n? Sorry, try again.\n? sudo: 3 incorrect password attempts\n',
    });
    // The SSH server takes the password of the description, sudo the one on the host.
    await hosts.exec('w1', 'echo changed > ../password');
    const denied = await driver().observe(login('w1'), 'host:w1', 'true');
    await createHost(layout, SANDBOX, { name: 'w1', address: '10.99.0.21', role: 'worker' });
    expect(denied).toMatchObject({
      kind: 'unknown',
      error: { code: 'SUDO_DENIED', message: expect.stringContaining('sudo does not accept the password') },
    });
    expect(await driver().observe(login('w1'), 'host:w1', 'true')).toMatchObject({ kind: 'known' });
  });

  it('have keys that are well-formed, all of them', async () => {
    // One in 256 was not.
    for (let count = 0; count < 1500; count++) {
      expect(ssh2.utils.parseKey(await newKey())).not.toBeInstanceOf(Error);
    }
  });

  it('keep their host key, and a changed one is noticed', async () => {
    const { login, driver, reopen, layout } = bed();
    const knownHosts = `${layout.directory}/known_hosts_of_keys`;
    const ask = async () => {
      const hosts = reopen();
      return driver({ knownHosts, route: (host) => hosts.route(host.address, host.port) }).observe(
        login('m3'),
        'host:m3',
        'true',
      );
    };
    expect(await ask()).toMatchObject({ kind: 'known' });
    expect(await ask()).toMatchObject({ kind: 'known' });
    const { hostKey } = layout.host('m3');
    renameSync(hostKey, `${hostKey}.old`);
    expect(await ask()).toMatchObject({ kind: 'unknown', error: { code: 'HOST_KEY_CHANGED' } });
    renameSync(`${hostKey}.old`, hostKey);
  });

  it('are not found at other addresses and ports', async () => {
    const { login, driver } = bed();
    expect(await driver().observe(login('w1', { port: 2222 }), 'host:w1', 'true')).toMatchObject({
      error: { code: 'HOST_UNREACHABLE', message: expect.stringContaining('refuses connections') },
    });
    const elsewhere = driver({ rootPrefix: '' });
    expect(await elsewhere.observe(login('w1', { address: '10.99.0.99' }), 'host:w1', 'true')).toMatchObject({
      error: { code: 'HOST_UNREACHABLE', message: expect.stringContaining('has no route') },
    });
  });

  it('answer nobody but the process that opened them', async () => {
    const { hosts, login } = bed();
    const own = hosts.route(login('m1').address, 22);
    await new Promise((resolve) => own.once('data', resolve));
    if (!('remotePort' in own) || typeof own.remotePort !== 'number') throw new Error('no port');
    const stranger = createConnection(own.remotePort, '127.0.0.1');
    let said = '';
    stranger.on('data', (chunk) => {
      said += chunk.toString();
    });
    await new Promise((resolve) => stranger.once('close', resolve));
    expect(said).toBe('');
    own.destroy();
  });

  it('run commands for whoever looks, and tell how they ended', async () => {
    const { hosts } = bed();
    expect(await hosts.exec('m1', 'cat etc/hostname; echo to stderr >&2; exit 4')).toEqual({
      code: 4,
      stdout: 'm1\n',
      stderr: 'to stderr\n',
    });
    await expect(hosts.exec('m4', 'true')).rejects.toMatchObject({
      code: 'UNKNOWN_NAME',
      message: expect.stringContaining('did you mean'),
    });
  });

  it('find no command of this machine that reaches beyond them', async () => {
    const { hosts } = bed();
    const words = 'docker reboot ip systemd-run nsenter chroot ssh apt dpkg npm node';
    const { stdout } = await hosts.exec('m3', `for word in ${words}; do command -v $word; done; id -un`);
    expect(stdout.split('\n')).toEqual([`${bed().layout.commands}/simulated/reboot`, 'root', '']);
  });

  it('keep what runs detached when all connections are closed', async () => {
    const { reopen, login, driver, file } = bed();
    const hosts = reopen();
    const own = driver({ route: (host) => hosts.route(host.address, host.port) });
    const { context, lines } = contextFor('host:m3');
    const work = workFor('host:m3', 'echo begun; until [ -e "$ROOT/gate" ]; do sleep 0.05; done; echo over');
    const ran = own.run(login('m3'), work, context).catch((error: unknown) => error);
    while (lines.length === 0) await new Promise((resolve) => setTimeout(resolve, 10));
    await hosts.close();
    const again = driver().run(login('m3'), work, contextFor('host:m3').context);
    writeFileSync(file('m3', 'gate'), '');
    await again;
    await ran;
    expect(readFileSync(file('m3', 'var/lib/pai/log/host%3Am3.log'), 'utf8')).toMatch(/^begun\nover\npai-probe/);
  });
});

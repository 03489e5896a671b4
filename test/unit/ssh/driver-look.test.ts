import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { contextFor, onTestHost, stampFor, workFor } from './driver-fixture.js';
import { until } from './test-host.js';

const target = 'worker:h1';

onTestHost('looking at a real host', (bed) => {
  it('looks at several targets with one command, and probes only what was applied', async () => {
    const { driver, host, login } = bed();
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
    const { driver, host, login } = bed();
    const first = driver.observe(login, target, 'true');
    await new Promise((resolve) => setTimeout(resolve, 5));
    await Promise.all([first, driver.observe(login, 'etcd:h1', 'true')]);
    expect(host.commands()).toBe(1);
  });

  it('looks again over a new connection when the first one breaks meanwhile', async () => {
    const { driver, host, login } = bed();
    await driver.run(login, workFor(target, 'true'), contextFor(target).context);
    const begun = `${host.directory}/begun`;
    const looking = driver.observe(login, target, `[ -e ${begun} ] || { touch ${begun}; sleep 5; }`);
    await until(() => existsSync(begun));
    host.dropConnections();
    expect(await looking).toEqual({ kind: 'known', present: true, stamp: stampFor(target) });
    expect(host.logins()).toBe(2);
  });

  it('looks again when asked again', async () => {
    const { driver, login } = bed();
    expect(await driver.observe(login, target, 'true')).toMatchObject({ present: false });
    await driver.run(login, workFor(target, 'true'), contextFor(target).context);
    expect(await driver.observe(login, target, 'true')).toMatchObject({ present: true });
  });

  it('looks fail for all targets of a host that can not be reached, and never throw', async () => {
    const { driver, host, login } = bed();
    await host.shutdown();
    const seen = await Promise.all([driver.observe(login, target, 'true'), driver.observe(login, 'etcd:h1', 'true')]);
    expect(seen).toMatchObject([
      { kind: 'unknown', error: { code: 'HOST_UNREACHABLE' } },
      { kind: 'unknown', error: { code: 'HOST_UNREACHABLE' } },
    ]);
  });

  it('reads several files, binary ones too, and leaves out what does not exist', async () => {
    const { driver, host, login } = bed();
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
});

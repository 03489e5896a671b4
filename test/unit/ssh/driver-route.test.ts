import { existsSync, mkdirSync } from 'node:fs';
import { createConnection } from 'node:net';
import { expect, it } from 'vitest';
import type { HostLogin } from '../../../src/model/drivers.js';
import { contextFor, onTestHost, workFor } from './driver-fixture.js';

onTestHost('hosts that are reached in another way', (bed) => {
  it('are connected to over what the route gives, and their address is not', async () => {
    const { open, host, login } = bed();
    const asked: HostLogin[] = [];
    const elsewhere = { ...login, address: 'nowhere.invalid', port: 1 };
    const driver = open({
      route: (wanted) => {
        asked.push(wanted);
        return createConnection({ host: '127.0.0.1', port: host.port });
      },
    });
    const { context, lines } = contextFor('host:h1');
    await driver.run(elsewhere, workFor('host:h1', 'echo here'), context);
    expect(lines).toEqual(['here']);
    expect(asked).toEqual([elsewhere]);
  });

  it('have each a root of their own', async () => {
    const { open, host, login } = bed();
    const rootOf = (name: string) => `${host.directory}/root of ${name}`;
    for (const name of ['a', 'b']) mkdirSync(`${rootOf(name)}/etc`, { recursive: true });
    const driver = open({ rootPrefix: ({ name }) => rootOf(name) });
    const a = { ...login, name: 'a' };
    const b = { ...login, name: 'b' };
    const work = workFor('host:a', 'echo a > "$ROOT/etc/file"', { probe: 'test -e "$ROOT/etc/file"' });
    await driver.run(a, work, contextFor('host:a').context);
    expect(existsSync(`${rootOf('a')}/var/lib/pai/stamps/host%3Aa`)).toBe(true);
    const looked = await driver.observe(a, 'host:a', 'test -e "$ROOT/etc/file"');
    expect(looked).toMatchObject({ present: true });
    expect(looked).not.toHaveProperty('problem');
    expect(await driver.observe(b, 'host:a', 'true')).toMatchObject({ present: false });
    expect([...(await driver.read(a, ['/etc/file'])).keys()]).toEqual(['/etc/file']);
    expect([...(await driver.read(b, ['/etc/file'])).keys()]).toEqual([]);
  });
});

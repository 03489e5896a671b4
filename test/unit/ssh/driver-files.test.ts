import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { onTestHost } from './driver-fixture.js';

const content = Buffer.alloc(3_000_001).map((_, index) => (index * 7) % 256);
const digest = createHash('sha256').update(content).digest('hex');

onTestHost('copying files of a real host', (bed) => {
  it('fetches a file as it is, for its owner only, with its checksum', async () => {
    const { driver, host, login } = bed();
    const to = path.join(host.directory, 'fetched.db');
    mkdirSync(`${host.root}/var/lib/etcd`, { recursive: true });
    writeFileSync(`${host.root}/var/lib/etcd/it's one.db`, content);
    expect(await driver.fetch(login, "/var/lib/etcd/it's one.db", to)).toBe(digest);
    expect(readFileSync(to).equals(content)).toBe(true);
    expect(statSync(to).mode & 0o777).toBe(0o600);
  });

  it('leaves nothing behind of a file that can not be fetched, and what was there as it was', async () => {
    const { driver, host, login } = bed();
    const to = path.join(host.directory, 'fetched.db');
    writeFileSync(to, 'earlier');
    await expect(driver.fetch(login, '/var/lib/etcd/missing.db', to)).rejects.toMatchObject({
      code: 'HOST_SCRIPT',
      details: [expect.stringContaining('missing.db')],
    });
    expect(readFileSync(to, 'utf8')).toBe('earlier');
    expect(readdirSync(host.directory)).not.toContain('fetched.db.part');
  });

  it('sends a file as it is, for root only, into a folder that was not there', async () => {
    const { driver, host, login } = bed();
    const from = path.join(host.directory, 'sent.db');
    writeFileSync(from, content);
    await driver.send(login, from, '/var/lib/etcd/snapshots/a b.db');
    const there = `${host.root}/var/lib/etcd/snapshots/a b.db`;
    expect(readFileSync(there).equals(content)).toBe(true);
    expect(statSync(there).mode & 0o777).toBe(0o600);
    expect(readdirSync(path.dirname(there))).toEqual(['a b.db']);
  });

  it('says what the host says when a file can not be written there', async () => {
    const { driver, host, login } = bed();
    const from = path.join(host.directory, 'sent.db');
    writeFileSync(from, 'x');
    writeFileSync(`${host.root}/file`, '');
    await expect(driver.send(login, from, '/file/a.db')).rejects.toMatchObject({ code: 'HOST_SCRIPT' });
  });
});

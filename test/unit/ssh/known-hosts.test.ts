import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KnownHosts } from '../../../src/ssh/known-hosts.js';

let directory: string;
let path: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pai-known-hosts-'));
  path = join(directory, 'cluster', 'known_hosts');
});

afterEach(() => rmSync(directory, { recursive: true, force: true }));

function wire(type: string, body: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(type.length);
  return Buffer.concat([length, Buffer.from(type), Buffer.from(body)]);
}

const host = { name: 'h1', address: '10.0.0.1', port: 22 };
const other = { name: 'h2', address: '10.0.0.2', port: 2222 };
const key = wire('ssh-ed25519', 'first');
const changed = wire('ssh-ed25519', 'second');

function write(content: string): KnownHosts {
  path = join(directory, 'known_hosts');
  writeFileSync(path, content);
  return new KnownHosts(path);
}

describe('KnownHosts', () => {
  it('knows nobody when there is no file', async () => {
    expect(await new KnownHosts(path).check(host, key)).toBe('new');
  });

  it('keeps a new key in a file of its owner only, in the format of OpenSSH', async () => {
    await new KnownHosts(path).add(host, key);
    await new KnownHosts(path).add(other, key);
    expect(readFileSync(path, 'utf8')).toBe(
      `10.0.0.1 ssh-ed25519 ${key.toString('base64')}\n[10.0.0.2]:2222 ssh-ed25519 ${key.toString('base64')}\n`,
    );
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(await new KnownHosts(path).check(other, key)).toBe('known');
  });

  it('tells a changed key with file, line and the command that removes the old one', async () => {
    const known = write(`# ours\n[10.0.0.2]:2222 ssh-ed25519 ${key.toString('base64')}\n`);
    await expect(known.check(other, changed)).rejects.toMatchObject({
      code: 'HOST_KEY_CHANGED',
      message: 'host h2 (10.0.0.2:2222) shows another key than the one known for it',
      where: `${path}:2`,
      next: expect.stringContaining(`ssh-keygen -R '[10.0.0.2]:2222' -f ${path}`),
      retryable: false,
    });
  });

  it('takes a key of another type for a changed one too', async () => {
    const known = write(`10.0.0.1 ssh-ed25519 ${key.toString('base64')}\n`);
    await expect(known.check(host, wire('ssh-rsa', 'x'))).rejects.toMatchObject({ code: 'HOST_KEY_CHANGED' });
  });

  it('knows a host by the hashed names of ssh-keyscan -H and ssh-keygen -H', async () => {
    write(`[10.0.0.2]:2222 ssh-ed25519 ${key.toString('base64')}\n`);
    execFileSync('ssh-keygen', ['-H', '-f', path], { stdio: 'pipe' });
    expect(readFileSync(path, 'utf8')).toMatch(/^\|1\|/);
    expect(await new KnownHosts(path).check(other, key)).toBe('known');
    expect(await new KnownHosts(path).check(host, key)).toBe('new');
  });

  it('knows lists, wildcards and exceptions', async () => {
    const known = write(`a,10.0.0.*,!10.0.0.9 ssh-ed25519 ${key.toString('base64')} comment\n`);
    expect(await known.check(host, key)).toBe('known');
    expect(await known.check({ ...host, address: '10.0.0.9' }, key)).toBe('new');
    expect(await known.check({ ...host, address: '10x0.0.1' }, key)).toBe('new');
  });

  it('refuses a revoked key', async () => {
    const known = write(`@revoked * ssh-ed25519 ${key.toString('base64')}\n`);
    await expect(known.check(host, key)).rejects.toMatchObject({ code: 'HOST_KEY_CHANGED', where: `${path}:1` });
    expect(await known.check(host, changed)).toBe('new');
  });

  it('adds many at once, each on a line of its own, also after a line without an end', async () => {
    const known = write('# no end');
    const hosts = Array.from({ length: 50 }, (_, index) => ({
      name: `h${index}`,
      address: `10.1.0.${index}`,
      port: 22,
    }));
    await Promise.all(hosts.map((each) => known.add(each, key)));
    await Promise.all(hosts.map((each) => known.add(each, key)));
    const lines = readFileSync(path, 'utf8').split('\n');
    expect(lines).toHaveLength(52);
    expect(new Set(lines).size).toBe(52);
  });

  it('sees what another process added meanwhile', async () => {
    const known = write('');
    expect(await known.check(host, key)).toBe('new');
    await new KnownHosts(path).add(host, changed);
    await expect(known.add(host, key)).rejects.toMatchObject({ code: 'HOST_KEY_CHANGED' });
  });

  it('sees what others add between its own additions, and tells the lines right', async () => {
    const [one, two] = [new KnownHosts(path), new KnownHosts(path)];
    const hosts = Array.from({ length: 12 }, (_, index) => ({ ...host, address: `10.0.1.${index}` }));
    for (const [index, each] of hosts.entries()) await (index % 3 === 0 ? two : one).add(each, key);
    for (const [index, each] of hosts.entries()) {
      for (const known of [one, new KnownHosts(path)]) {
        expect(await known.check(each, key)).toBe('known');
        await expect(known.check(each, changed)).rejects.toMatchObject({ where: `${path}:${index + 1}` });
      }
    }
  });

  it('tells which types it knows, so that these are asked for', async () => {
    const known = write(`10.0.0.1 ssh-rsa ${wire('ssh-rsa', 'x').toString('base64')}\n`);
    expect(await known.types(host)).toEqual(['ssh-rsa']);
    expect(await known.types(other)).toEqual([]);
  });

  it('says when the file can not be used', async () => {
    await expect(new KnownHosts(directory).check(host, key)).rejects.toMatchObject({
      code: 'LOCAL_FILE',
      where: directory,
    });
  });
});

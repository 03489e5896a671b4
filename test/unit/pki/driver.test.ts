import { access, mkdir, readdir, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { PaiError } from '../../../src/model/errors.js';
import { parseStamp } from '../../../src/model/parse-stamp.js';
import type { Stamp } from '../../../src/model/stamp.js';
import { MATERIAL_FILES } from '../../../src/pki/material.js';
import { contents, driverIn, fakeMasters, temporaryDirectory } from './helpers.js';

const stamp: Stamp = { format: 1, target: 'pki', fingerprint: 'f', output: 'o', parts: {}, run: 'r1' };

describe('making a set', () => {
  test('nothing is there, and nothing is written, before it is made', async () => {
    const configuration = await temporaryDirectory();
    const pki = driverIn(configuration);
    expect(await pki.material()).toBeUndefined();
    expect(await pki.fingerprintKey()).toBeUndefined();
    await pki.keepLocal();
    await expect(pki.digest()).rejects.toMatchObject({ code: 'PKI', next: 'Run pai run pki' });
    expect(await readdir(configuration)).toEqual([]);
  });

  test('a made set is complete, and another process reads the same', async () => {
    const configuration = await temporaryDirectory();
    const made = await driverIn(configuration).create();
    expect([...made.keys()].sort()).toEqual([...MATERIAL_FILES].sort());
    const other = driverIn(configuration);
    expect(await other.material()).toEqual(made);
    expect(await other.fingerprintKey()).toHaveLength(32);
    expect(await other.digest()).toMatch(/^[0-9a-f]{64}$/);
  });

  test('the folder is 0700, its files 0600, and git ignores it', async () => {
    const configuration = await temporaryDirectory();
    await driverIn(configuration).create();
    const directory = path.join(configuration, 'pki');
    expect((await stat(directory)).mode & 0o777).toBe(0o700);
    for (const file of await readdir(directory)) {
      expect((await stat(path.join(directory, file))).mode & 0o777, file).toBe(0o600);
    }
    expect(await readFile(path.join(directory, '.gitignore'), 'utf8')).toBe('*\n');
    expect(await readdir(configuration)).toEqual(['pki']);
  });

  test('making it twice, and from two targets at once, gives one set', async () => {
    const pki = driverIn(await temporaryDirectory());
    const [first, second] = await Promise.all([pki.create(), pki.create()]);
    expect(second).toEqual(first);
    expect(await pki.create()).toEqual(first);
  });

  test('two processes at once end up with one set', async () => {
    const configuration = await temporaryDirectory();
    const [first, second] = await Promise.all([driverIn(configuration).create(), driverIn(configuration).create()]);
    expect(second).toEqual(first);
    expect(await readdir(configuration)).toEqual(['pki']);
  });

  test('two clusters share no key', async () => {
    const first = await driverIn(await temporaryDirectory()).create();
    const second = await driverIn(await temporaryDirectory()).create();
    for (const file of MATERIAL_FILES.filter((f) => f !== 'cluster-id')) {
      expect(second.get(file), file).not.toBe(first.get(file));
    }
  });

  test('what a crash left beside the folder never counts', async () => {
    const configuration = await temporaryDirectory();
    await driverIn(configuration).create();
    await rename(path.join(configuration, 'pki'), path.join(configuration, '.pki-Ab12Cd'));
    const pki = driverIn(configuration);
    expect(await pki.material()).toBeUndefined();
    const before = await contents(path.join(configuration, '.pki-Ab12Cd'));
    expect((await pki.create()).get('ca.key')).not.toBe(before.get('ca.key'));
  });

  test('an empty folder, or a link to one, is filled', async () => {
    const configuration = await temporaryDirectory();
    await mkdir(path.join(configuration, 'vault'));
    await symlink('vault', path.join(configuration, 'pki'));
    const made = await driverIn(configuration).create();
    expect((await contents(path.join(configuration, 'vault'))).get('ca.crt')).toBe(made.get('ca.crt'));
  });

  test('a folder with files of the user is told, and left alone', async () => {
    const configuration = await temporaryDirectory();
    await mkdir(path.join(configuration, 'pki'));
    await writeFile(path.join(configuration, 'pki', 'notes.txt'), 'mine');
    await expect(driverIn(configuration).create()).rejects.toMatchObject({ code: 'PKI', details: ['notes.txt'] });
    expect(await contents(path.join(configuration, 'pki'))).toEqual(new Map([['notes.txt', 'mine']]));
    expect(await readdir(configuration)).toEqual(['pki']);
  });

  test('a file in place of the folder is told', async () => {
    const configuration = await temporaryDirectory();
    await writeFile(path.join(configuration, 'pki'), '');
    const directory = path.join(configuration, 'pki');
    await expect(driverIn(configuration).material()).rejects.toMatchObject({
      code: 'PKI',
      where: directory,
      message: expect.stringContaining('ENOTDIR'),
      next: expect.stringContaining(directory),
    });
  });
});

describe('a set that is not whole', () => {
  test('missing files without a master are told by name, and nothing is made', async () => {
    const configuration = await temporaryDirectory();
    await driverIn(configuration).create();
    await rm(path.join(configuration, 'pki', 'etcd-ca.key'));
    await rm(path.join(configuration, 'pki', 'cluster-id'));
    const pki = driverIn(configuration);
    const error = { code: 'PKI', details: ['missing: etcd-ca.key', 'missing: cluster-id'] };
    await expect(pki.material()).rejects.toMatchObject(error);
    await expect(pki.create()).rejects.toMatchObject(error);
    await expect(access(path.join(configuration, 'pki', 'etcd-ca.key'))).rejects.toThrow('ENOENT');
  });

  test('missing files come from a master that has the same set', async () => {
    const configuration = await temporaryDirectory();
    const made = await driverIn(configuration).create();
    await rm(path.join(configuration, 'pki', 'etcd-ca.key'));
    const pki = driverIn(configuration, fakeMasters(made));
    expect(await pki.material()).toEqual(made);
    await expect(access(path.join(configuration, 'pki', 'etcd-ca.key'))).rejects.toThrow('ENOENT');
    await pki.keepLocal();
    expect(await driverIn(configuration).material()).toEqual(made);
  });

  test('missing files do not come from a master with another set', async () => {
    const configuration = await temporaryDirectory();
    await driverIn(configuration).create();
    await rm(path.join(configuration, 'pki', 'etcd-ca.key'));
    const other = await driverIn(await temporaryDirectory()).create();
    await expect(driverIn(configuration, fakeMasters(other)).material()).rejects.toMatchObject({
      code: 'PKI',
      details: expect.arrayContaining(['different: ca.crt', 'different: sa.key']),
    });
  });

  test('half a set on masters is never completed with new keys', async () => {
    const configuration = await temporaryDirectory();
    const made = new Map(await driverIn(await temporaryDirectory()).create());
    made.delete('sa.key');
    const pki = driverIn(configuration, fakeMasters(made));
    await expect(pki.create()).rejects.toMatchObject({ code: 'PKI', details: ['missing: sa.key'] });
    expect(await readdir(configuration)).toEqual([]);
  });

  test.each<[string, string, string]>([
    ['ca.crt', 'nonsense', 'ca.crt is not a PEM certificate'],
    ['etcd-ca.key', 'nonsense', 'etcd-ca.key is not a PEM private key'],
    ['sa.pub', 'nonsense', 'sa.pub is not a PEM public key'],
    ['secrets-encryption.key', 'c2hvcnQ=', 'secrets-encryption.key is not 32 bytes in base64'],
    ['fingerprint.key', 'xyz', 'fingerprint.key is not 32 bytes in hex'],
  ])('a damaged %s is told', async (file, content, problem) => {
    const configuration = await temporaryDirectory();
    await driverIn(configuration).create();
    await writeFile(path.join(configuration, 'pki', file), content);
    await expect(driverIn(configuration).material()).rejects.toMatchObject({ code: 'PKI', details: [problem] });
  });

  test('keys that were mixed up are told, all together', async () => {
    const configuration = await temporaryDirectory();
    const made = await driverIn(configuration).create();
    const pki = path.join(configuration, 'pki');
    await writeFile(path.join(pki, 'ca.key'), made.get('sa.key') ?? '');
    await writeFile(path.join(pki, 'sa.key'), made.get('ca.key') ?? '');
    await expect(driverIn(configuration).material()).rejects.toMatchObject({
      details: ['ca.key is not the key of ca.crt', 'sa.pub is not the public half of sa.key'],
    });
  });

  test('no error tells a key', async () => {
    const configuration = await temporaryDirectory();
    await driverIn(configuration).create();
    const file = path.join(configuration, 'pki', 'fingerprint.key');
    const key = (await readFile(file, 'utf8')).slice(1);
    await writeFile(file, key);
    const error = await driverIn(configuration)
      .material()
      .catch((thrown: unknown) => thrown);
    if (!(error instanceof PaiError)) throw error;
    expect([error.message, error.where, error.next, ...error.details, String(error.cause)].join('\n')).not.toContain(
      key,
    );
  });

  test('the material of another cluster is refused, from either place', async () => {
    const configuration = await temporaryDirectory();
    const made = await driverIn(configuration).create();
    const error = { code: 'PKI', message: expect.stringContaining('"demo", not to "other"') };
    await expect(driverIn(configuration, { clusterId: 'other' }).create()).rejects.toMatchObject(error);
    const empty = await temporaryDirectory();
    const pki = driverIn(empty, { clusterId: 'other', ...fakeMasters(made) });
    await expect(pki.create()).rejects.toMatchObject(error);
    expect(await readdir(empty)).toEqual([]);
  });

  test('line ends that an editor added do not matter', async () => {
    const configuration = await temporaryDirectory();
    const pki = driverIn(configuration);
    const made = await pki.create();
    for (const [file, content] of made) {
      await writeFile(path.join(configuration, 'pki', file), `${content.trim().replaceAll('\n', '\r\n')}\r\n`);
    }
    const edited = driverIn(configuration);
    expect(await edited.digest()).toBe(await pki.digest());
    expect((await edited.material())?.get('secrets-encryption.key')).toBe(made.get('secrets-encryption.key'));
  });
});

describe('masters', () => {
  test('what they have is read back once, and written locally only when asked', async () => {
    const made = await driverIn(await temporaryDirectory()).create();
    const configuration = await temporaryDirectory();
    const masters = fakeMasters(made);
    const pki = driverIn(configuration, masters);
    expect(await Promise.all([pki.material(), pki.material()])).toEqual([made, made]);
    expect(await pki.fingerprintKey()).toEqual(Buffer.from(made.get('fingerprint.key') ?? '', 'hex'));
    expect(await readdir(configuration)).toEqual([]);
    await pki.keepLocal();
    expect(masters.asked()).toBe(1);
    expect(await driverIn(configuration).material()).toEqual(made);
    expect((await stat(path.join(configuration, 'pki', 'ca.key'))).mode & 0o777).toBe(0o600);
  });

  test('creating where masters have a set keeps theirs', async () => {
    const made = await driverIn(await temporaryDirectory()).create();
    const configuration = await temporaryDirectory();
    expect(await driverIn(configuration, fakeMasters(made)).create()).toEqual(made);
    expect(await driverIn(configuration).material()).toEqual(made);
  });

  test('they are not asked while the local set is complete', async () => {
    const configuration = await temporaryDirectory();
    const made = await driverIn(configuration).create();
    const masters = fakeMasters(made);
    await driverIn(configuration, masters).material();
    expect(masters.asked()).toBe(0);
  });

  test('nothing is made while they do not answer; the next try asks again', async () => {
    const made = await driverIn(await temporaryDirectory()).create();
    const configuration = await temporaryDirectory();
    const masters = fakeMasters(made);
    let down = true;
    const pki = driverIn(configuration, {
      readBack: (paths, optional) => {
        if (down) return Promise.reject(new PaiError('HOST_UNREACHABLE', 'host m1 does not answer'));
        return masters.readBack(paths, optional);
      },
    });
    await expect(pki.create()).rejects.toMatchObject({ code: 'HOST_UNREACHABLE' });
    expect(await readdir(configuration)).toEqual([]);
    down = false;
    expect(await pki.create()).toEqual(made);
  });
});

describe('the stamp', () => {
  test('it becomes part of the material, and comes back from masters', async () => {
    const configuration = await temporaryDirectory();
    const pki = driverIn(configuration);
    await pki.create();
    await pki.writeStamp(stamp);
    const material = (await pki.material()) ?? new Map<string, string>();
    expect(parseStamp(material.get('stamp.json'))).toEqual(stamp);
    expect((await stat(path.join(configuration, 'pki', 'stamp.json'))).mode & 0o777).toBe(0o600);
    expect(await driverIn(configuration).material()).toEqual(material);

    const fresh = await temporaryDirectory();
    const clone = driverIn(fresh, fakeMasters(material));
    expect(await clone.material()).toEqual(material);
    await clone.keepLocal();
    expect(await driverIn(fresh).material()).toEqual(material);
  });

  test('it does not change what dependents see', async () => {
    const pki = driverIn(await temporaryDirectory());
    await pki.create();
    const before = await pki.digest();
    await pki.writeStamp(stamp);
    expect(await pki.digest()).toBe(before);
  });

  test('there is none without material', async () => {
    await expect(driverIn(await temporaryDirectory()).writeStamp(stamp)).rejects.toMatchObject({ code: 'PKI' });
  });
});

describe('removing', () => {
  test('the local copy goes as a whole, and a second time is no error', async () => {
    const configuration = await temporaryDirectory();
    const pki = driverIn(configuration);
    await pki.create();
    await pki.writeStamp(stamp);
    await pki.remove();
    await pki.remove();
    expect(await readdir(configuration)).toEqual([]);
    expect(await pki.material()).toBeUndefined();
  });

  test('files of the user in the folder stay', async () => {
    const configuration = await temporaryDirectory();
    const pki = driverIn(configuration);
    await pki.create();
    await writeFile(path.join(configuration, 'pki', 'notes.txt'), 'mine');
    await pki.remove();
    expect(await readdir(path.join(configuration, 'pki'))).toEqual(['notes.txt']);
  });
});

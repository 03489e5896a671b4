import { createHash } from 'node:crypto';
import { chmod, cp, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { type FilesSpec, filesAction } from '../../../src/local/files-action.js';
import type { LocalFile } from '../../../src/local/record.js';
import type { Stamp } from '../../../src/model/stamp.js';
import type { ApplyContext } from '../../../src/model/target.js';
import { contextWith, temporaryDirectory } from './helpers.js';

let home: string;
let stampPath: string;
let coreSite: LocalFile;
let script: LocalFile;

beforeEach(async () => {
  home = await temporaryDirectory();
  stampPath = path.join(home, '.cache', 'stamps', 'files.json');
  coreSite = { path: path.join(home, 'hadoop', 'core-site.xml'), mode: 0o644, content: '<configuration/>' };
  script = { path: path.join(home, 'hadoop', 'bin', 'env.sh'), mode: 0o755, content: Buffer.from('#!/bin/sh\n') };
});

function actionFor(...files: LocalFile[]) {
  return filesAction({ stampPath, files: async () => files });
}

async function apply(spec: FilesSpec | LocalFile[], context: ApplyContext = contextWith()): Promise<Stamp> {
  const action = Array.isArray(spec) ? actionFor(...spec) : filesAction(spec);
  return (await action.desired(context)).apply(context);
}

async function modeOf(file: string): Promise<number> {
  return (await stat(file)).mode & 0o777;
}

describe('writing', () => {
  test('files are absent, then written with their modes and fresh', async () => {
    const action = actionFor(coreSite, script);
    expect(await action.observe(contextWith())).toEqual({ kind: 'known', present: false });
    const stamp = await apply([coreSite, script]);
    expect(await action.observe(contextWith())).toEqual({ kind: 'known', present: true, stamp });
    expect(await readFile(coreSite.path, 'utf8')).toBe('<configuration/>');
    expect(await modeOf(coreSite.path)).toBe(0o644);
    expect(await modeOf(script.path)).toBe(0o755);
    expect(await modeOf(stampPath)).toBe(0o600);
  });

  test('modes do not depend on the umask, and no temporary file stays', async () => {
    const before = process.umask(0o077);
    try {
      await apply([coreSite, script]);
    } finally {
      process.umask(before);
    }
    expect(await modeOf(script.path)).toBe(0o755);
    expect(await readdir(path.join(home, 'hadoop'))).toEqual(['bin', 'core-site.xml']);
  });

  test('what is in the way of a file is replaced, a link by a file of its own', async () => {
    await mkdir(path.dirname(coreSite.path));
    await writeFile(path.join(home, 'precious'), 'mine');
    await symlink(path.join(home, 'precious'), coreSite.path);
    await apply([coreSite]);
    expect(await readFile(coreSite.path, 'utf8')).toBe('<configuration/>');
    expect(await readFile(path.join(home, 'precious'), 'utf8')).toBe('mine');
  });

  test('a file that is no longer wanted goes, unless someone changed it', async () => {
    const changed = { ...script, path: path.join(home, 'hadoop', 'changed.sh') };
    await apply([coreSite, script, changed]);
    await writeFile(changed.path, 'mine');
    const context = contextWith();
    await apply([coreSite], context);
    await expect(stat(script.path)).rejects.toThrow('ENOENT');
    expect(await readFile(changed.path, 'utf8')).toBe('mine');
    expect(context.lines).toContain(`left ${changed.path}: it is not as pai wrote it`);
  });

  test('equal files give an equal output, other content or modes another', async () => {
    const { output } = await apply([coreSite, script]);
    expect((await apply([script, coreSite])).output).toBe(output);
    expect((await apply([coreSite, { ...script, mode: 0o700 }])).output).not.toBe(output);
    expect((await apply([{ ...coreSite, content: '' }, script])).output).not.toBe(output);
  });
});

describe('looking', () => {
  const problemOf = async (): Promise<unknown> => actionFor().observe(contextWith());

  test('an edited file is told', async () => {
    await apply([coreSite, script]);
    await writeFile(coreSite.path, '<configuration>mine</configuration>');
    expect(await problemOf()).toMatchObject({ problem: `${coreSite.path} was changed by hand` });
  });

  test('a missing file is told, also when its folder became a file', async () => {
    await apply([coreSite, script]);
    await rm(script.path);
    expect(await problemOf()).toMatchObject({ present: true, problem: `${script.path} is missing` });
    await rm(path.dirname(script.path), { recursive: true });
    await writeFile(path.dirname(script.path), '');
    expect(await problemOf()).toMatchObject({ problem: `${script.path} is missing` });
  });

  test('a changed mode is told', async () => {
    await apply([coreSite, script]);
    await chmod(script.path, 0o644);
    expect(await problemOf()).toMatchObject({ problem: `${script.path} has mode 0644, not 0755` });
  });

  test('the next run puts right what was changed', async () => {
    await apply([coreSite, script]);
    await writeFile(coreSite.path, 'mine');
    const stamp = await apply([coreSite, script]);
    expect(await problemOf()).toEqual({ kind: 'known', present: true, stamp });
  });

  test.each(['', '{"stamp": {"format": 1', '{"files": 3}', 'null'])(
    'a damaged stamp (%j) is no stamp',
    async (text) => {
      await apply([coreSite]);
      await writeFile(stampPath, text);
      expect(await problemOf()).toEqual({ kind: 'known', present: true });
    },
  );

  test('a file that cannot be read is unknown, not fresh', async () => {
    await apply([coreSite]);
    await rm(coreSite.path);
    await mkdir(coreSite.path);
    expect(await problemOf()).toMatchObject({
      kind: 'unknown',
      error: { code: 'LOCAL_FILE', message: `can't read ${coreSite.path}: EISDIR`, next: expect.any(String) },
    });
  });

  test('a moved checkout is looked at where it is now', async () => {
    const stamp = await apply([coreSite]);
    const moved = await temporaryDirectory();
    await cp(home, moved, { recursive: true });
    await rm(coreSite.path);
    const action = filesAction({
      stampPath: path.join(moved, '.cache', 'stamps', 'files.json'),
      files: async () => [],
    });
    expect(await action.observe(contextWith())).toEqual({ kind: 'known', present: true, stamp });
  });
});

describe('what can go wrong while writing', () => {
  test('a crash before the stamp leaves no stamp, and clean still knows the files', async () => {
    await apply([script]);
    const crash = contextWith({
      stamp: () => {
        throw new Error('crash');
      },
    });
    await expect(apply([{ ...script, content: 'new' }, coreSite], crash)).rejects.toThrow('crash');
    const action = actionFor();
    expect(await action.observe(contextWith())).toEqual({ kind: 'known', present: true });
    await action.clean(contextWith());
    await expect(stat(script.path)).rejects.toThrow('ENOENT');
    await expect(stat(coreSite.path)).rejects.toThrow('ENOENT');
    expect(await action.observe(contextWith())).toEqual({ kind: 'known', present: false });
  });

  test('a crash between two files can be run again and cleaned', async () => {
    await apply([script]);
    await mkdir(coreSite.path, { recursive: true });
    await expect(apply([{ ...script, content: 'new' }, coreSite])).rejects.toMatchObject({
      code: 'LOCAL_FILE',
      message: `can't write ${coreSite.path}: EISDIR`,
      next: `Move away the folder ${coreSite.path}: a file must be there`,
    });
    expect(await actionFor().observe(contextWith())).toEqual({ kind: 'known', present: true });
    await rm(coreSite.path, { recursive: true });
    const stamp = await apply([{ ...script, content: 'new' }, coreSite]);
    expect(await actionFor().observe(contextWith())).toEqual({ kind: 'known', present: true, stamp });
  });

  test('a file in place of a folder is told with its path, and what to do', async () => {
    await writeFile(path.join(home, 'hadoop'), '');
    await expect(apply([coreSite])).rejects.toMatchObject({
      code: 'LOCAL_FILE',
      message: `can't write ${coreSite.path}: EEXIST`,
      next: `Move away the file that stands where a folder of ${path.dirname(coreSite.path)} must be`,
    });
    await expect(apply([script])).rejects.toMatchObject({
      code: 'LOCAL_FILE',
      message: expect.stringMatching(/ENOTDIR/),
    });
  });

  test('a stamp that cannot be written fails before any file is', async () => {
    await writeFile(path.join(home, '.cache'), '');
    await expect(apply([coreSite])).rejects.toMatchObject({ code: 'LOCAL_FILE' });
    await expect(stat(coreSite.path)).rejects.toThrow('ENOENT');
  });
});

describe('secrets', () => {
  const secret = (content = 'password: hunter2'): LocalFile => ({
    path: path.join(home, 'kube', 'config'),
    mode: 0o600,
    content,
    secret: true,
  });

  test('a stamp tells a secret only under the key of the cluster', async () => {
    const outputs = [];
    const records = [];
    for (const fill of [1, 2]) {
      outputs.push((await apply([secret()], contextWith({ key: Buffer.alloc(32, fill) }))).output);
      records.push(await readFile(stampPath, 'utf8'));
    }
    expect(outputs[0]).not.toBe(outputs[1]);
    expect(records[0]).not.toBe(records[1]);
    expect(records.join()).not.toContain('hunter2');
  });

  test('its fingerprint part is marked secret', async () => {
    const { parts } = await actionFor(secret()).desired(contextWith());
    expect(parts).toEqual([
      { name: 'file ../../kube/config', value: 'password: hunter2', secret: true },
      { name: 'mode of ../../kube/config', value: 0o600 },
    ]);
  });

  test('with a key of its own it needs none of the cluster, and fingerprint and stamp still do not give it away', async () => {
    const none = contextWith({ key: undefined });
    const spec = { stampPath, files: async () => [secret()], ownKey: true };
    const { parts } = await filesAction(spec).desired(none);
    expect(JSON.stringify(parts)).not.toContain('hunter2');
    expect(parts[0]?.value).not.toBe(createHash('sha256').update('password: hunter2').digest('hex'));
    const stamp = await apply(spec, none);
    expect(await filesAction(spec).observe(none)).toEqual({ kind: 'known', present: true, stamp });
    expect(await readFile(stampPath, 'utf8')).not.toContain('hunter2');
    // Another process finds the key where it was kept.
    const again = await filesAction(spec).desired(none);
    expect(again.parts).toEqual((await filesAction(spec).desired(none)).parts);
    await writeFile(secret().path, 'password: mine');
    expect(await filesAction(spec).observe(none)).toMatchObject({ problem: `${secret().path} was changed by hand` });
  });

  test('an edited secret is told', async () => {
    await apply([secret()]);
    await writeFile(secret().path, 'password: mine');
    expect(await actionFor().observe(contextWith())).toMatchObject({ problem: `${secret().path} was changed by hand` });
  });

  test('without a key nothing secret is written', async () => {
    await expect(apply([secret()], contextWith({ key: undefined }))).rejects.toMatchObject({
      code: 'PKI',
      next: expect.stringContaining('pai run pki'),
    });
    await expect(stat(secret().path)).rejects.toThrow('ENOENT');
  });

  test('a mode that lets others read a secret is refused', async () => {
    await expect(apply([{ ...secret(), mode: 0o640 }])).rejects.toMatchObject({
      code: 'LOCAL_FILE',
      message: `${secret().path} is secret, and mode 0640 lets others read it`,
    });
  });
});

describe('files that are made late', () => {
  test('they are made at apply only, and their specification is the fingerprint', async () => {
    let made = 0;
    const make = async (): Promise<LocalFile[]> => [{ ...coreSite, content: `certificate ${++made}` }];
    const action = filesAction({ stampPath, late: { spec: async () => ({ user: 'admin', days: 30 }), make } });
    const { parts, apply: run } = await action.desired(contextWith());
    expect(parts).toEqual([{ name: 'specification', value: { user: 'admin', days: 30 } }]);
    expect(made).toBe(0);
    const stamp = await run(contextWith());
    expect(await action.observe(contextWith())).toEqual({ kind: 'known', present: true, stamp });
    expect(await readFile(coreSite.path, 'utf8')).toBe('certificate 1');
  });

  test('a failure to make them leaves the last ones as they are', async () => {
    const stamp = await apply([coreSite]);
    const make = async (): Promise<LocalFile[]> => Promise.reject(new Error('no certificate'));
    await expect(apply({ stampPath, late: { spec: async () => 1, make } })).rejects.toThrow('no certificate');
    expect(await actionFor().observe(contextWith())).toEqual({ kind: 'known', present: true, stamp });
  });
});

describe('clean', () => {
  test('removes the files and the stamp; a second time is no error', async () => {
    await apply([coreSite, script]);
    const action = actionFor(coreSite, script);
    await action.clean(contextWith());
    await action.clean(contextWith());
    await expect(stat(coreSite.path)).rejects.toThrow('ENOENT');
    await expect(stat(script.path)).rejects.toThrow('ENOENT');
    await expect(stat(stampPath)).rejects.toThrow('ENOENT');
  });

  test('leaves files that pai did not write, and says so', async () => {
    await apply([coreSite]);
    await writeFile(path.join(home, 'hadoop', 'notes.txt'), 'mine');
    await writeFile(coreSite.path, 'mine');
    const context = contextWith();
    await actionFor().clean(context);
    expect(await readdir(path.join(home, 'hadoop'))).toEqual(['core-site.xml', 'notes.txt']);
    expect(context.lines).toEqual([`left ${coreSite.path}: it is not as pai wrote it`]);
  });
});

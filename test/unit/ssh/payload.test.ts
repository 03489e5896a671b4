import { execFileSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import type { PayloadFile } from '../../../src/model/drivers.js';
import { checkPayload, packTar, unpackTar } from '../../../src/ssh/payload.js';

describe('packTar', () => {
  it('makes an archive that tar lists with modes, owner root and no times', async () => {
    const archive = await packTar([
      { path: 'payload/kubelet.conf', mode: 0o600, content: 'secret' },
      { path: 'payload/bin/run', mode: 0o755, content: new Uint8Array([1, 2, 0, 255]) },
    ]);
    const list = execFileSync('tar', ['--numeric-owner', '--utc', '-tvf', '-'], { input: archive, encoding: 'utf8' });
    expect(list.trim().split('\n')).toEqual([
      '-rw------- 0/0               6 1970-01-01 00:00 payload/kubelet.conf',
      '-rwxr-xr-x 0/0               4 1970-01-01 00:00 payload/bin/run',
    ]);
  });

  it('gives the same bytes for the same files', async () => {
    const files = [{ path: 'a', mode: 0o644, content: 'x' }];
    expect(await packTar(files)).toEqual(await packTar(files));
  });

  it('is read back by unpackTar, with long names and binary content', async () => {
    const path = `${'deep/'.repeat(40)}file`;
    const content = new Uint8Array([0, 255, 10, 13]);
    const files = await unpackTar(await packTar([{ path, mode: 0o600, content }]));
    expect([...(files.get(path) ?? [])]).toEqual([...content]);
  });
});

describe('checkPayload', () => {
  const file = (more: Partial<PayloadFile>): PayloadFile => ({ path: 'a', mode: 0o600, content: '', ...more });

  it.each(['../a', '/etc/passwd', 'a/../../b', './a', 'a//b', 'a/', '', 'a\0b'])('refuses the path %j', (path) => {
    expect(() => checkPayload('worker:h1', [file({ path })])).toThrow(
      expect.objectContaining({ code: 'PAIFILE_INVALID', message: expect.stringContaining('plain and relative') }),
    );
  });

  it('refuses a secret that others could read', () => {
    expect(() => checkPayload('worker:h1', [file({ secret: true, mode: 0o640 })])).toThrow(/readable by others/);
  });

  it('refuses two files of one path', () => {
    expect(() => checkPayload('worker:h1', [file({}), file({})])).toThrow(/twice/);
  });

  it('lets plain files pass', () => {
    checkPayload('worker:h1', [file({}), file({ path: 'b/c.yaml', mode: 0o644 }), file({ path: 'k', secret: true })]);
  });
});

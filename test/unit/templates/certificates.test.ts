import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const library = readFileSync(path.join(import.meta.dirname, '../../../templates/host/lib.sh'), 'utf8');
const DAY = 86_400;

let work: string;
beforeEach(() => {
  work = mkdtempSync(path.join(tmpdir(), 'pai-certificates-'));
  for (const folder of ['root/etc/kubernetes/pki', 'root/var/lib/pai', 'payload/certs']) {
    mkdirSync(path.join(work, folder), { recursive: true });
  }
});
afterEach(() => rmSync(work, { recursive: true, force: true }));

function write(file: string, content: string): void {
  mkdirSync(path.dirname(path.join(work, file)), { recursive: true });
  writeFileSync(path.join(work, file), content);
}

/** Runs functions of lib.sh as a host would, below a folder. */
function sh(script: string): { code: number | null; said: string } {
  const ROOT = path.join(work, 'root');
  const { status, stdout } = spawnSync('sh', ['-c', `set -eu\n${library}\n${script}`], {
    cwd: path.join(work, 'payload'),
    env: { ...process.env, ROOT },
    encoding: 'utf8',
  });
  return { code: status, said: stdout };
}

function expires(name: string, days: number): void {
  const seconds = Math.floor(Date.now() / 1000) + days * DAY + 60;
  write(`root/etc/kubernetes/pki/${name}.expires`, `${seconds}\n`);
}

describe('certificates_last', () => {
  it('says nothing of a certificate with 60 days left, or of one whose end is not known', () => {
    expires('kubelet-server', 60);
    expect(sh('certificates_last kubelet-server etcd-peer')).toEqual({ code: 0, said: '' });
  });

  it('warns from 59 days on, and names each that ends soon', () => {
    expires('kubelet-server', 59);
    expires('etcd-peer', 0);
    const { code, said } = sh('certificates_last kubelet-server etcd-peer');
    expect(code).toBe(0);
    expect(said.split('\n')).toEqual([
      'warning: the certificate kubelet-server expires in 59 days: run pai pki renew',
      'warning: the certificate etcd-peer expires in 0 days: run pai pki renew',
      '',
    ]);
  });

  it('fails once one has expired', () => {
    for (const days of [-1, -2]) {
      expires('kubelet-server', days);
      expect(sh('certificates_last kubelet-server')).toEqual({
        code: 1,
        said: 'error: the certificate kubelet-server has expired\n',
      });
    }
  });

  it("does not mind the end of kubelet's first certificate once kubelet has renewed it", () => {
    expires('kubelet-client', -2);
    write('root/var/lib/kubelet/pki/kubelet-client-current.pem', '');
    expect(sh('certificates_last kubelet-client')).toEqual({ code: 0, said: '' });
  });
});

describe('install_certificates', () => {
  function payload(generation: number, spec: string): void {
    write('payload/certs/generation', `${generation}\n`);
    for (const kind of ['crt', 'key', 'expires']) write(`payload/certs/a.${kind}`, `${kind} of ${spec}\n`);
    write('payload/certs/a.spec', `${spec}\n`);
  }
  const INSTALL = 'install_certificates; say "new:$NEW_CERTIFICATES"';
  const installed = (): string => readFileSync(path.join(work, 'root/etc/kubernetes/pki/a.crt'), 'utf8');

  it('keeps what is there for the same, and exchanges it after a renewal', () => {
    payload(0, 'one');
    expect(sh(INSTALL).said).toContain('new: a');
    expect(sh(INSTALL).said).toBe('new:\n');
    payload(1, 'two');
    expect(sh(INSTALL).said).toContain('new: a');
    expect(installed()).toBe('crt of two\n');
  });

  it('refuses what comes from a copy of before the last renewal, and changes nothing', () => {
    payload(2, 'new');
    sh(INSTALL);
    payload(1, 'old');
    const { code, said } = sh(INSTALL);
    expect(code).toBe(1);
    expect(said).toContain('move the folder pki of the configuration away');
    expect(installed()).toBe('crt of new\n');
  });
});

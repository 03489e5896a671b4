import { spawnSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';

const templates = path.resolve(import.meta.dirname, '../../../templates/host');

/** Stands in for a program of a host: says these lines. */
function fakeProgram(folder: string, name: string, ...lines: readonly string[]): void {
  const file = path.join(folder, name);
  writeFileSync(file, `#!/bin/sh\ncat << 'WORDS'\n${lines.join('\n')}\nWORDS\n`);
  chmodSync(file, 0o755);
}

describe('containerd and the kubelet of a release', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'pai-containerd-'));
    for (const name of ['ctr', 'apt-get']) fakeProgram(folder, name);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  /** What a line of sh says behind the functions of a host, for kubelets that want containerd in a range. */
  function say(from: string, before: string, line: string): { readonly text: string; readonly code: number | null } {
    const settings = `set -eu\nROOT=''\nPACKAGES=''\nPACKAGE_SOURCE=host\nCONTAINERD_FROM=${from}\nCONTAINERD_BEFORE=${before}`;
    const files = ['lib.sh', 'runtime-containerd.sh', 'packages.sh'];
    const texts = files.map((file) => readFileSync(path.join(templates, file), 'utf8'));
    const { stdout, status } = spawnSync('sh', ['-s'], {
      input: [settings, ...texts, line].join('\n'),
      encoding: 'utf8',
      env: { PATH: `${folder}:${process.env.PATH}` },
    });
    return { text: stdout, code: status };
  }

  // As Debian's, Ubuntu's, Docker's and a build of one's own say it.
  it.each([
    ['containerd github.com/containerd/containerd 1.6.20~ds1 1.6.20~ds1-1+deb12u3', '1.6', ''],
    ['containerd github.com/containerd/containerd 1.7.24 ', '1.5', '2.0'],
    ['containerd containerd.io v2.1.4 75cb2b7193e4e490e9fbdc236c0e811ccaba3376', '1.6', ''],
    ['containerd github.com/containerd/containerd/v2 v2.4.2 ', '1.6', ''],
    ['containerd github.com/containerd/containerd 1.10.1 ', '1.6', '2.0'],
  ])('are let go together: %s, from %s and before %j', (version, from, before) => {
    fakeProgram(folder, 'containerd', version);
    expect(say(from, before, 'runtime_problem')).toEqual({ text: '', code: 0 });
  });

  it.each([
    ['containerd github.com/containerd/containerd/v2 v2.4.2 ', '2.4.2', '1.5', '2.0'],
    ['containerd github.com/containerd/containerd/v2 v2.0.0 ', '2.0.0', '1.5', '2.0'],
    ['containerd github.com/containerd/containerd 1.5.13~ds1 1.5.13~ds1-1', '1.5.13', '1.6', ''],
  ])('are refused before anything is done: %s', (version, release, from, before) => {
    fakeProgram(folder, 'containerd', version);
    const { text } = say(from, before, 'runtime_problem');
    expect(text).toContain(`release ${release} is installed, kubelet of hyperkube-version wants one from ${from} on`);
    expect(text.includes('and before 2.0')).toBe(before !== '');
  });

  it.each([
    ['containerd', '2.4.2-0rig1', false],
    ['containerd.io', '2.1.4-1~debian.12~bookworm', false],
    ['containerd', '1.6.20~ds1-1+deb12u3', true],
  ])('what the package sources offer is looked at first: %s %s', (name, version, fits) => {
    const lines = [`Inst runc (1.1.5+ds1-1 Debian:12 [amd64])`, `Inst ${name} (${version} Debian:12 [amd64])`];
    fakeProgram(folder, 'apt-get', ...lines);
    const { text, code } = say('1.5', '2.0', 'check_offered containerd iptables && echo installing');
    expect(code).toBe(fits ? 0 : 1);
    expect(text.includes('installing')).toBe(fits);
    if (!fits) expect(text).toContain(`error: the package sources offer containerd ${version.split('-')[0]},`);
  });
});

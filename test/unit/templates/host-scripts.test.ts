import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

const folder = path.resolve(import.meta.dirname, '../../../templates/host');
const scripts = readdirSync(folder).filter((name) => name.endsWith('.sh') && name !== 'lib.sh');
const installed = spawnSync('shellcheck', ['--version']).status === 0;

describe.skipIf(!installed)(`host scripts${installed ? '' : ' (skipped: shellcheck is not installed)'}`, () => {
  // Settings come as assignments and functions from other files of the folder, so each is checked behind lib.sh.
  // SC2154: a setting that only the task assigns; SC2034: one that only another script reads; SC2317: functions called by name.
  it.each(scripts)('%s passes shellcheck as POSIX sh behind lib.sh', (name) => {
    const text = ['#!/bin/sh', ...['lib.sh', name].map((file) => readFileSync(path.join(folder, file), 'utf8'))].join(
      '\n',
    );
    const options = ['-s', 'sh', '-e', 'SC2154,SC2034,SC2317,SC1091,SC1090', '-'];
    const { stdout, status } = spawnSync('shellcheck', options, { input: text, encoding: 'utf8' });
    expect(stdout).toBe('');
    expect(status).toBe(0);
  });
});

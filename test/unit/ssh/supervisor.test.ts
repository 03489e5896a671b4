import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import {
  attachProgram,
  JOB_PROGRAM,
  observeProgram,
  programBootstrap,
  readProgram,
  runBootstrap,
  runVariables,
  START_PROGRAM,
  stopProgram,
  tidyProgram,
} from '../../../src/ssh/supervisor.js';

const variables = runVariables({
  rootPrefix: "/tmp/o'clock $HOME",
  id: '0123456789abcdef',
  run: 'r1',
  target: "worker:h'1",
  fingerprint: '-',
  since: '2026-11-23T09:00:00.000Z',
});

const programs: Record<string, string> = {
  start: START_PROGRAM,
  job: JOB_PROGRAM,
  attach: attachProgram('', 'worker:h1', '0123456789abcdef', 7),
  stop: stopProgram('', '0123456789abcdef'),
  tidy: tidyProgram(''),
  observe: observeProgram('', 'mark', [{ target: 'worker:h1', probe: 'true' }]),
  read: readProgram('', ['/etc/kubernetes/pki/ca.crt', '/etc/kubernetes/pki/ca.key']),
  'bootstrap of a run': runBootstrap('', '0123456789abcdef').program,
  'bootstrap of a program': programBootstrap.program,
};

const hasShellcheck = spawnSync('shellcheck', ['--version']).status === 0;

describe('programs for hosts', () => {
  it.each(Object.keys(programs))('%s is what a POSIX shell can read', (name) => {
    const result = spawnSync('sh', ['-n'], { input: programs[name] ?? '', encoding: 'utf8' });
    expect(result.stderr).toBe('');
    expect(result.status).toBe(0);
  });

  it.skipIf(!hasShellcheck).each(Object.keys(programs))('%s passes shellcheck', (name) => {
    // SC1090, SC1091: what is sourced comes with the archive. SC2154: the variables are put in front at run time.
    const options = ['--shell=sh', '--exclude=SC1090,SC1091,SC2154', '-'];
    const result = spawnSync('shellcheck', options, { input: programs[name] ?? '', encoding: 'utf8' });
    expect(result.stdout).toBe('');
    expect(result.status).toBe(0);
  });

  it('hands any value to the shell as it is', () => {
    const output = execFileSync('sh', ['-c', `${variables}printf '%s|%s' "$root" "$target"`], { encoding: 'utf8' });
    expect(output).toBe("/tmp/o'clock $HOME|worker:h'1");
  });

  it.each(['bash', 'dash', 'zsh', 'csh', 'tcsh', 'fish'].filter((shell) => existsSync(`/bin/${shell}`)))(
    'a bootstrap can be quoted for %s as login shell',
    (shell) => {
      const quoted = `sh -c 'echo ready; ${runBootstrap('', 'x').program}' pai /proc/none x`;
      const result = spawnSync(`/bin/${shell}`, ['-c', quoted], { input: '', encoding: 'utf8' });
      expect(result.stdout).toBe('ready\n');
      expect(result.status).toBe(125);
    },
  );
});

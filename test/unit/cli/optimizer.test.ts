import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { flagsForCommands } from '../../../src/cli/optimizer.js';

test('flags for the time in which commands run are known to this V8', () => {
  const options = execFileSync(process.execPath, ['--v8-options'], { encoding: 'utf8' });
  const names = flagsForCommands(process.versions.v8).map((flag) => flag.replace(/=.*/, ''));
  expect(names).toContain('--opt');
  for (const name of names) expect(options).toContain(` ${name} (`);
});

test('a V8 that nobody has tried is told only what all of them know', () => {
  expect(flagsForCommands('99.1.2')).toEqual(['--opt']);
});

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { repository } from '../cli/project.js';

const page = readFileSync(path.join(repository, 'docs/paifile.md'), 'utf8');
const blocks = Array.from(page.matchAll(/^```(\w+)\n(.*?)^```$/gms), ([, kind = '', text = '']) => ({ kind, text }));
const paifiles = blocks.filter(({ kind }) => kind === 'ts').map(({ text }) => text);
const setup = blocks.find(({ kind }) => kind === 'sh')?.text ?? '';

let folder: string;
let demo: string;

beforeEach(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'pai-docs-'));
  execFileSync('bash', ['-euc', setup], { cwd: folder });
  demo = path.join(folder, 'demo');
  await build({
    absWorkingDir: repository,
    entryPoints: ['src/**/*.ts'],
    outdir: path.join(folder, 'installed/dist'),
    platform: 'node',
    format: 'esm',
  });
  execFileSync('ln', ['-s', path.join(repository, 'node_modules'), path.join(folder, 'installed/node_modules')]);
  execFileSync('cp', [
    '-r',
    path.join(repository, 'bin'),
    path.join(repository, 'package.json'),
    path.join(folder, 'installed'),
  ]);
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

function pai(...argv: string[]): string {
  return execFileSync(process.execPath, [path.join(folder, 'installed/bin/pai.js'), ...argv], {
    cwd: demo,
    encoding: 'utf8',
  });
}

describe('docs/paifile.md', () => {
  it('has examples', () => {
    expect(paifiles).toHaveLength(3);
  });

  it.each(paifiles)('%#: an example runs, and then has nothing to do', (text) => {
    writeFileSync(path.join(demo, 'paifile.ts'), text);
    expect(pai('run', '*')).toMatch(/\d ran, 0 fresh, 0 failed, 0 skipped/);
    expect(pai('run', '*')).toMatch(/^nothing to do/);
    const made = ['dist/bundle.js', 'report.txt', 'out/total'].filter((file) => existsSync(path.join(demo, file)));
    expect(made).toHaveLength(1);
  });

  it.each(paifiles)('%#: an example compiles', (text) => {
    writeFileSync(path.join(demo, 'paifile.ts'), text);
    const options = {
      module: 'NodeNext',
      target: 'ES2023',
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      types: ['node'],
    };
    const compilerOptions = {
      ...options,
      paths: { pai: [path.join(repository, 'src/index.ts')] },
      typeRoots: [path.join(repository, 'node_modules/@types')],
    };
    writeFileSync(path.join(demo, 'package.json'), '{ "type": "module" }');
    writeFileSync(path.join(demo, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['paifile.ts'] }));
    const tsc = path.join(repository, 'node_modules/.bin/tsc');
    expect(execFileSync(tsc, ['-p', demo], { encoding: 'utf8' })).toBe('');
  });
});

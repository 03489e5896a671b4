import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import type { Metafile } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { bundleProgram } from '../../../scripts/bundle.js';

const repository = path.resolve(import.meta.dirname, '../../..');

let installation: string;
let dist: string;
let metafile: Metafile;

beforeAll(async () => {
  installation = await mkdtemp(path.join(tmpdir(), 'pai-bundle-'));
  dist = path.join(installation, 'dist');
  metafile = await bundleProgram(repository, dist);
  await symlink(path.join(repository, 'node_modules'), path.join(installation, 'node_modules'));
}, 60_000);
afterAll(() => rm(installation, { recursive: true, force: true }));

/** What is loaded as soon as an output is: modules of Node and packages, and the sources in the outputs that it reaches. */
function loadedWith(entry: string): { readonly external: string[]; readonly sources: string[] } {
  const outputs = new Map(
    Object.entries(metafile.outputs).map(([file, output]) => [path.resolve(repository, file), output]),
  );
  const external = new Set<string>();
  const sources = new Set<string>();
  const files = new Set([path.join(dist, entry)]);
  // A set hands out what is added while it is walked.
  for (const file of files) {
    const output = outputs.get(file);
    if (output === undefined) throw new Error(`no output ${file}`);
    for (const source of Object.keys(output.inputs)) sources.add(source);
    for (const used of output.imports) {
      if (used.kind !== 'import-statement') continue;
      if (used.external === true) external.add(used.path);
      else files.add(path.resolve(repository, used.path));
    }
  }
  return { external: [...external].sort(), sources: [...sources] };
}

const PAIFILE = `import { paifile } from 'pai';
export default paifile(({ target, $ }) => {
  target('a', { inputs: ['in'], outputs: ['out'], run: $\`cat in > out\` });
});
`;
/** Makes Node tell which of its own modules it has loaded by its end. */
const TELL_MODULES = `process.on('exit', () => {
  const names = process.moduleLoadList.filter((name) => /^NativeModule \\w+$/.test(name));
  process.stderr.write(names.map((name) => name.slice(13)).join());
});
`;

/** Modules of Node that take milliseconds to load: HTTP, TLS and processes belong to drivers. */
const HEAVY = /^(node:)?(http|https|http2|tls|dgram|dns|child_process|cluster|worker_threads|readline|repl|inspector)$/;

describe('the bundled program', () => {
  it('has one copy of every module of ours', () => {
    const seen = new Map<string, string[]>();
    for (const [file, output] of Object.entries(metafile.outputs)) {
      for (const source of Object.keys(output.inputs)) seen.set(source, [...(seen.get(source) ?? []), file]);
    }
    const split = [...seen].filter(([, files]) => files.length > 1);
    expect(seen.size).toBeGreaterThan(100);
    expect(split).toEqual([]);
  });

  it.each(['cli/main.js', 'index.js'])('%s loads no package and no heavy module of Node', (entry) => {
    const { external } = loadedWith(entry);
    expect(external.filter((name) => !/^(node:|url$)/.test(name))).toEqual([]);
    expect(external.filter((name) => HEAVY.test(name))).toEqual([]);
  });

  it('shows help without the commands', () => {
    expect(loadedWith('cli/main.js').sources.filter((source) => source.startsWith('src/cli/commands/'))).toEqual([]);
  });

  it('loads no module of Node in a run with nothing to do that only other runs need', async () => {
    const project = path.join(installation, 'project');
    await mkdir(project);
    await cp(path.join(repository, 'bin'), path.join(installation, 'bin'), { recursive: true });
    await cp(path.join(repository, 'package.json'), path.join(installation, 'package.json'));
    await writeFile(path.join(project, 'in'), 'content');
    await writeFile(path.join(project, 'paifile.ts'), PAIFILE);
    await writeFile(path.join(project, 'tell.cjs'), TELL_MODULES);
    const run = async (): Promise<{ stdout: string; stderr: string }> =>
      promisify(execFile)(process.execPath, ['-r', './tell.cjs', path.join(installation, 'bin/pai.js'), 'run', 'a'], {
        cwd: project,
      });
    expect((await run()).stdout).toContain('1 ran');
    // The first look at something new only settles what was written just now.
    await sleep(100);
    await run();
    const { stdout, stderr } = await run();
    expect(stdout).toContain('nothing to do');
    const loaded = stderr.trim().split(',');
    expect(loaded).toContain('fs');
    for (const name of ['child_process', 'crypto', 'http', 'perf_hooks', 'readline', 'tls'])
      expect(loaded).not.toContain(name);
  }, 60_000);

  it('has packages behind import() with the names that Node gives them', async () => {
    const prefix = 'package:';
    const packages = Object.entries(metafile.outputs).filter(([, { entryPoint }]) => entryPoint?.startsWith(prefix));
    expect(packages.length).toBeGreaterThan(3);
    for (const [file, { entryPoint = '' }] of packages) {
      const bundled = await import(pathToFileURL(path.resolve(repository, file)).href);
      const original = await import(entryPoint.slice(prefix.length));
      const names = Object.keys(original).filter((name) => name !== 'module.exports');
      expect(Object.keys(bundled).sort(), entryPoint).toEqual(names.sort());
    }
  }, 60_000);

  it('has chunks that all load', async () => {
    const chunks = (await readdir(path.join(dist, 'chunks'))).filter((file) => file.endsWith('.js'));
    expect(chunks.length).toBeGreaterThan(10);
    for (const chunk of chunks) {
      await expect(import(pathToFileURL(path.join(dist, 'chunks', chunk)).href), chunk).resolves.toBeDefined();
    }
  }, 60_000);
});

import path from 'node:path';
import { build } from 'esbuild';
import { describe, expect, it } from 'vitest';

const root = path.resolve(import.meta.dirname, '../../..');

/** Packages that are loaded as soon as a module is: those behind `import` statements, not behind `import()`. */
async function packagesOf(entry: string): Promise<string[]> {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: [entry],
    bundle: true,
    write: false,
    metafile: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'silent',
  });
  const packages = new Set<string>();
  const files = new Set([entry]);
  // A set hands out what is added while it is walked.
  for (const file of files) {
    for (const used of metafile.inputs[file]?.imports ?? []) {
      if (used.kind !== 'import-statement') continue;
      if (used.external !== true) files.add(used.path);
      else if (!used.path.startsWith('node:')) packages.add(used.path);
    }
  }
  expect(files.size).toBeGreaterThan(1);
  return [...packages].sort();
}

describe('static imports', () => {
  it('of the public API reach no package', async () => {
    expect(await packagesOf('src/index.ts')).toEqual([]);
  });

  it('of the command line reach no package', async () => {
    expect(await packagesOf('src/cli/main.ts')).toEqual([]);
  });

  it.each(['run', 'clean', 'plan', 'why', 'list', 'graph', 'cache', 'complete'])(
    'of pai %s reach no package, so that a run with nothing to do loads nothing that it does not use',
    async (command) => {
      expect(await packagesOf(`src/cli/commands/${command}.ts`)).toEqual([]);
    },
  );

  it('of pai diff reach what those of pai plan do', async () => {
    const [diff, plan] = await Promise.all(
      ['diff', 'plan'].map((command) => packagesOf(`src/cli/commands/${command}.ts`)),
    );
    expect(diff).toEqual(plan);
  });

  it.each(['history', 'show', 'logs'])('of pai %s reach nothing that reads the configuration', async (command) => {
    expect(await packagesOf(`src/cli/commands/${command}.ts`)).toEqual([]);
  });
});

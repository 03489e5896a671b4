import { cp, mkdir, readFile, writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { build, type Metafile, type Plugin } from 'esbuild';
import { compiledSource } from '../src/cluster/schemas/compiled-source.js';

/**
 * Packages that stay imports: esbuild finds its binary beside itself, ssh2 and dockerode look for native code and files
 * of their own at run time, and of nunjucks a module is used that must be of the same copy as the rest.
 */
const EXTERNAL = ['esbuild', 'ssh2', 'dockerode', 'nunjucks'];

const REQUIRE = "import{createRequire}from'node:module';const require=createRequire(import.meta.url);";

/**
 * Bundles the program of the checkout `root` into `outdir`, both absolute: `cli/main.js`, `index.js` for paifiles, and `chunks/` with what both share
 * and what is loaded only when it is used. One build of both, so that there is one PaiError and one Reference.
 * Chunks lie as deep as the folders of src/, so that paths relative to `import.meta.url` hold in both.
 */
export async function bundleProgram(root: string, outdir: string): Promise<Metafile> {
  const { version }: { version: string } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8'));
  const result = await build({
    absWorkingDir: root,
    entryPoints: { 'cli/main': 'src/cli/main.ts', index: 'with-core:src/index.ts' },
    outdir,
    chunkNames: 'chunks/[name]-[hash]',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    define: { PAI_VERSION: JSON.stringify(version) },
    external: EXTERNAL,
    plugins: [commandsTogether(path.join(root, 'src/cli/commands')), oneCore(root), lazyBuiltins, namedExports(root)],
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'linked',
    metafile: true,
    write: false,
    logLevel: 'warning',
  });
  for (const file of result.outputFiles) {
    await mkdir(path.dirname(file.path), { recursive: true });
    // Packages in CommonJS ask for Node's own modules by `require`, through one function that esbuild puts in one chunk.
    await writeFile(file.path, file.text.includes('typeof require') ? REQUIRE + file.text : file.contents);
  }
  const schemas = path.join(outdir, 'cluster/schemas');
  await mkdir(schemas, { recursive: true });
  await writeFile(path.join(schemas, 'compiled.js'), compiledSource());
  const commands = 'sandbox/commands';
  await cp(path.join(root, 'src', commands), path.join(outdir, commands), { recursive: true });
  return result.metafile;
}

/** The commands that people wait for. */
const TOGETHER = ['clean', 'list', 'plan', 'run', 'why'];

/** One chunk for these and what they share: Node loads one file sooner than the ten pieces of one command. */
function commandsTogether(folder: string): Plugin {
  return {
    name: 'commands-together',
    setup(build) {
      build.onResolve({ filter: /^\.\/commands\// }, ({ kind, path: file }) =>
        file === './commands/together' || (kind === 'dynamic-import' && TOGETHER.includes(path.basename(file, '.js')))
          ? { path: 'commands', namespace: 'pai' }
          : undefined,
      );
      build.onLoad({ filter: /^commands$/, namespace: 'pai' }, () => ({
        contents: TOGETHER.map((name) => `export * from './${name}.js';`).join('\n'),
        resolveDir: folder,
      }));
    },
  };
}

/** What is loaded by a run that finds nothing to do. */
const CORE = ['./commands/together', './src/index.ts'];
/** Help is shown without it. */
const APART = /[\\/]program\.js$/;

/**
 * What that loads lies in few files: Node needs a millisecond for each, whatever is in it. esbuild makes a chunk of what the same
 * entries reach, so all entries (and each `import()` is one) are made to reach all of it. They are never loaded without it.
 */
function oneCore(root: string): Plugin {
  return {
    name: 'one-core',
    setup(build) {
      build.onResolve({ filter: /^with-core:/ }, ({ path: file }) => ({
        path: path.join(root, file.replace('with-core:', '')),
        namespace: 'with-core',
      }));
      build.onResolve({ filter: /^\.{1,2}\// }, ({ kind, path: file, resolveDir }) => {
        if (kind !== 'dynamic-import' || APART.test(file)) return undefined;
        return { path: path.join(resolveDir, file.replace(/\.js$/, '.ts')), namespace: 'with-core' };
      });
      build.onLoad({ filter: /./, namespace: 'with-core' }, ({ path: file }) => ({
        contents: [...CORE.map((core) => `import '${core}';`), `export * from '${file}';`].join('\n'),
        resolveDir: root,
      }));
    },
  };
}

/**
 * Modules of Node that take milliseconds to load are loaded when one of their functions is first called: our own sources ask
 * for node:crypto in a dozen places (some 5 ms), and commander for child_process, which it uses only for subcommands that are programs.
 */
const lazyBuiltins: Plugin = {
  name: 'lazy-builtins',
  setup(build) {
    build.onResolve({ filter: /^node:(crypto|zlib|child_process)$/ }, ({ path, importer }) =>
      /[\\/]src[\\/]|[\\/]commander[\\/]/.test(importer) ? { path, namespace: 'lazy' } : undefined,
    );
    build.onLoad({ filter: /./, namespace: 'lazy' }, async ({ path }) => ({ contents: await lazily(path) }));
  },
};

/** A module with the functions and classes of one of Node's. */
async function lazily(name: string): Promise<string> {
  const original: Readonly<Record<string, unknown>> = await import(name);
  const names = Object.keys(original).filter((name) => name !== 'default' && typeof original[name] === 'function');
  const wrappers = names.map(
    (name) =>
      `export function ${name}(...words) { return new.target ? new (load().${name})(...words) : load().${name}(...words); }`,
  );
  const classes = names.filter((name) => /^[A-Z]/.test(name));
  return [
    'let loaded;',
    `const load = () => (loaded ??= process.getBuiltinModule('${name}'));`,
    ...wrappers,
    ...classes.map(
      (name) => `Object.defineProperty(${name}, Symbol.hasInstance, { value: (it) => it instanceof load().${name} });`,
    ),
  ].join('\n');
}

/**
 * A package in CommonJS behind `import()` has the names that Node gives it; esbuild alone would give it only `default`.
 */
function namedExports(root: string): Plugin {
  return {
    name: 'named-exports',
    setup(build) {
      build.onResolve({ filter: /^[@\w]/ }, ({ kind, path }) =>
        kind === 'dynamic-import' && !isBuiltin(path) && !EXTERNAL.includes(path)
          ? { path, namespace: 'package' }
          : undefined,
      );
      build.onLoad({ filter: /./, namespace: 'package' }, async ({ path: name }) => {
        const found = Object.keys(await import(name));
        const names = found.filter((name) => name !== 'default' && name !== 'module.exports');
        const contents = [
          `import * as all from '${name}';`,
          `export const { ${names.join(', ')} } = all;`,
          ...(found.includes('default') ? ['export default all.default;'] : []),
        ];
        return { contents: contents.join('\n'), resolveDir: root };
      });
    },
  };
}

/**
 * `npm run build`: dist/ is written beside and exchanged whole, so that no chunk of an older build stays in it and a pai
 * that starts meanwhile finds the old program or the new one.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { bundleProgram } from './bundle.js';

const dist = path.resolve('dist');
const fresh = `${dist}-new-${process.pid}`;
const old = `${dist}-old-${process.pid}`;

async function declarations(): Promise<void> {
  const tsc = spawn('tsc', ['-p', 'tsconfig.build.json', '--outDir', fresh], { stdio: 'inherit' });
  const [code] = await once(tsc, 'exit');
  if (code !== 0) throw new Error(`tsc exited with ${code}`);
}

async function moveAway(): Promise<void> {
  await rename(dist, old).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
  });
}

try {
  await Promise.all([declarations(), bundleProgram(process.cwd(), fresh)]);
  await moveAway();
  await rename(fresh, dist);
} catch (error) {
  // What is wrong has been told by tsc or esbuild.
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  await Promise.all([fresh, old].map((folder) => rm(folder, { recursive: true, force: true })));
}

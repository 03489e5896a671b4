import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { filesOf, pai, repository, writeProjectFile } from './project.js';

const PAIFILE = `
export default {
  write({ target, $ }: any) {
    target('make', { inputs: ['in'], outputs: ['out/**'], run: $\`echo ran >> ../ran; rm -rf out; mkdir out; for n in 1 2 3 4; do cat in > out/$n; done\` });
  },
};
`;

/** Ends the process, as kill -9 does, at a call to the file system: so many after outputs began to be put back. */
const KILLER = `
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
let left = Infinity;
for (const name of Object.keys(fs)) {
  const real = fs[name];
  if (!name.endsWith('Sync') || typeof real !== 'function') continue;
  fs[name] = Object.assign((...given) => {
    if (name === 'mkdtempSync') left = Number(process.env.KILL_AFTER);
    if (left-- <= 0) process.kill(process.pid, 'SIGKILL');
    return real(...given);
  }, real);
}
syncBuiltinESMExports();
`;

/** Calls: while copies are made and verified, while they are renamed into place, while the stamp is written; and no kill. */
const KILLS = [0, 20, 36, 40, 41, 42, 43, 44, 45, 46, 47, 48, 60, Number.MAX_SAFE_INTEGER];

it('a run that is killed while outputs are put back never counts: the next one is right', {
  timeout: 180_000,
}, async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'pai-output-crash-'));
  const root = path.join(folder, 'project');
  const ran = path.join(folder, 'ran');
  const outputs = async (): Promise<string[]> => {
    const files = (await filesOf(root)).filter((file) => file.startsWith('out/'));
    return Promise.all(files.map(async (file) => `${file} ${await readFile(path.join(root, file), 'utf8')}`));
  };
  const all = (text: string): string[] => [1, 2, 3, 4].map((n) => `out/${n} ${text}`);
  try {
    await mkdir(root);
    await writeFile(path.join(folder, 'killer.mjs'), KILLER);
    await writeProjectFile(root, 'package.json', '{ "type": "module" }');
    await writeProjectFile(root, 'paifile.ts', PAIFILE);
    for (const text of ['first', 'second']) {
      await writeProjectFile(root, 'in', text);
      expect((await pai(root, 'run', 'make')).exitCode).toBe(0);
      expect(await outputs()).toEqual(all(text));
    }
    let killed = 0;
    let mixed = 0;
    for (const [index, after] of KILLS.entries()) {
      // Each time the other of both is asked for.
      const text = index % 2 === 0 ? 'first' : 'second';
      await writeProjectFile(root, 'in', text);
      await rm(ran, { force: true });
      const child = spawn(
        process.execPath,
        ['--import', path.join(folder, 'killer.mjs'), path.join(repository, 'bin/pai.js'), 'run', 'make'],
        { cwd: root, env: { ...process.env, KILL_AFTER: String(after) }, stdio: 'ignore' },
      );
      const [exitCode, signal] = await once(child, 'exit');
      const ended = exitCode === 0;
      if (!ended) {
        expect({ exitCode, signal }).toEqual({ exitCode: null, signal: 'SIGKILL' });
        killed++;
        const between = await outputs();
        const whole = [all('first'), all('second')].map((tree) => JSON.stringify(tree));
        if (!whole.includes(JSON.stringify(between))) {
          mixed++;
        }
      }
      const { exitCode: next, stdout, stderr } = await pai(root, 'run', 'make');
      expect(next).toBe(0);
      expect(stderr).toMatch(/^(the last run \(pai run make, process \d+\) did not come to its end\n)?$/);
      if (ended) expect(stdout).toMatch(/^nothing to do/);
      expect(await outputs()).toEqual(all(text));
      // It was put back, not made: the cache is whole.
      await expect(readFile(ran)).rejects.toThrow('ENOENT');
    }
    expect(killed).toBeGreaterThan(6);
    expect(mixed).toBeGreaterThan(0);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});

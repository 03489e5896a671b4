import { rmSync } from 'node:fs';
import { expect, it } from 'vitest';
import { editAtRandom } from './edits.js';
import { expectNoBug, expectRight, expectTidy } from './pai.js';
import { CrashProject } from './project.js';
import { type Random, seeded } from './random.js';
import { countCalls, inject, whyNoTrace } from './trace.js';

/** Kills for each call in each situation. */
const ROUNDS = Number(process.env.PAI_CRASH_ROUNDS ?? 2);

/** Calls that change something, and those without which nothing can be changed; which of them are made is counted. */
const CALLS = [
  'openat',
  'write',
  'pwrite64',
  'close',
  'rename',
  'unlink',
  'rmdir',
  'mkdir',
  'link',
  'ftruncate',
  'truncate',
  'fsync',
  'fdatasync',
  'chmod',
  'fchmod',
  'utimensat',
];

interface Situation {
  readonly name: string;
  readonly args: readonly string[];
  readonly prepare: (project: CrashProject, random: Random) => void;
}

const SITUATIONS: readonly Situation[] = [
  {
    name: 'the first run',
    args: ['run', 'all'],
    prepare: ({ cache }) => rmSync(cache, { recursive: true, force: true }),
  },
  {
    name: 'a run after edits, also of the paifile',
    args: ['run', 'all'],
    prepare: (project, random) => {
      editAtRandom(project, random);
      project.setValue(random.of(['a0', 'a1', 'a3'] as const), random.below(1000));
    },
  },
  {
    name: 'a run that puts outputs back',
    args: ['run', 'all'],
    prepare: (project) => {
      for (const file of project.outputs()) rmSync(project.at(file));
    },
  },
  { name: 'a clean', args: ['clean', 'all'], prepare: () => undefined },
];

const problem = whyNoTrace();
if (problem !== undefined) console.log(`kills at system calls are skipped: ${problem}`);

for (const { name, args, prepare } of SITUATIONS) {
  it.skipIf(problem !== undefined)(`${name} may be killed at any call to the system`, async () => {
    const random = seeded(`kills at calls, ${name}`);
    const project = new CrashProject();
    try {
      await expectRight(project, 'first run');
      prepare(project, random);
      const numbers = await countCalls(project, CALLS, args);
      await expectRight(project, 'counting run');
      const killed = new Map<string, number>();
      for (const [call, all] of numbers) {
        for (const number of random.some(all, ROUNDS)) {
          prepare(project, random);
          const end = await inject(project, `${call}:signal=KILL:when=${number}`, args);
          const what = `killed at ${call} ${number} of ${all.length}\n${end.stdout}${end.stderr}\n---`;
          expectNoBug(end, what);
          if (end.signal === 'SIGKILL') killed.set(call, (killed.get(call) ?? 0) + 1);
          await expectRight(project, what);
        }
      }
      console.log(`${name}: killed at ${[...killed].map(([call, count]) => `${call} ${count}`).join(', ')}`);
      expect(killed.size).toBeGreaterThan(3);
      await expectTidy(project);
    } finally {
      project.remove();
    }
  });
}

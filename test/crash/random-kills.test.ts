import { setTimeout as sleep } from 'node:timers/promises';
import { it } from 'vitest';
import { editAtRandom } from './edits.js';
import { expectNoBug, expectRight, expectTidy, PAI, start } from './pai.js';
import { CrashProject } from './project.js';
import { seeded } from './random.js';

const KILLS = Number(process.env.PAI_CRASH_KILLS ?? 200);
/** Kills between two looks. */
const LOOK = 4;

it(`after ${KILLS} runs that were killed at random moments, with edits between them, each look finds all right`, async () => {
  const random = seeded('random kills');
  const project = new CrashProject();
  try {
    let usual = (await expectRight(project, 'first run')).took;
    let killed = 0;
    const commands: readonly (readonly string[])[] = [
      ['run', 'all'],
      ['run', 'all'],
      ['run', 'all'],
      ['run', 'all', '--no-cache'],
      ['run', 'steady'],
      ['run', 'all', '--force'],
      ['run', 'c0', 'maybe'],
      ['clean', 'all'],
      ['clean', 'b1', 'c0'],
    ];
    const history: string[] = [];
    for (let starts = 0; killed < KILLS; starts++) {
      editAtRandom(project, random);
      const command = random.of(commands);
      const delay = random.next() * usual;
      const { child, ended } = start(project, [...PAI, ...command]);
      await Promise.race([sleep(delay), ended]);
      child.kill('SIGKILL');
      const end = await ended;
      expectNoBug(end, `${command.join(' ')}\n${end.stdout}${end.stderr}`);
      if (end.signal === 'SIGKILL') killed++;
      history.push(`${command.join(' ')}, ${end.signal ?? 'to its end'} after ${Math.round(end.took)} ms`);
      if (starts % LOOK !== LOOK - 1) continue;
      const run = await expectRight(project, `look after start ${starts + 1}\n${history.splice(0).join('\n')}`);
      usual = (usual + 1.1 * run.took) / 2;
    }
    await expectTidy(project);
  } finally {
    project.remove();
  }
});

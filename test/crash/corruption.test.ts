import {
  appendFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { editAtRandom } from './edits.js';
import { expectNoBug, expectRight, pai } from './pai.js';
import { CrashProject } from './project.js';
import { type Random, seeded } from './random.js';

type Damage = (file: string, random: Random) => void;

const DAMAGES: Readonly<Record<string, Damage>> = {
  'cut off': (file, random) => truncateSync(file, random.below(statSync(file).size + 1)),
  emptied: (file) => truncateSync(file),
  'bytes flipped': (file, random) => {
    const bytes = readFileSync(file);
    for (let count = 1 + random.below(4); count > 0 && bytes.length > 0; count--) {
      const at = random.below(bytes.length);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << random.below(8));
    }
    writeFileSync(file, bytes);
  },
  'lines lost': (file, random) => {
    const lines = readFileSync(file, 'latin1').split('\n');
    lines.splice(random.below(lines.length), 1 + random.below(2));
    writeFileSync(file, lines.join('\n'), 'latin1');
  },
  'zeros behind it': (file) => appendFileSync(file, Buffer.alloc(4096)),
  'something else': (file, random) => writeFileSync(file, random.of(['null', '{}', '[]', '7', '"x"', '\0'.repeat(99)])),
  gone: (file) => rmSync(file),
  'a folder': (file) => {
    rmSync(file);
    mkdirSync(path.join(file, 'folder'), { recursive: true });
    writeFileSync(path.join(file, 'file'), 'x');
  },
};

/** Ways in which a file of each kind is damaged. */
const WAYS = Number(process.env.PAI_CRASH_WAYS ?? 3);

/** Files of .cache by what they are for. */
const KINDS: Readonly<Record<string, RegExp>> = {
  state: /^local-state$/,
  snapshot: /^snapshot$/,
  durations: /^durations\.json$/,
  texts: /^part-texts$/,
  lock: /^lock\/\d+$/,
  'manifest of the bundle': /^paifile\/manifest\.json$/,
  bundle: /^paifile\/.*\.mjs$/,
  'cached object': /^outputs\/v1\/objects\//,
  'cached entry': /^outputs\/v1\/entries\//,
  'growth of the cache': /^outputs\/v1\/growth$/,
  'hits of the cache': /^outputs\/v1\/hits$/,
  journal: /^runs\/.*\/events\.ndjson$/,
  log: /^runs\/.*\/logs\//,
};

for (const [kind, pattern] of Object.entries(KINDS)) {
  it(`${kind}: damaged in any way, the next run is right`, async () => {
    const random = seeded(`damage, ${kind}`);
    const project = new CrashProject();
    try {
      await expectRight(project, 'first run');
      for (const file of project.outputs()) rmSync(project.at(file));
      await expectRight(project, 'outputs put back');
      for (const [way, damage] of random.some(Object.entries(DAMAGES), WAYS)) {
        const files = readdirSync(project.cache, { recursive: true, encoding: 'utf8' }).filter(
          (file) => pattern.test(file) && statSync(path.join(project.cache, file)).isFile(),
        );
        if (files.length === 0) throw new Error(`nothing of kind ${kind}`);
        const file = random.of(files);
        if (random.chance(0.5)) editAtRandom(project, random);
        damage(path.join(project.cache, file), random);
        const what = `${file}: ${way}`;
        const looks = await Promise.all(
          [['history'], ['show'], ['logs', 'a0'], ['why', 'a0'], ['plan', 'all']].map((args) => pai(project, ...args)),
        );
        for (const look of looks) {
          expectNoBug(look, `${what}\n${look.stdout}${look.stderr}`);
          expect(look.signal, what).toBe(null);
        }
        // So that outputs come from the cache, and others are kept in it.
        if (kind.includes('cache')) {
          for (const output of project.outputs()) rmSync(project.at(output));
          project.setValue('a3', random.below(1_000_000));
        }
        const run = await expectRight(project, what);
        const warnings = run.stderr.split('\n').filter((line) => line !== '' && !/^the last run /.test(line));
        expect(warnings.length, `${what}\n${run.stderr}`).toBeLessThan(2);
        if (warnings.length > 0) expect(warnings[0], what).toMatch(/^warning: /);
      }
    } finally {
      project.remove();
    }
  });
}

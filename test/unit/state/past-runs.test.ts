import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { findRun, findTarget } from '../../../src/state/find-run.js';
import { type PastRun, readRun, runIds } from '../../../src/state/past-runs.js';
import { newRunId } from '../../../src/state/run-id.js';
import { eventsOfRun, journalIn } from './helpers.js';

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(path.join(tmpdir(), 'pai-past-'));
});
afterEach(() => {
  rmSync(cache, { recursive: true });
});

const idAt = (minute: number): string => newRunId(new Date(Date.UTC(2026, 0, 1, 0, minute)));

/** Records a run; returns its id. */
function record(minute: number, count = Number.POSITIVE_INFINITY): string {
  const id = idAt(minute);
  const journal = journalIn(cache, id);
  for (const event of eventsOfRun(id).slice(0, count)) journal.sink(event);
  journal.close();
  return id;
}

const eventsOf = (id: string): string => path.join(cache, 'runs', id, 'events.ndjson');
const names = (run: PastRun): string[] => run.targets.map(({ name, outcome }) => `${name} ${outcome}`);

/** Makes the record one of a process that is gone. */
function kill(id: string): void {
  const text = readFileSync(eventsOf(id), 'utf8');
  writeFileSync(eventsOf(id), text.replace(/"boot":"[^"]*"/, '"boot":"an earlier one"'));
}

describe('a recorded run', () => {
  test('is told with its command line, times, counts, and what each target did and why', () => {
    const id = record(1);
    expect(readRun(cache, id)).toEqual({
      id,
      directory: path.join(cache, 'runs', id),
      commandLine: 'pai run workers',
      began: 1000,
      ended: 4000,
      ending: 'failed',
      counts: { ran: 1, fresh: 1, failed: 1, skipped: 1 },
      targets: [
        {
          name: 'ok',
          outcome: 'ran',
          reasons: [{ kind: 'never-applied' }],
          began: 2002,
          seconds: 1.5,
          log: path.join(cache, 'runs', id, 'logs/ok.log'),
        },
        {
          name: 'bad',
          outcome: 'failed',
          reasons: [{ kind: 'forced' }],
          began: 3503,
          seconds: 0.1,
          error: { code: 'HOST_SCRIPT', message: 'exit 3', next: 'Look.' },
        },
        { name: 'late', outcome: 'skipped', reasons: [{ kind: 'never-applied' }], because: 'bad' },
      ],
      damaged: 0,
    });
  });

  test('runs while its process does, and died when that is gone without an end', () => {
    const id = record(1, 6);
    expect(readRun(cache, id)).toMatchObject({
      ending: 'running',
      counts: { ran: 1, fresh: 1, failed: 0, skipped: 0 },
    });
    expect(names(readRun(cache, id))).toEqual(['ok ran', 'bad started', 'late waiting']);
    kill(id);
    expect(readRun(cache, id).ending).toBe('died');
  });

  test('of a process that can not be seen from here is neither', () => {
    const id = record(1, 6);
    writeFileSync(eventsOf(id), readFileSync(eventsOf(id), 'utf8').replace(/"host":"[^"]*"/, '"host":"elsewhere"'));
    expect(readRun(cache, id).ending).toBe('unknown');
  });

  test('that was interrupted says so', () => {
    const id = record(1);
    writeFileSync(
      eventsOf(id),
      readFileSync(eventsOf(id), 'utf8').replace('"interrupted":false', '"interrupted":true'),
    );
    expect(readRun(cache, id).ending).toBe('interrupted');
  });

  test.each<[string, string]>([
    ['no JSON', '{"type":"target-st'],
    ['no object', '7'],
    ['of no type', '{"at":1}'],
    ['without what its type has', '{"type":"target-start","at":1}'],
    ['with reasons that are none', '{"type":"target-start","at":1,"target":"x","reasons":[{"kind":"changed"}]}'],
    [
      'with an error that is none',
      '{"type":"target-end","at":1,"target":"x","outcome":"failed","seconds":1,"error":{}}',
    ],
  ])('passes over a line that is %s, and counts it', (_, line) => {
    const id = record(1);
    const whole = readRun(cache, id);
    const lines = readFileSync(eventsOf(id), 'utf8').split('\n');
    lines.splice(3, 0, line);
    writeFileSync(eventsOf(id), lines.join('\n'));
    expect(readRun(cache, id)).toEqual({ ...whole, damaged: 1 });
  });

  test('passes over lines of later versions in silence', () => {
    const id = record(1);
    const whole = readRun(cache, id);
    appendFileSync(eventsOf(id), '{"type":"something-new","at":1}\n');
    expect(readRun(cache, id)).toEqual(whole);
  });

  test('without its file is told as damaged', () => {
    const id = record(1);
    rmSync(eventsOf(id));
    expect(readRun(cache, id)).toMatchObject({ ending: 'died', targets: [], damaged: 1 });
  });

  test('can be read whatever bytes are cut off, changed or put in', () => {
    const id = record(1);
    const whole = readFileSync(eventsOf(id));
    const damage = fc.record({ at: fc.nat(whole.length), cut: fc.nat(200), put: fc.uint8Array({ maxLength: 20 }) });
    fc.assert(
      fc.property(fc.array(damage, { minLength: 1, maxLength: 3 }), (damages) => {
        let bytes = whole;
        for (const { at, cut, put } of damages) {
          bytes = Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]);
        }
        writeFileSync(eventsOf(id), bytes);
        const run = readRun(cache, id);
        expect(run.id).toBe(id);
        // What is told of a target is what was written of it, or less.
        if (bytes.equals(whole)) expect(run.damaged).toBe(0);
      }),
    );
  });

  test('torn at any byte, as by kill -9, tells what came before and counts at most the torn line', () => {
    const id = record(1);
    const whole = readFileSync(eventsOf(id));
    const all = names(readRun(cache, id));
    for (let length = 0; length < whole.length; length += 7) {
      writeFileSync(eventsOf(id), whole.subarray(0, length));
      const run = readRun(cache, id);
      expect(run.damaged).toBeLessThanOrEqual(1);
      expect(all.map((line) => line.split(' ')[0])).toEqual(
        expect.arrayContaining(run.targets.map(({ name }) => name)),
      );
      if (run.ending === 'failed') expect(names(run)).toEqual(all);
    }
  });
});

describe('finding a run', () => {
  test('lists runs newest first, and nothing else', () => {
    const ids = [1, 2, 3].map((minute) => record(minute));
    mkdirSync(path.join(cache, 'runs/.removed-x'));
    writeFileSync(path.join(cache, 'runs/note.txt'), '');
    expect(runIds(cache)).toEqual(ids.reverse());
    expect(runIds(path.join(cache, 'nowhere'))).toEqual([]);
  });

  test('takes last, an id, or the beginning of one', () => {
    const [first = '', second = ''] = [record(1), record(2)];
    expect(findRun(cache, 'last').id).toBe(second);
    expect(findRun(cache, first).id).toBe(first);
    expect(findRun(cache, '20260101-0001').id).toBe(first);
  });

  test('refuses a beginning that several share, and names them', () => {
    const ids = [1, 2, 3, 4, 5, 6, 7].map((minute) => record(minute)).reverse();
    expect(() => findRun(cache, '20260101')).toThrow(
      expect.objectContaining({ code: 'USAGE', details: [...ids.slice(0, 5), 'and 2 more'], exitCode: 2 }),
    );
    expect(() => findRun(cache, '')).toThrow(expect.objectContaining({ code: 'UNKNOWN_NAME' }));
  });

  test('tells the nearest for one that is not there', () => {
    const id = record(1);
    const typo = id.replace('20260101', '20260102');
    expect(() => findRun(cache, typo)).toThrow(
      expect.objectContaining({ code: 'UNKNOWN_NAME', message: `there is no run ${typo}; did you mean ${id}?` }),
    );
    expect(() => findRun(cache, 'lats')).toThrow('there is no run lats; did you mean last?');
  });

  test('says so when there is none at all', () => {
    expect(() => findRun(cache, 'last')).toThrow(expect.objectContaining({ code: 'UNKNOWN_NAME', exitCode: 2 }));
  });
});

describe('finding a target', () => {
  test('takes the newest run in which it began to work', () => {
    const first = record(1);
    const second = record(2, 5);
    expect(findTarget(cache, 'ok').run.id).toBe(second);
    expect(findTarget(cache, 'bad').run.id).toBe(first);
    expect(findTarget(cache, 'ok', { run: first }).run.id).toBe(first);
  });

  test('prefers one that will come in a run at work, when asked', () => {
    const first = record(1);
    const second = record(2, 5);
    expect(findTarget(cache, 'bad', { coming: true }).run.id).toBe(second);
    kill(second);
    expect(findTarget(cache, 'bad', { coming: true }).run.id).toBe(first);
  });

  test('tells the nearest for one that never ran', () => {
    const id = record(1);
    expect(() => findTarget(cache, 'bd')).toThrow('bd did not run in any run that is kept; did you mean bad?');
    expect(() => findTarget(cache, 'okk', { run: 'last' })).toThrow(`okk did not run in run ${id}; did you mean ok?`);
  });
});

describe('a run that is killed', () => {
  test('at any moment leaves a record that can be read: it died, and what it tells is true', async () => {
    const bundle = path.join(cache, 'run.mjs');
    const program = `
      import { eventsOfRun, journalIn } from ${JSON.stringify(path.join(import.meta.dirname, 'helpers.ts'))};
      for (let minute = 0; ; minute++) {
        const id = '20261125-' + String(minute).padStart(6, '0') + '-000-0a1b2c';
        const journal = journalIn(process.argv[2], id);
        for (const event of eventsOfRun(id)) journal.sink(event);
        if (minute === 20) process.stdout.write('at work');
        journal.close();
      }`;
    await build({
      stdin: { contents: program, loader: 'ts', resolveDir: import.meta.dirname },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: bundle,
    });
    let died = 0;
    for (let round = 0; round < 15; round++) {
      const folder = path.join(cache, `round-${round}`);
      mkdirSync(folder);
      const child = spawn(process.execPath, [bundle, folder], { stdio: ['ignore', 'pipe', 'inherit'] });
      await once(child.stdout, 'data');
      // Anywhere in the few milliseconds that some runs take.
      await new Promise((resolve) => setTimeout(resolve, Math.random() * 5));
      child.kill('SIGKILL');
      await once(child, 'close');
      const ids = runIds(folder);
      expect(ids.length).toBeGreaterThan(15);
      expect(ids.length).toBeLessThanOrEqual(51);
      for (const [index, id] of ids.entries()) {
        const run = readRun(folder, id);
        if (index > 0) expect(run).toMatchObject({ ending: 'failed', damaged: 0 });
        else if (run.ending !== 'failed') died++;
        expect(['failed', 'died']).toContain(run.ending);
        expect(['ok', 'bad', 'late']).toEqual(expect.arrayContaining(run.targets.map(({ name }) => name)));
      }
    }
    // Else this test kills at a harmless moment only.
    expect(died).toBeGreaterThan(0);
  }, 60_000);
});

import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { build } from 'esbuild';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createJournal } from '../../../src/state/journal.js';
import { thisProcess } from '../../../src/state/process-identity.js';
import { isRunId, newRunId } from '../../../src/state/run-id.js';
import { entry, eventsOfRun, journalIn } from './helpers.js';

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(path.join(tmpdir(), 'pai-journal-'));
});
afterEach(() => {
  chmodSync(cache, 0o700);
  rmSync(cache, { recursive: true });
});

const mode = (file: string): number => statSync(file).mode & 0o777;
const start = { type: 'target-start', at: 1, target: 'a', reasons: [] } as const;

function linesOf(directory: string): { type: string; [key: string]: unknown }[] {
  const text = readFileSync(path.join(directory, 'events.ndjson'), 'utf8');
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
}

describe('the journal', () => {
  test('keeps the command line, the events, and what a target says in its own log', () => {
    const id = newRunId(new Date());
    const journal = journalIn(cache, id);
    const end = { type: 'target-end', at: 2, target: 'host:h1', outcome: 'ran', seconds: 1 } as const;
    journal.sink({ type: 'target-log', at: 1, target: 'host:h1', line: 'installing' });
    journal.sink(end);
    journal.note('host:h1', 'Error: a stack\n    at somewhere');
    journal.close();

    const header = {
      type: 'journal',
      format: 1,
      run: id,
      began: 1000,
      commandLine: 'pai run workers',
      process: thisProcess(),
    };
    expect(linesOf(journal.directory)).toEqual([header, end]);
    const log = journal.logPath('host:h1') ?? '';
    expect(readFileSync(log, 'utf8')).toBe('installing\nError: a stack\n    at somewhere\n');
  });

  test('of a run that finds nothing to do is not made at all', () => {
    const journal = journalIn(cache);
    journal.sink({ type: 'run-start', at: 1, run: 'r', command: 'run', targets: ['a'] });
    journal.sink({ type: 'plan', at: 2, entries: [entry('a', 'fresh')] });
    journal.sink({ type: 'target-end', at: 3, target: 'a', outcome: 'fresh', seconds: 0 });
    const counts = { ran: 0, fresh: 1, failed: 0, skipped: 0, seconds: 1 };
    journal.sink({ type: 'run-end', at: 4, run: 'r', interrupted: false, ...counts });
    journal.close();
    expect(readdirSync(cache)).toEqual([]);
  });

  test('has what came before the first thing worth a record, and only counts what is fresh', () => {
    const journal = journalIn(cache);
    journal.sink({ type: 'run-start', at: 1, run: 'r', command: 'run', targets: ['a'] });
    journal.sink({ type: 'plan', at: 2, entries: [entry('a', 'fresh'), entry('b', 'stale'), entry('c', 'fresh')] });
    journal.close();
    const [, first, plan] = linesOf(journal.directory);
    expect(first).toMatchObject({ type: 'run-start' });
    expect(plan).toEqual({ type: 'plan', at: 2, entries: [entry('b', 'stale')], fresh: 2 });
  });

  test('can be read by nobody else', () => {
    const journal = journalIn(cache);
    journal.note('pki', 'x');
    journal.close();
    expect(mode(journal.directory)).toBe(0o700);
    expect(mode(path.join(journal.directory, 'events.ndjson'))).toBe(0o600);
    expect(mode(journal.logPath('pki') ?? '')).toBe(0o600);
  });

  test('has every event on disk before the run goes on', () => {
    const journal = journalIn(cache);
    journal.sink(start);
    expect(linesOf(journal.directory).at(-1)).toEqual(start);
    journal.close();
  });

  test('takes nothing more once it is closed', () => {
    const journal = journalIn(cache);
    journal.sink(start);
    journal.close();
    journal.close();
    journal.sink({ ...start, target: 'b' });
    journal.note('a', 'late');
    expect(linesOf(journal.directory)).toHaveLength(2);
    expect(readdirSync(path.join(journal.directory, 'logs'))).toEqual([]);
  });

  test('never writes outside of its folder, whatever a target is called', () => {
    const journal = journalIn(cache);
    for (const name of ['../../evil', 'worker:node-1.example']) journal.note(name, 'x');
    journal.close();
    const logs = path.join(journal.directory, 'logs');
    expect(readdirSync(logs).sort()).toEqual(['..%2F..%2Fevil.log', 'worker:node-1.example.log']);
    expect(journal.logPath('worker:node-1.example')).toBe(path.join(logs, 'worker:node-1.example.log'));
  });

  test('tells of no log where a target said nothing', () => {
    const journal = journalIn(cache);
    journal.sink(start);
    expect(journal.logPath('a')).toBeUndefined();
    journal.close();
  });

  test('names this very process: another with its number is another', () => {
    const identity = thisProcess();
    expect(identity.pid).toBe(process.pid);
    expect(identity).toEqual(thisProcess());
  });
});

describe('a journal that can not be written', () => {
  /** Everything that a run tells; none of it may throw. */
  function tellAll(warnings: string[]): void {
    const id = newRunId(new Date());
    const journal = journalIn(cache, id, warnings);
    for (const event of eventsOfRun(id)) journal.sink(event);
    journal.note('ok', 'a stack');
    journal.close();
  }

  test('because a file stands where its folder must be costs the record and one warning', () => {
    writeFileSync(path.join(cache, 'runs'), 'mine');
    const warnings: string[] = [];
    tellAll(warnings);
    expect(warnings).toEqual([expect.stringMatching(/^this run is not recorded any further: E(EXIST|NOTDIR)/)]);
    expect(readFileSync(path.join(cache, 'runs'), 'utf8')).toBe('mine');
  });

  const isRoot = process.getuid?.() === 0;
  const why = isRoot ? ' (skipped: root may write anywhere)' : '';
  test.skipIf(isRoot)(`because the cache is read-only costs the record and one warning${why}`, () => {
    chmodSync(cache, 0o500);
    const warnings: string[] = [];
    tellAll(warnings);
    expect(warnings).toEqual([expect.stringContaining('EACCES')]);
  });

  test('because the log of a target can not be opened keeps what was written, and the end', () => {
    const id = newRunId(new Date());
    const warnings: string[] = [];
    const journal = journalIn(cache, id, warnings);
    const events = eventsOfRun(id);
    journal.sink(start);
    rmSync(path.join(journal.directory, 'logs'), { recursive: true });
    for (const event of events) journal.sink(event);
    journal.close();
    expect(warnings).toHaveLength(1);
    const text = readFileSync(path.join(journal.directory, 'events.ndjson'), 'utf8');
    expect(text.trimEnd().split('\n').at(-1)).toBe(JSON.stringify(events.at(-1)));
  });

  // On a file system of its own, in a mount namespace of its own; needs root.
  const canMount = spawnSync('unshare', ['-m', 'true']).status === 0;
  const whyNot = canMount ? '' : ' (skipped: mounts are not allowed here)';
  test.skipIf(!canMount).each([
    ['the disk is full', 'size=64k', 'ENOSPC', ['journal', 'run-start', 'plan', 'target-start', 'run-end']],
    ['the disk is read-only', 'ro', 'EROFS', []],
  ])(`because %s costs the rest of the record and one warning${whyNot}`, async (_, options, code, recorded) => {
    const disk = path.join(cache, 'disk');
    mkdirSync(disk);
    const program = `
      import { readFileSync } from 'node:fs';
      import { journalIn, eventsOfRun } from ${JSON.stringify(path.join(import.meta.dirname, 'helpers.ts'))};
      const warnings = [];
      const [first, ...events] = eventsOfRun('20261125-000000-000-0a1b2c');
      const journal = journalIn(process.argv[2], '20261125-000000-000-0a1b2c', warnings);
      journal.sink(first);
      for (const event of events.slice(0, 2)) journal.sink(event);
      for (let line = 0; line < 5000; line++) journal.note('ok', 'x'.repeat(80));
      for (const event of events) journal.sink(event);
      journal.close();
      let record = '';
      try { record = readFileSync(journal.directory + '/events.ndjson', 'utf8'); } catch {}
      console.log(JSON.stringify({ warnings, record }));`;
    const bundle = path.join(cache, 'tell.mjs');
    await build({
      stdin: { contents: program, loader: 'ts', resolveDir: import.meta.dirname },
      bundle: true,
      platform: 'node',
      format: 'esm',
      outfile: bundle,
    });
    const script = 'mount -t tmpfs -o "$1" none "$2" && exec "$3" "$4" "$2"';
    const argv = ['-m', 'sh', '-c', script, 'sh', options, disk, process.execPath, bundle];
    const { stdout, stderr } = spawnSync('unshare', argv);
    expect(stderr.toString()).toBe('');
    const { warnings, record } = JSON.parse(stdout.toString());
    expect(warnings).toEqual([expect.stringContaining(code)]);
    const types = record.split('\n').flatMap((line: string) => (line === '' ? [] : JSON.parse(line).type));
    expect(types).toEqual(recorded);
  });
});

describe('old runs', () => {
  const idAt = (minute: number): string => newRunId(new Date(Date.UTC(2026, 0, 1, 0, minute)));
  const later = (): string => newRunId(new Date(Date.UTC(2026, 0, 2)));

  /** Makes a record by hand: of a process, with or without an end. */
  function record(id: string, process: object, ended: boolean): void {
    const directory = path.join(cache, 'runs', id);
    mkdirSync(path.join(directory, 'logs'), { recursive: true });
    const header = { type: 'journal', format: 1, run: id, began: 1, commandLine: 'pai', process };
    const end = '{"type":"run-end","at":2,"ran":0,"fresh":0,"failed":0,"skipped":0,"interrupted":false}\n';
    writeFileSync(path.join(directory, 'events.ndjson'), `${JSON.stringify(header)}\n${ended ? end : ''}`);
  }

  function addRun(): string {
    const id = later();
    const journal = journalIn(cache, id);
    journal.sink(start);
    journal.close();
    return id;
  }

  test('are removed but for the newest 50; what is no run is left alone', () => {
    const runs = path.join(cache, 'runs');
    const old = Array.from({ length: 60 }, (_, index) => idAt(index));
    for (const id of old) mkdirSync(path.join(runs, id, 'logs'), { recursive: true });
    writeFileSync(path.join(runs, 'note.txt'), 'mine');
    const id = addRun();
    expect(readdirSync(runs).sort()).toEqual([...old.slice(11), id, 'note.txt'].sort());
  });

  test('are kept while they run', async () => {
    const sleeper = spawn('sleep', ['60']);
    await once(sleeper, 'spawn');
    const identity = { ...thisProcess(), pid: sleeper.pid };
    const stat = readFileSync(`/proc/${sleeper.pid}/stat`, 'utf8');
    const started = stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
    const ids = Array.from({ length: 60 }, (_, index) => idAt(index));
    const [running = '', ended = '', sameNumber = '', rebooted = '', elsewhere = '', ...rest] = ids;
    record(running, { ...identity, started }, false);
    record(ended, { ...identity, started }, true);
    record(sameNumber, { ...identity, started: '1' }, false);
    record(rebooted, { ...identity, started, boot: 'another' }, false);
    record(elsewhere, { ...identity, host: 'another' }, false);
    for (const id of rest) record(id, identity, true);
    addRun();
    const left = new Set(readdirSync(path.join(cache, 'runs')));
    expect([running, ended, sameNumber, rebooted, elsewhere].map((id) => left.has(id))).toEqual([
      true,
      false,
      false,
      false,
      true,
    ]);
    sleeper.kill();
    await once(sleeper, 'exit');
  });

  test('half removed by a crash are removed, and never read', () => {
    const half = path.join(cache, 'runs', `.removed-${idAt(1)}`);
    mkdirSync(path.join(half, 'logs'), { recursive: true });
    addRun();
    expect(existsSync(half)).toBe(false);
  });

  test('are not touched by a run that leaves no record', () => {
    for (let minute = 0; minute < 55; minute++) record(idAt(minute), thisProcess(), true);
    createJournal(cache, { runId: later(), commandLine: 'pai', began: 0, warn: () => undefined }).close();
    expect(readdirSync(path.join(cache, 'runs'))).toHaveLength(55);
  });
});

describe('newRunId', () => {
  test('sorts by time and is never the same twice', () => {
    const times = [0, 1, 999, 60_000, 86_400_000].map((offset) => new Date(Date.UTC(2026, 10, 23) + offset));
    const ids = times.map((time) => newRunId(time));
    expect([...ids].sort()).toEqual(ids);
    expect(new Set(Array.from({ length: 200 }, () => newRunId(new Date(0)))).size).toBe(200);
    expect(ids.every(isRunId)).toBe(true);
  });

  test('is in UTC', () => {
    expect(newRunId(new Date(Date.UTC(2026, 10, 23, 9, 41, 50, 123)))).toMatch(/^20261123-094150-123-[0-9a-f]{6}$/);
  });
});

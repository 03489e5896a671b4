import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { createJournal } from '../../../src/state/journal.js';
import { isRunId, newRunId } from '../../../src/state/run-id.js';

let cache: string;
beforeEach(() => {
  cache = mkdtempSync(path.join(tmpdir(), 'pai-journal-'));
});
afterEach(() => {
  rmSync(cache, { recursive: true });
});

const mode = (file: string): number => statSync(file).mode & 0o777;

describe('the journal', () => {
  test('keeps events as lines of JSON, and what a target says in its own log', () => {
    const journal = createJournal(cache, newRunId(new Date()));
    const end = { type: 'target-end', at: 2, target: 'host:h1', outcome: 'ran', seconds: 1 } as const;
    journal.sink({ type: 'target-log', at: 1, target: 'host:h1', line: 'installing' });
    journal.sink(end);
    journal.note('host:h1', 'Error: a stack\n    at somewhere');
    journal.close();

    const lines = readFileSync(path.join(journal.directory, 'events.ndjson'), 'utf8').trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([end]);
    expect(readFileSync(journal.logPath('host:h1'), 'utf8')).toBe('installing\nError: a stack\n    at somewhere\n');
  });

  test('can be read by nobody else', () => {
    const journal = createJournal(cache, newRunId(new Date()));
    journal.note('pki', 'x');
    journal.close();
    expect(mode(journal.directory)).toBe(0o700);
    expect(mode(path.join(journal.directory, 'events.ndjson'))).toBe(0o600);
    expect(mode(journal.logPath('pki'))).toBe(0o600);
  });

  test('has every event on disk before the run goes on', () => {
    const journal = createJournal(cache, newRunId(new Date()));
    journal.sink({ type: 'target-start', at: 1, target: 'a', reasons: [] });
    expect(readFileSync(path.join(journal.directory, 'events.ndjson'), 'utf8')).toContain('"target-start"');
    journal.close();
  });

  test('takes nothing more once it is closed', () => {
    const journal = createJournal(cache, newRunId(new Date()));
    journal.close();
    journal.close();
    journal.sink({ type: 'target-start', at: 1, target: 'a', reasons: [] });
    journal.note('a', 'late');
    expect(readFileSync(path.join(journal.directory, 'events.ndjson'), 'utf8')).toBe('');
    expect(readdirSync(path.join(journal.directory, 'logs'))).toEqual([]);
  });

  test('never writes outside of its folder, whatever a target is called', () => {
    const journal = createJournal(cache, newRunId(new Date()));
    expect(path.dirname(journal.logPath('../../evil'))).toBe(path.join(journal.directory, 'logs'));
    expect(path.basename(journal.logPath('worker:node-1.example'))).toBe('worker:node-1.example.log');
    journal.close();
  });

  test('keeps the newest 50 runs, and leaves alone what is no run', () => {
    const runs = path.join(cache, 'runs');
    const old = Array.from({ length: 60 }, (_, index) => newRunId(new Date(Date.UTC(2026, 0, 1, 0, index))));
    for (const id of old) mkdirSync(path.join(runs, id, 'logs'), { recursive: true });
    writeFileSync(path.join(runs, 'note.txt'), 'mine');
    const id = newRunId(new Date(Date.UTC(2026, 0, 2)));
    createJournal(cache, id).close();
    expect(readdirSync(runs).sort()).toEqual([...old.slice(11), id, 'note.txt'].sort());
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

import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { RunEvent } from '../../../src/model/events.js';
import type { Journal } from '../../../src/state/journal.js';
import { followLog, LineTail, readLog } from '../../../src/state/log-tail.js';
import { readRun } from '../../../src/state/past-runs.js';
import { newRunId } from '../../../src/state/run-id.js';
import { eventsOfRun, journalIn } from './helpers.js';

let cache: string;
let id: string;
let journal: Journal;
let events: readonly RunEvent[];
beforeEach(() => {
  cache = mkdtempSync(path.join(tmpdir(), 'pai-tail-'));
  id = newRunId(new Date());
  journal = journalIn(cache, id);
  events = eventsOfRun(id);
  // Up to the plan: a run at work.
  for (const event of events.slice(0, 2)) journal.sink(event);
});
afterEach(() => {
  journal.close();
  rmSync(cache, { recursive: true });
});

/** Follows the log of a target; `told` grows. */
function follow(target: string): { told: string[]; done: Promise<string>; stop(): void } {
  const told: string[] = [];
  const stop = new AbortController();
  const done = followLog(cache, readRun(cache, id), target, (line) => told.push(line), stop.signal);
  return { told, done, stop: () => stop.abort() };
}

const say = (target: string, line: string): void => journal.sink({ type: 'target-log', at: 1, target, line });

/** Waits until something is so. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}

describe('following a log', () => {
  test('tells what is there, what is added, and ends with the target', async () => {
    journal.sink({ type: 'target-start', at: 1, target: 'ok', reasons: [] });
    say('ok', 'before');
    const following = follow('ok');
    await until(() => following.told.length === 1);
    say('ok', 'while');
    await until(() => following.told.length === 2);
    say('ok', 'last');
    journal.sink({ type: 'target-end', at: 2, target: 'ok', outcome: 'ran', seconds: 1 });
    expect(await following.done).toBe('running');
    expect(following.told).toEqual(['before', 'while', 'last']);
  });

  test('waits for a target that has not begun', async () => {
    const following = follow('bad');
    say('ok', 'of another');
    journal.sink({ type: 'target-end', at: 2, target: 'ok', outcome: 'ran', seconds: 1 });
    say('bad', 'begun');
    await until(() => following.told.length === 1);
    for (const event of events.slice(5)) journal.sink(event);
    expect(await following.done).toBe('failed');
    expect(following.told).toEqual(['begun']);
  });

  test('ends when the process of the run is gone', async () => {
    const following = follow('ok');
    say('ok', 'then it died');
    const file = path.join(journal.directory, 'events.ndjson');
    writeFileSync(file, readFileSync(file, 'utf8').replace(/"boot":"[^"]*"/, '"boot":"an earlier one"'));
    expect(await following.done).toBe('died');
    expect(following.told).toEqual(['then it died']);
  });

  test('ends when it is told to', async () => {
    const following = follow('ok');
    following.stop();
    expect(await following.done).toBe('running');
  });
});

describe('reading a log', () => {
  test('gives all lines, the last without its end too, and none where there is no log', () => {
    say('ok', 'one\ntwo');
    appendFileSync(journal.logPath('ok') ?? '', 'torn');
    expect(readLog(readRun(cache, id), 'ok')).toEqual(['one', 'two', 'torn']);
    expect(readLog(readRun(cache, id), 'bad')).toEqual([]);
  });

  test('gives a line once it is whole, however its bytes come', () => {
    const file = path.join(cache, 'log');
    const tail = new LineTail(file);
    expect(tail.read()).toEqual([]);
    const bytes = Buffer.from('größer\nzwei\n');
    const lines: string[] = [];
    for (const byte of bytes) {
      appendFileSync(file, Buffer.from([byte]));
      lines.push(...tail.read());
    }
    expect(lines).toEqual(['größer', 'zwei']);
  });
});

import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import type { RunEvent } from '../../../src/model/events.js';
import type { PlanEntry } from '../../../src/model/plan.js';
import { createJournal } from '../../../src/state/journal.js';
import { lastRun, readRun } from '../../../src/state/last-run.js';

const OLD = '20261123-094150-123-0a1b2c';
const NEW = '20261124-094150-123-0a1b2c';

async function cacheFolder(): Promise<string> {
  const folder = await mkdtemp(path.join(tmpdir(), 'pai-last-run-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

const start = (command: 'run' | 'clean' = 'run'): RunEvent => ({
  type: 'run-start',
  at: 1,
  run: 'r',
  command,
  targets: [],
});
const entry = (name: string, state: PlanEntry['state']): PlanEntry => ({
  name,
  state,
  reasons: [],
  mayBeCutOff: false,
});
const begin = (target: string): RunEvent => ({ type: 'target-start', at: 1, target, reasons: [] });
const end = (target: string, outcome: 'ran' | 'fresh' | 'failed' | 'skipped'): RunEvent => ({
  type: 'target-end',
  at: 1,
  target,
  outcome,
  seconds: 1,
});

function record(cache: string, run: string, events: readonly RunEvent[]): void {
  const journal = createJournal(cache, { runId: run, commandLine: 'pai run', began: 1, warn: () => undefined });
  for (const event of events) journal.sink(event);
  journal.close();
}

describe('the last run', () => {
  test('tells what did not come to a good end, however it broke off', async () => {
    const cache = await cacheFolder();
    const plan: RunEvent = {
      type: 'plan',
      at: 1,
      entries: [
        entry('fresh', 'fresh'),
        ...['ran', 'cut off', 'failed', 'skipped', 'at work', 'not reached'].map((name) => entry(name, 'stale')),
        entry('unknown', 'unknown'),
      ],
    };
    const ends = [end('ran', 'ran'), end('cut off', 'fresh'), end('failed', 'failed'), end('skipped', 'skipped')];
    record(cache, NEW, [start(), plan, begin('ran'), begin('failed'), begin('at work'), ...ends]);
    expect(await lastRun(cache)).toEqual({
      run: NEW,
      open: ['failed', 'skipped', 'at work', 'not reached', 'unknown'],
      unfinished: new Set(['at work']),
    });
  });

  test('is the newest that was a run and can be read', async () => {
    const cache = await cacheFolder();
    expect(await lastRun(cache)).toBeUndefined();
    record(cache, OLD, [start(), { type: 'plan', at: 1, entries: [entry('a', 'stale')] }]);
    record(cache, NEW, [start('clean')]);
    const broken = path.join(cache, 'runs/20261125-094150-123-0a1b2c');
    await mkdir(broken);
    await mkdir(path.join(cache, 'runs/something else'));
    await writeFile(path.join(broken, 'events.ndjson'), '{"type":"run-st');
    expect(await lastRun(cache)).toMatchObject({ run: OLD, open: ['a'] });
    expect(await readRun(cache, '../../etc')).toBeUndefined();
  });

  test('is told up to a line that is cut off', async () => {
    const cache = await cacheFolder();
    record(cache, NEW, [start(), { type: 'plan', at: 1, entries: [entry('a', 'stale')] }, begin('a')]);
    await writeFile(path.join(cache, 'runs', NEW, 'events.ndjson'), '{"type":"target-end","at":1,"targ', { flag: 'a' });
    expect(await lastRun(cache)).toMatchObject({ open: ['a'], unfinished: new Set(['a']) });
  });

  test.each([
    '{"type":"plan"}',
    '{"type":"plan","at":1,"fresh":0,"entries":[7]}',
    '{"type":"target-end"}',
    '[]',
    '5',
    '"x"',
  ])('passes over %s, which is JSON and yet no line of a journal', async (line) => {
    const cache = await cacheFolder();
    record(cache, NEW, [start(), { type: 'plan', at: 1, entries: [entry('a', 'stale')] }, begin('a')]);
    await writeFile(path.join(cache, 'runs', NEW, 'events.ndjson'), `${line}\n`, { flag: 'a' });
    expect(await lastRun(cache)).toEqual({ run: NEW, open: ['a'], unfinished: new Set(['a']) });
  });
});

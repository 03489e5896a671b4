import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/model/events.js';
import { Profile } from '../../../src/report/profile.js';
import { at, BEGAN } from './events.js';

interface TraceEvent {
  readonly ph: string;
  readonly name: string;
  readonly ts: number;
  readonly dur: number;
  readonly pid: number;
  readonly tid: number;
  readonly args: Record<string, unknown>;
}

function trace(...events: readonly RunEvent[]): TraceEvent[] {
  const profile = new Profile('pai run services', BEGAN);
  for (const event of events) profile.tell(event);
  const json: { traceEvents: TraceEvent[] } = JSON.parse(profile.toJson());
  return json.traceEvents;
}

/** What the trace event format asks of each event, and what Perfetto can show: spans of a thread never overlap. */
function expectValid(events: readonly TraceEvent[]): void {
  const ends = new Map<number, number>();
  const threads = new Set<number>();
  for (const event of events) {
    expect(typeof event.name).toBe('string');
    expect(Number.isInteger(event.pid) && Number.isInteger(event.tid)).toBe(true);
    if (event.ph === 'M') {
      if (event.name === 'thread_name') threads.add(event.tid);
      expect(typeof event.args.name).toBe('string');
      continue;
    }
    expect(Number.isInteger(event.ts) && event.ts >= 0).toBe(true);
    if (event.ph === 'C') expect(event.args.targets).toBeGreaterThanOrEqual(0);
    else expect(['X', 'i']).toContain(event.ph);
    expect(threads).toContain(event.tid);
  }
  const spans = events.filter(({ ph }) => ph === 'X').toSorted((a, b) => a.ts - b.ts || a.dur - b.dur);
  for (const { tid, ts, dur } of spans) {
    expect(Number.isInteger(dur) && dur >= 0).toBe(true);
    expect(ts).toBeGreaterThanOrEqual(ends.get(tid) ?? 0);
    ends.set(tid, ts + dur);
  }
}

describe('Profile', () => {
  it('has a lane for each target that runs at a time, planning, and how many run', () => {
    const events = trace(
      at(1).runStart(),
      at(1).plan({ a: [], b: [], c: ['a'], d: [] }),
      at(1).start('a'),
      at(1).start('b'),
      at(2).end('a'),
      at(2).start('c'),
      at(4).end('c', { outcome: 'failed', error: { code: 'X', message: 'no' } }),
      at(3).end('b'),
      at(4).end('d', { outcome: 'skipped', because: 'c' }),
      at(4).runEnd({ ran: 2, failed: 1, skipped: 1 }),
    );
    expectValid(events);
    const spans = events.filter(({ ph }) => ph === 'X');
    expect(spans.map(({ name, tid, ts, dur }) => [name, tid, ts, dur])).toEqual([
      ['planning', 0, 0, 1_000_000],
      ['a', 1, 1_000_000, 1_000_000],
      ['c', 1, 2_000_000, 2_000_000],
      // The clock was set back while b ran.
      ['b', 2, 1_000_000, 3_000_000],
    ]);
    expect(spans[2]?.args).toEqual({ reasons: 'never applied', outcome: 'failed', error: 'X: no', critical: true });
    expect(spans[0]?.args).toEqual({ fresh: 0, stale: 4, unknown: 0 });
    expect(events.filter(({ ph }) => ph === 'C').map(({ args }) => args.targets)).toEqual([1, 2, 1, 2, 1, 0]);
    expect(events.find(({ ph }) => ph === 'i')).toMatchObject({
      name: 'd',
      args: { outcome: 'skipped', because: 'c' },
    });
    const names = events.filter(({ ph }) => ph === 'M').map(({ args }) => args.name);
    expect(names).toEqual(['pai run services', 'pai', 'lane 1', 'lane 2']);
  });

  it('ends what has not ended where the events end', () => {
    const events = trace(at(1).runStart(), at(1).plan({ a: [] }), at(2).start('a'), at(5).log('a', 'x'));
    expectValid(events);
    expect(events.at(-1)).toMatchObject({ name: 'a', ts: 2_000_000, dur: 3_000_000, args: { outcome: 'unfinished' } });
  });

  it('is valid whatever happens, and uses no more lanes than there were targets at a time', () => {
    const steps = fc.array(
      fc.record({ start: fc.boolean(), which: fc.nat(), passed: fc.integer({ min: -500, max: 2000 }) }),
    );
    fc.assert(
      fc.property(steps, (all) => {
        const events: RunEvent[] = [at(1).runStart(), at(1).plan({})];
        const running: string[] = [];
        let most = 0;
        let seconds = 1;
        for (const [index, { start, which, passed }] of all.entries()) {
          seconds += passed / 1000;
          if (start) {
            running.push(`t${index}`);
            events.push(at(seconds).start(`t${index}`));
            most = Math.max(most, running.length);
          } else {
            const [ended] = running.splice(which % Math.max(1, running.length), 1);
            if (ended !== undefined) events.push(at(seconds).end(ended));
          }
        }
        const traced = trace(...events);
        expectValid(traced);
        expect(Math.max(0, ...traced.map(({ tid }) => tid))).toBe(most);
        const started = events.filter(({ type }) => type === 'target-start').length;
        expect(traced.filter(({ ph }) => ph === 'X')).toHaveLength(started + 1);
      }),
    );
  });
});

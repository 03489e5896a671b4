import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/model/events.js';
import type { PlanEntry, State } from '../../../src/model/plan.js';
import { jsonReporter } from '../../../src/report/json.js';
import { plainReporter } from '../../../src/report/plain.js';

const began = 1_000_000;
const neverApplied = [{ kind: 'never-applied' }] as const;

function entry(name: string, state: State): PlanEntry {
  return { name, state, reasons: state === 'fresh' ? [] : neverApplied, mayBeCutOff: false };
}

function start(command: 'run' | 'clean' = 'run'): RunEvent {
  return { type: 'run-start', at: began + 500, run: 'r1', command, targets: ['services'] };
}

function plan(...entries: PlanEntry[]): RunEvent {
  return { type: 'plan', at: began + 500, entries };
}

function targetStart(target: string): RunEvent {
  return { type: 'target-start', at: began + 600, target, reasons: neverApplied };
}

function targetEnd(target: string, more: Partial<Extract<RunEvent, { type: 'target-end' }>>): RunEvent {
  return { type: 'target-end', at: began + 700, target, outcome: 'ran', seconds: 12.34, ...more };
}

function log(target: string, line: string): RunEvent {
  return { type: 'target-log', at: began + 650, target, line };
}

function end(counts: Partial<Extract<RunEvent, { type: 'run-end' }>>): RunEvent {
  const none = { ran: 0, fresh: 0, failed: 0, skipped: 0, interrupted: false };
  return { type: 'run-end', at: began + 41_200, run: 'r1', seconds: 41.2, ...none, ...counts };
}

function told(events: readonly RunEvent[], verbose = false): string {
  let text = '';
  const report = plainReporter(
    (part) => {
      text += part;
    },
    { verbose, resume: 'pai run services' },
  );
  for (const event of events) report(event);
  return text;
}

describe('plainReporter', () => {
  it('tells a run that does something in one line a thing', () => {
    const text = told([
      start(),
      plan(entry('pki', 'fresh'), entry('host:h1', 'stale'), entry('service:x', 'stale')),
      targetStart('host:h1'),
      log('host:h1', 'installing'),
      targetEnd('host:h1', {}),
      targetEnd('service:x', { outcome: 'fresh' }),
      end({ ran: 1, fresh: 2 }),
    ]);
    expect(text).toBe(`2 to run, 1 fresh
run   host:h1  (never applied)
done  host:h1  12.3s
fresh service:x  (what it needs gave the same again)
1 ran, 2 fresh, 0 failed, 0 skipped in 41.2s
`);
  });

  it('tells one line when there is nothing to do, the time of looking included', () => {
    expect(told([start(), plan(entry('pki', 'fresh')), end({ fresh: 1 })])).toBe('nothing to do: 1 fresh in 41.2s\n');
  });

  it('shows what targets say only when asked', () => {
    expect(told([log('host:h1', 'installing')])).toBe('');
    expect(told([log('host:h1', 'installing')], true)).toBe('host:h1 | installing\n');
  });

  it('ends with every failure: its last lines, where, next, log, and how to resume', () => {
    const lines = Array.from({ length: 25 }, (_, index) => log('host:h1', `line ${index + 1}`));
    const error = { code: 'HOST_UNREACHABLE', message: 'h1 does not answer', where: 'host h1', next: 'Switch it on.' };
    const text = told([
      start(),
      plan(entry('host:h1', 'stale'), entry('worker:h1', 'stale')),
      targetStart('host:h1'),
      ...lines,
      targetEnd('host:h1', { outcome: 'failed', error, log: '/cache/host:h1.log' }),
      targetEnd('worker:h1', { outcome: 'skipped', because: 'host:h1' }),
      end({ failed: 1, skipped: 1 }),
    ]);
    expect(text.split('\n').slice(2, 10)).toEqual([
      'fail  host:h1  12.3s  h1 does not answer',
      'skip  worker:h1  (host:h1 failed)',
      '',
      'host:h1 failed',
      'error HOST_UNREACHABLE: h1 does not answer',
      '  at host h1',
      '  | line 6',
      '  | line 7',
    ]);
    expect(
      text.endsWith(`  | line 25
  next: Switch it on.
  log: /cache/host:h1.log

resume with: pai run services
0 ran, 0 fresh, 1 failed, 1 skipped in 41.2s
`),
    ).toBe(true);
  });

  it("prefers an error's own lines to the log's", () => {
    const error = { code: 'HOST_SCRIPT', message: 'exit 3', details: ['no space left'] };
    const text = told([log('a', 'far away'), targetEnd('a', { outcome: 'failed', error }), end({ failed: 1 })]);
    expect(text).toContain('  | no space left\n');
    expect(text).not.toContain('far away');
  });

  it('asks to report a bug of ours', () => {
    const error = { code: 'INTERNAL', message: 'x is undefined' };
    expect(told([targetEnd('a', { outcome: 'failed', error }), end({ failed: 1 })])).toContain('next: This is a bug;');
  });

  it('counts what is unknown', () => {
    expect(told([start(), plan(entry('a', 'unknown'), entry('b', 'stale'))])).toBe('1 to run, 0 fresh, 1 unknown\n');
  });

  it('tells that a run was interrupted, also when nothing had started', () => {
    expect(told([start(), end({ interrupted: true, skipped: 2 })])).toBe(
      '\nresume with: pai run services\ninterrupted: 0 ran, 0 fresh, 0 failed, 2 skipped in 41.2s\n',
    );
  });

  it('tells a clean in words of its own', () => {
    const cleaned = [start('clean'), targetStart('a'), targetEnd('a', {}), end({ ran: 1 })];
    expect(told(cleaned)).toBe('clean a  (never applied)\ndone  a  12.3s\n1 cleaned, 0 failed, 0 skipped in 41.2s\n');
    expect(told([start('clean'), end({ fresh: 2 })])).toBe('nothing to do: nothing there in 41.2s\n');
  });

  it('lets no output of a host move the cursor or forge a line', () => {
    const text = told([log('a', '\u001b[2J\u001b[1;31mred\u001b[0m\r\ndone  b  0.1s\u0007')], true);
    expect(text).toBe('a | red done  b  0.1s\n');
  });
});

describe('jsonReporter', () => {
  it('writes each event as it is, one a line', () => {
    const events = [start(), log('a', 'two\nlines'), end({})];
    let text = '';
    const report = jsonReporter((part) => {
      text += part;
    });
    for (const event of events) report(event);
    const lines = text.split('\n');
    expect(lines.pop()).toBe('');
    expect(lines.map((line) => JSON.parse(line))).toEqual(events);
  });
});

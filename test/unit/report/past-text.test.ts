import { describe, expect, it } from 'vitest';
import { formatHistory, formatPastTarget, formatRun } from '../../../src/report/past-text.js';
import type { PastRun, PastTarget } from '../../../src/state/past-runs.js';

// Local time, whatever the zone of the machine.
const began = new Date(2026, 10, 25, 13, 40, 50).getTime();

function pastRun(more: Partial<PastRun>): PastRun {
  return {
    id: '20261125-134050-123-0a1b2c',
    directory: '/p/.cache/runs/20261125-134050-123-0a1b2c',
    commandLine: 'pai run services',
    began,
    ended: began + 58_500,
    ending: 'ok',
    counts: { ran: 2, fresh: 10, failed: 0, skipped: 0 },
    targets: [],
    damaged: 0,
    ...more,
  };
}

const ran: PastTarget = {
  name: 'host:h1',
  outcome: 'ran',
  reasons: [
    { kind: 'changed', parts: [{ name: 'script', change: 'changed', before: 'a'.repeat(64), after: 'b'.repeat(64) }] },
  ],
  began: began + 1000,
  seconds: 12.34,
  log: '/p/host:h1.log',
};
const failed: PastTarget = {
  name: 'pki',
  outcome: 'failed',
  reasons: [{ kind: 'never-applied' }],
  began: began + 1000,
  seconds: 0.1,
  error: { code: 'PKI', message: 'no key\u001b[2J', next: 'Make one.' },
};
const skipped: PastTarget = { name: 'worker:h1', outcome: 'skipped', reasons: [], because: 'pki' };

describe('formatHistory', () => {
  it('has a line for each run', () => {
    const failedRun = pastRun({
      id: '20261124-000000-000-ffffff',
      commandLine: 'pai clean workers',
      ended: began + 500,
      ending: 'failed',
      counts: { ran: 1, fresh: 0, failed: 1, skipped: 3 },
    });
    const { ended: _, ...endless } = pastRun({ ending: 'died', counts: { ran: 0, fresh: 0, failed: 0, skipped: 0 } });
    expect(formatHistory([pastRun({}), failedRun, endless])).toBe(
      `run                         began                took   ended   targets                     command
20261125-134050-123-0a1b2c  2026-11-25 13:40:50  58.5s  ok      2 ran, 10 fresh             pai run services
20261124-000000-000-ffffff  2026-11-25 13:40:50  0.5s   failed  1 ran, 1 failed, 3 skipped  pai clean workers
20261125-134050-123-0a1b2c  2026-11-25 13:40:50  -      died    0 ran                       pai run services
`,
    );
  });

  it('says which records are damaged, and when there is none', () => {
    expect(formatHistory([pastRun({ damaged: 2 })])).toContain(
      '\n\ndamaged, so not all of it can be told: 20261125-134050-123-0a1b2c\n',
    );
    expect(formatHistory([])).toBe('no runs yet (those that find nothing to do are not recorded)\n');
  });
});

describe('formatRun', () => {
  it('has why each target ran, how long, how it ended, and where its log is', () => {
    const run = pastRun({ ending: 'failed', targets: [ran, failed, skipped], damaged: 1 });
    expect(formatRun(run)).toBe(`run 20261125-134050-123-0a1b2c
  pai run services
  began 2026-11-25 13:40:50, took 58.5s, failed: 2 ran, 10 fresh
  /p/.cache/runs/20261125-134050-123-0a1b2c
  1 line of its record can't be read, so there may have been more

ran       host:h1      12.3s  changed: script
            changed script  aaaaaaaaaaaa -> bbbbbbbbbbbb
            log: /p/host:h1.log
failed    pki           0.1s  never applied
          error PKI: no key
            next: Make one.
skipped   worker:h1           pki failed
`);
  });

  it('tells what a run that died cut short, and what one at work has before it', () => {
    const targets: PastTarget[] = [
      { name: 'a', outcome: 'started', reasons: [{ kind: 'forced' }], began },
      { name: 'b', outcome: 'waiting', reasons: [{ kind: 'need-stale', target: 'a' }] },
    ];
    expect(formatRun(pastRun({ ending: 'died', targets }))).toContain(`
cut short a           forced
not begun b           needs a
`);
    expect(formatRun(pastRun({ ending: 'running', targets }))).toContain(`, is running: 2 ran, 10 fresh
  /p/.cache/runs/20261125-134050-123-0a1b2c

running   a           forced
waiting   b           needs a
`);
  });
});

describe('formatPastTarget', () => {
  it('is one line', () => {
    const line = formatPastTarget(pastRun({}), ran);
    expect(line).toBe('host:h1 ran in 12.3s, 2026-11-25 13:40:51, run 20261125-134050-123-0a1b2c\n');
    expect(formatPastTarget(pastRun({}), skipped)).toBe('worker:h1 skipped, run 20261125-134050-123-0a1b2c\n');
  });
});

import { afterEach, describe, expect, it, vi } from 'vitest';
import type { RunEvent } from '../../../src/model/events.js';
import type { OpenReporter } from '../../../src/report/reporter.js';
import { colourStyle, plainStyle } from '../../../src/report/style.js';
import { type TtyOptions, ttyReporter } from '../../../src/report/tty.js';
import { at, BEGAN } from './events.js';
import { VirtualTerminal, type VirtualTerminalOptions } from './virtual-terminal.js';

afterEach(() => {
  vi.useRealTimers();
});

interface Watched {
  readonly terminal: VirtualTerminal;
  readonly reporter: OpenReporter;
  /** Tells events at their times. */
  tell(...events: readonly RunEvent[]): void;
  /** Lets time pass until so many seconds after the command's call. */
  until(seconds: number): void;
}

function watch(options: VirtualTerminalOptions, more: Partial<TtyOptions> = {}): Watched {
  vi.useRealTimers();
  vi.useFakeTimers({ now: BEGAN });
  const terminal = new VirtualTerminal(options);
  const resume = 'pai run services';
  const reporter = ttyReporter(terminal, { style: plainStyle, verbose: false, began: BEGAN, resume, ...more });
  const until = (seconds: number): void => {
    vi.advanceTimersByTime(Math.max(0, BEGAN + Math.round(seconds * 1000) - Date.now()));
  };
  const tell = (...events: readonly RunEvent[]): void => {
    for (const event of events) {
      until((event.at - BEGAN) / 1000);
      reporter.tell(event);
    }
  };
  return { terminal, reporter, tell, until };
}

const WIDE = { columns: 80, rows: 24 };
const BEFORE = { pki: [], 'host:h1': [], 'master:h1': ['pki', 'host:h1'], 'worker:h1': ['master:h1'] };
const BEGINNING = [
  at(1).runStart(),
  at(1).plan(BEFORE, ['kubectl']),
  at(1).start('pki'),
  at(1).start('host:h1'),
  at(2).log('host:h1', 'Unpacking docker-ce'),
  at(3).end('pki', { seconds: 2 }),
];

describe('ttyReporter', () => {
  it('shows planning while it takes time', () => {
    const { terminal, until } = watch(WIDE);
    until(0.2);
    expect(terminal.writes).toEqual([]);
    until(2.5);
    expect(terminal.screen()).toEqual(['planning  2s']);
    expect(terminal.cursorVisible).toBe(true);
  });

  it('shows what is done, what runs with its time and last words, what waits, and how far it is', () => {
    const { terminal, tell, until } = watch(WIDE);
    tell(...BEGINNING);
    until(4.5);
    expect(terminal.screen()).toEqual([
      '4 to run, 1 fresh',
      'done  pki  2.0s',
      'run   host:h1 3s  Unpacking docker-ce',
      'wait  master:h1, worker:h1',
      '[#####...............]  1/4  1 running  2 waiting  4s',
    ]);
    expect(terminal.cursorVisible).toBe(false);
  });

  it('shows why a target runs until it says something', () => {
    const { terminal, tell, until } = watch(WIDE);
    tell(at(1).runStart(), at(1).plan({ a: [] }), at(1).start('a'));
    until(2);
    expect(terminal.screen()[1]).toBe('run   a 1s  (never applied)');
  });

  it.each([
    [20, ['host:h1 3s', '1/4  1 running  4s']],
    [30, ['host:h1 3s', '1/4  1 running  2 waiting  4s']],
    [44, ['run   host:h1 3s  Unpacking docker-ce', 'wait  master:h1, worker:h1', '1/4  1 running  2 waiting  4s']],
  ])('is right in %i columns', (columns, lines) => {
    const { terminal, tell, until } = watch({ columns, rows: 24 });
    tell(...BEGINNING);
    until(4.5);
    expect(terminal.screen()).toEqual(['4 to run, 1 fresh', 'done  pki  2.0s', ...lines]);
    expect(terminal.overflow).toBe('');
  });

  it('never has more lines than there is room, and tells how many are left out', () => {
    const { terminal, tell, until } = watch({ columns: 60, rows: 9 });
    const names = Array.from({ length: 12 }, (_, index) => `t${index}`);
    tell(at(1).runStart(), at(1).plan(Object.fromEntries(names.map((name) => [name, []]))));
    for (const name of names.slice(0, 9)) tell(at(1).start(name));
    until(2.5);
    expect(terminal.screen()).toEqual([
      '12 to run, 0 fresh',
      'run   t0 1s  (never applied)',
      'run   t1 1s  (never applied)',
      'run   t2 1s  (never applied)',
      'and 6 more running',
      'wait  t9, t10, t11',
      '[....................]  0/12  9 running  3 waiting  2s',
    ]);
  });

  it.each([1, 2, 3])('is at peace with %i rows', (rows) => {
    const { terminal, tell, until } = watch({ columns: 60, rows });
    tell(...BEGINNING);
    until(4);
    expect(terminal.screen().length).toBeLessThanOrEqual(rows);
    tell(at(5).runEnd({ ran: 1 }));
    expect(terminal.history().filter((line) => line.startsWith('done'))).toEqual(['done  pki  2.0s']);
  });

  it('cuts at what people see as one character, whatever its width', () => {
    const { terminal, tell, until } = watch({ columns: 41, rows: 24 });
    tell(at(1).runStart(), at(1).plan({ a: [] }), at(1).start('a'), at(1).log('a', '漢字'.repeat(20)));
    until(2);
    expect(terminal.screen()[1]).toBe(`run   a 1s  ${'漢字'.repeat(6)}漢…`);
    tell(at(2).log('a', 'e\u0301'.repeat(50)));
    until(3);
    expect(terminal.screen()[1]).toBe(`run   a 2s  ${'e\u0301'.repeat(27)}…`);
    expect(terminal.overflow).toBe('');
  });

  it('lets no output move the cursor, and shows the last state of a line that is written over itself', () => {
    const { terminal, tell, until } = watch(WIDE);
    tell(at(1).runStart(), at(1).plan({ a: [] }), at(1).start('a'));
    tell(at(1).log('a', '\x1b[2J\x1b[31m10%\r\x1b]0;title\x0720%\tof \x9b5Aall\r'));
    until(2);
    expect(terminal.screen()[1]).toBe('run   a 1s  20% of all');
  });

  it('shows as it goes how many failed and how many were skipped for it', () => {
    const { terminal, tell, until } = watch(WIDE);
    tell(...BEGINNING, at(3).end('host:h1', { outcome: 'failed' }));
    tell(at(3).end('master:h1', { outcome: 'skipped', because: 'host:h1' }));
    until(4);
    expect(terminal.screen().at(-1)).toBe('[###############.....]  3/4  0 running  1 waiting  1 failed  1 skipped  4s');
  });

  it('ends with failures, their last lines, the critical path and the counts, and leaves nothing else', () => {
    const { terminal, tell } = watch(WIDE);
    tell(...BEGINNING);
    const error = { code: 'HOST_SCRIPT', message: 'exited with 3', where: 'host h1' };
    tell(at(5).end('host:h1', { outcome: 'failed', seconds: 4, error }));
    tell(at(5).end('master:h1', { outcome: 'skipped', seconds: 0, because: 'host:h1' }));
    tell(at(5).end('worker:h1', { outcome: 'skipped', seconds: 0, because: 'host:h1' }));
    tell(at(5).runEnd({ ran: 1, fresh: 1, failed: 1, skipped: 2 }));
    expect(terminal.history()).toEqual([
      '4 to run, 1 fresh',
      'done  pki  2.0s',
      'fail  host:h1  4.0s  exited with 3',
      'skip  master:h1  (host:h1 failed)',
      'skip  worker:h1  (host:h1 failed)',
      '',
      'host:h1 failed',
      'error HOST_SCRIPT: exited with 3',
      '  at host h1',
      '  | Unpacking docker-ce',
      '',
      'critical path',
      '    0.5s  planning',
      '    4.0s  host:h1',
      '',
      'resume with: pai run services',
      '1 ran, 1 fresh, 1 failed, 2 skipped in 5.0s',
    ]);
    expect(terminal.cursorVisible).toBe(true);
    expect(terminal.listening).toBe(0);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('tells one line when there is nothing to do, and moves no cursor for it', () => {
    const { terminal, tell, until } = watch(WIDE);
    tell(at(0.1).runStart(), at(0.1).plan({}, ['a']), at(0.2).runEnd({ fresh: 1 }));
    until(5);
    expect(terminal.screen()).toEqual(['nothing to do: 1 fresh in 0.2s']);
    expect(terminal.writes).toHaveLength(1);
  });

  it('shows all that targets say, when asked', () => {
    const { terminal, tell, until } = watch(WIDE, { verbose: true });
    tell(at(1).runStart(), at(1).plan({ a: [] }), at(1).start('a'), at(1).log('a', 'one'), at(1).log('a', 'two'));
    until(2);
    expect(terminal.screen().slice(0, 4)).toEqual([
      '1 to run, 0 fresh',
      'run   a  (never applied)',
      'a | one',
      'a | two',
    ]);
  });

  it('says between its lines what belongs to no event', () => {
    const { terminal, tell, until, reporter } = watch(WIDE);
    tell(at(1).runStart(), at(1).plan({ a: [] }), at(1).start('a'));
    until(2);
    reporter.say('stopping when what runs is done\n');
    until(3);
    expect(terminal.screen().slice(0, 3)).toEqual([
      '1 to run, 0 fresh',
      'stopping when what runs is done',
      'run   a 2s  (never applied)',
    ]);
  });
});

describe('the screen', () => {
  it('is written at most ten times a second, and each time whole', () => {
    const { terminal, tell, until } = watch(WIDE);
    tell(at(1).runStart(), at(1).plan({ a: [] }), at(1).start('a'));
    for (let index = 0; index < 1000; index++) tell(at(1 + index / 500).log('a', `line ${index}`));
    until(3);
    expect(terminal.writes.length).toBeGreaterThan(15);
    expect(terminal.writes.length).toBeLessThanOrEqual(30);
  });

  it('is written once a second while nothing but time goes on, and only where it changed', () => {
    const { terminal, tell, until } = watch(WIDE);
    tell(at(1).runStart(), at(1).plan({ a: [], b: [] }), at(1).start('a'), at(1).log('a', 'working'));
    until(2);
    terminal.writes.length = 0;
    until(12);
    expect(terminal.writes).toHaveLength(10);
    for (const write of terminal.writes) expect(write).not.toContain('wait  b');
  });

  it('follows a window that becomes narrower or wider', () => {
    for (const reflows of [true, false]) {
      const { terminal, tell, until } = watch({ ...WIDE, reflows });
      tell(...BEGINNING);
      until(3.5);
      terminal.resize(25, 24);
      until(4.5);
      const narrow = ['4 to run, 1 fresh', 'done  pki  2.0s', 'host:h1 3s', '1/4  1 running  4s'];
      expect(terminal.screen()).toEqual(narrow);
      terminal.resize(80, 24);
      until(5.5);
      expect(terminal.screen()[4]).toBe('[#####...............]  1/4  1 running  2 waiting  5s');
      terminal.resize(80, 3);
      until(5.8);
      const [first, second] = ['run   host:h1 4s  Unpacking docker-ce', '1/4  1 running  2 waiting  5s'];
      expect(terminal.screen()).toEqual([first, expect.stringContaining(second)]);
      until(6.5);
      expect(terminal.screen()).toEqual([
        'run   host:h1 5s  Unpacking docker-ce',
        '[#####...............]  1/4  1 running  2 waiting  6s',
      ]);
    }
  });

  it('is left in order when the process ends early', () => {
    const { terminal, tell, until } = watch(WIDE);
    tell(...BEGINNING);
    until(4);
    tell(at(4).end('host:h1'));
    terminal.happen('exit');
    expect(terminal.cursorVisible).toBe(true);
    expect(terminal.screen()).toEqual(['4 to run, 1 fresh', 'done  pki  2.0s', 'done  host:h1  1.0s']);
    until(9);
    expect(terminal.screen()).toHaveLength(3);
  });

  it('is left in order while the process is suspended, and drawn again below what came between', () => {
    const { terminal, tell, until } = watch(WIDE);
    tell(...BEGINNING);
    until(4);
    terminal.happen('suspend');
    expect(terminal.cursorVisible).toBe(true);
    expect(terminal.screen()).toEqual(['4 to run, 1 fresh', 'done  pki  2.0s']);
    terminal.write('[1]+  Stopped\n$ fg\n');
    terminal.happen('resume');
    until(5.5);
    expect(terminal.screen().slice(2, 5)).toEqual(['[1]+  Stopped', '$ fg', 'run   host:h1 4s  Unpacking docker-ce']);
    expect(terminal.cursorVisible).toBe(false);
  });

  it('stays whole when somebody else in the process writes', () => {
    const { terminal, tell, until, reporter } = watch(WIDE);
    tell(...BEGINNING);
    until(4);
    terminal.disturb('a task uses the \x1b[31mconsole\x1b[39m\x1b[2J');
    until(4.5);
    const [first, second, third, fourth] = terminal.screen();
    expect([first, second, third]).toEqual(['4 to run, 1 fresh', 'done  pki  2.0s', 'a task uses the console']);
    expect(fourth).toBe('run   host:h1 3s  Unpacking docker-ce');
    reporter.close();
    terminal.disturb('afterwards');
    expect(terminal.screen().at(-1)).toBe('afterwards');
  });

  it('belongs to an interactive target until that ends', () => {
    const { terminal, tell, until } = watch(WIDE);
    tell(at(1).runStart(), at(1).plan({ a: [], b: [] }), at(1).start('b'));
    until(2);
    tell(at(2).start('a'), { type: 'terminal-taken', at: BEGAN + 2000, target: 'a' });
    expect(terminal.screen()).toEqual(['2 to run, 0 fresh']);
    expect(terminal.cursorVisible).toBe(true);
    const before = terminal.writes.length;
    tell(at(5).end('b'));
    expect(terminal.writes.length).toBe(before);
    terminal.disturb('really? yes');
    tell({ type: 'terminal-released', at: BEGAN + 6000, target: 'a' }, at(6).end('a'), at(6).runEnd({ ran: 2 }));
    expect(terminal.history()).toEqual(
      expect.arrayContaining([
        'really? yes',
        'done  b  1.0s',
        'done  a  1.0s',
        '2 ran, 0 fresh, 0 failed, 0 skipped in 6.0s',
      ]),
    );
  });

  it('belongs to whoever pauses it, also to the end', () => {
    const { terminal, tell, until, reporter } = watch(WIDE);
    tell(...BEGINNING);
    until(4);
    const goOn = reporter.pause();
    const before = terminal.writes.length;
    tell(at(6).end('host:h1'));
    expect(terminal.writes.length).toBe(before);
    reporter.close();
    goOn();
    expect(terminal.screen().at(-1)).toBe('done  host:h1  1.0s');
  });

  it('is coloured, when asked, without taking more columns', () => {
    const plain = watch({ columns: 50, rows: 24 });
    plain.tell(...BEGINNING);
    plain.until(4.5);
    const coloured = watch({ columns: 50, rows: 24 }, { style: colourStyle });
    coloured.tell(...BEGINNING);
    coloured.until(4.5);
    expect(coloured.terminal.screen()).toEqual(plain.terminal.screen());
    expect(coloured.terminal.writes.join('')).toContain('\x1b[32mdone\x1b[39m  pki');
    expect(plain.terminal.writes.join('')).not.toContain('\x1b[32m');
  });
});

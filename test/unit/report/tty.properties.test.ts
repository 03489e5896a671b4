import fc from 'fast-check';
import { afterEach, expect, it, vi } from 'vitest';
import type { Outcome } from '../../../src/model/events.js';
import { colourStyle, plainStyle } from '../../../src/report/style.js';
import { ttyReporter } from '../../../src/report/tty.js';
import { at, BEGAN } from './events.js';
import { VirtualTerminal } from './virtual-terminal.js';

afterEach(() => {
  vi.useRealTimers();
});

const OUTCOMES: readonly Outcome[] = ['ran', 'fresh', 'failed', 'skipped'];

/** What happens next; targets are chosen by what is possible then. */
type Happening =
  | { readonly kind: 'start' | 'pause' | 'go on'; readonly which: number }
  | { readonly kind: 'log'; readonly which: number; readonly line: string }
  | { readonly kind: 'end'; readonly which: number; readonly outcome: Outcome }
  | { readonly kind: 'say'; readonly line: string }
  | { readonly kind: 'resize'; readonly columns: number; readonly rows: number }
  | { readonly kind: 'wait'; readonly milliseconds: number };

const which = fc.nat(1000);
/** Letters of all widths, and what would break a screen. Joined emoji only where the window keeps its size: terminals differ. */
const letters = (joined: boolean) =>
  fc.constantFrom(
    ...[
      'a',
      'Z',
      ' ',
      '\t',
      '\r',
      '\x1b[2J',
      '\x1b[5A',
      '\x07',
      '\u009b3A',
      '\n',
      '漢',
      'ｆ',
      'か',
      '한',
      'é',
      'e\u0301',
    ],
    ...['😀', '❤️', '\u200b', '\u202e', '\u2028', '\u00ad', 'ß', '\ud800', '\x1b]8;;http://x\x07'],
    ...(joined ? ['👩‍👩‍👧‍👦', '🇩🇪', '👍🏽'] : []),
  );
const text = (joined: boolean) => fc.array(letters(joined), { maxLength: 60 }).map((all) => all.join(''));
const columns = fc.integer({ min: 2, max: 130 });
const rows = fc.integer({ min: 1, max: 40 });

function happenings(resizes: boolean): fc.Arbitrary<Happening[]> {
  const options: fc.Arbitrary<Happening>[] = [
    fc.record({ kind: fc.constantFrom('start', 'start', 'pause', 'go on'), which }),
    fc.record({ kind: fc.constant('log'), which, line: text(!resizes) }),
    fc.record({ kind: fc.constant('end'), which, outcome: fc.constantFrom(...OUTCOMES) }),
    fc.record({ kind: fc.constant('say'), line: fc.constantFrom('cancelling', 'stopping when what runs is done') }),
    fc.record({ kind: fc.constant('wait'), milliseconds: fc.nat(2500) }),
  ];
  if (resizes) options.push(fc.record({ kind: fc.constant('resize'), columns, rows }));
  return fc.array(fc.oneof(...options), { maxLength: 120 });
}

interface Played {
  readonly terminal: VirtualTerminal;
  readonly ended: ReadonlyMap<string, Outcome>;
  readonly said: number;
}

function play(terminal: VirtualTerminal, count: number, what: readonly Happening[], coloured: boolean): Played {
  vi.useRealTimers();
  vi.useFakeTimers({ now: BEGAN });
  const style = coloured ? colourStyle : plainStyle;
  const reporter = ttyReporter(terminal, { style, verbose: false, began: BEGAN, resume: 'pai run' });
  const now = () => at((Date.now() - BEGAN) / 1000);
  const waiting = Array.from({ length: count }, (_, index) => `target-${index}`);
  const running: string[] = [];
  const ended = new Map<string, Outcome>();
  const pauses: (() => void)[] = [];
  let said = 0;
  const end = (target: string, outcome: Outcome): void => {
    ended.set(target, outcome);
    reporter.tell(now().end(target, { outcome, ...(outcome === 'skipped' && { because: 'other' }) }));
  };
  reporter.tell(now().runStart());
  reporter.tell(now().plan(Object.fromEntries(waiting.map((name) => [name, []]))));
  for (const happening of what) {
    switch (happening.kind) {
      case 'start': {
        const [target] = waiting.splice(happening.which % Math.max(1, waiting.length), 1);
        if (target === undefined) break;
        running.push(target);
        reporter.tell(now().start(target));
        break;
      }
      case 'log': {
        const target = running[happening.which % Math.max(1, running.length)];
        if (target !== undefined) reporter.tell(now().log(target, happening.line));
        break;
      }
      case 'end': {
        const from = happening.outcome === 'skipped' ? waiting : running;
        const [target] = from.splice(happening.which % Math.max(1, from.length), 1);
        if (target !== undefined) end(target, happening.outcome);
        break;
      }
      case 'say':
        said++;
        reporter.say(`${happening.line}\n`);
        break;
      case 'pause':
        pauses.push(reporter.pause());
        break;
      case 'go on':
        pauses.pop()?.();
        break;
      case 'resize':
        terminal.resize(happening.columns, happening.rows);
        break;
      case 'wait':
        vi.advanceTimersByTime(happening.milliseconds);
    }
    const liveRows = terminal.screen().length;
    if (liveRows > terminal.size().rows) throw new Error(`${liveRows} rows on a screen of ${terminal.size().rows}`);
  }
  for (const target of running) end(target, 'ran');
  for (const target of waiting) end(target, 'skipped');
  reporter.tell(now().runEnd({ ran: ended.size }));
  reporter.close();
  return { terminal, ended, said };
}

const WORDS: Record<Outcome, string> = { ran: 'done ', fresh: 'fresh', failed: 'fail ', skipped: 'skip ' };

/** Every target that has ended is there once, in the words for its outcome; the cursor is there, and nobody listens any more. */
function expectEnded({ terminal, ended, said }: Played): void {
  const lines = terminal.history();
  // Not only at the start of lines: of a frame that became higher than its window, rows that nobody can reach may stay before.
  const told = lines.flatMap((line) =>
    Array.from(
      line.matchAll(/(done|fresh|fail|skip) +(target-\d+)(?=\D|$)/g),
      ([, word, target]) => `${word} ${target}`,
    ),
  );
  const expected = Array.from(ended, ([target, outcome]) => `${WORDS[outcome].trim()} ${target}`);
  expect(told.toSorted()).toEqual(expected.toSorted());
  expect(lines.filter((line) => /(stopping|cancelling)/.test(line))).toHaveLength(said);
  expect(lines.at(-1)).toMatch(/\d+ ran, .* in /);
  expect(terminal.cursorVisible).toBe(true);
  expect(terminal.listening).toBe(0);
  expect(vi.getTimerCount()).toBe(0);
}

it('whatever happens, no line is too wide, every target that ended is told once, and nothing else stays', () => {
  const run = fc.record({
    columns,
    rows,
    joins: fc.boolean(),
    coloured: fc.boolean(),
    count: fc.integer({ min: 1, max: 30 }),
    what: happenings(false),
  });
  fc.assert(
    fc.property(run, ({ count, what, coloured, ...options }) => {
      const played = play(new VirtualTerminal(options), count, what, coloured);
      expect(played.terminal.overflow).toBe('');
      expectEnded(played);
      const live = played.terminal
        .history()
        .filter((line) => /^(run |wait |and \d+ more|\[[#.]+\]|\d+\/\d+)/.test(line));
      expect(live).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

it.each([true, false])(
  'every target that ended is told once when the window changes its size (reflows: %s)',
  (reflows) => {
    // One that does not reflow cuts what does not fit, permanent lines too, so that there must be room for what is looked for.
    const wide = fc.integer({ min: reflows ? 2 : 60, max: 130 });
    const run = fc.record({
      columns: wide,
      rows,
      count: fc.integer({ min: 1, max: 30 }),
      what: happenings(true).map((all) =>
        all.map((one) => (one.kind === 'resize' && !reflows ? { ...one, columns: Math.max(60, one.columns) } : one)),
      ),
    });
    fc.assert(
      fc.property(run, ({ columns, rows, count, what }) => {
        expectEnded(play(new VirtualTerminal({ columns, rows, reflows }), count, what, true));
      }),
      { numRuns: 200 },
    );
  },
);

import { describe, expect, it } from 'vitest';
import type { PlanEntry, Reason, State } from '../../../src/model/plan.js';
import { diffPart } from '../../../src/report/part-diff.js';
import { causesOf, formatWhy } from '../../../src/report/why-text.js';

function plan(...entries: [name: string, state: State, ...reasons: Reason[]][]): Map<string, PlanEntry> {
  return new Map(
    entries.map(([name, state, ...reasons]) => [name, { name, state, reasons, mayBeCutOff: name === 'cut' }]),
  );
}

const changed: Reason = {
  kind: 'changed',
  parts: [
    { name: 'labels', change: 'changed', before: '0123456789abcdef', after: 'fedcba9876543210' },
    { name: 'file a.yaml', change: 'added', after: 'fedcba9876543210' },
    { name: 'b', change: 'removed', before: '0123456789abcdef' },
  ],
};

describe('formatWhy', () => {
  it('is one line for a fresh target', () => {
    expect(formatWhy('a', plan(['a', 'fresh']))).toBe('a is fresh\n');
  });

  it('has old and new digests of changed parts, shortened', () => {
    expect(formatWhy('a', plan(['a', 'stale', changed]))).toBe(`a is stale
  changed labels       0123456789ab -> fedcba987654
  added   file a.yaml  - -> fedcba987654
  removed b            0123456789ab -> -
`);
  });

  it('has both values of all that others changed', () => {
    const drift = Array.from({ length: 12 }, (_, index) => ({ object: 'Role a', field: `f${index}`, found: '"2"' }));
    const text = formatWhy(
      'a',
      plan(['a', 'stale', { kind: 'unhealthy', problem: 'Role a was changed by hand', drift }]),
    );
    expect(text).toContain('\n    Role a: f0 is "2", applied was nothing\n');
    expect(text).toContain('\n    Role a: f11 is "2", applied was nothing\n');
  });

  it('goes down to the root cause, and tells each target once', () => {
    const entries = plan(
      ['top', 'stale', { kind: 'need-stale', target: 'left' }, { kind: 'need-stale', target: 'right' }],
      ['left', 'stale', { kind: 'need-stale', target: 'root' }],
      ['right', 'stale', { kind: 'need-stale', target: 'root' }],
      ['root', 'stale', { kind: 'never-applied' }],
    );
    expect(formatWhy('top', entries)).toBe(`top is stale
  needs left
    left is stale
      needs root
        root is stale
          never applied
  needs right
    right is stale
      needs root
        root is stale (see above)
`);
    expect(causesOf(['left'], entries).map(({ name }) => name)).toEqual(['left', 'root']);
  });

  it('follows what a target is looked at through', () => {
    const entries = plan(
      ['service:x', 'unknown', { kind: 'not-asked', through: 'master:h1' }],
      ['master:h1', 'unknown', { kind: 'unreachable', problem: 'h1 does not answer', next: 'Switch it on.' }],
    );
    expect(formatWhy('service:x', entries)).toBe(`service:x is unknown
  not asked while master:h1 is not fresh
    master:h1 is unknown
      h1 does not answer
        next: Switch it on.
`);
  });

  it('has the diff of a changed part below it, as far as it is known, and only the beginning of a long one', async () => {
    const text = (content: string) => ({ kind: 'bytes', content: Buffer.from(content) }) as const;
    const lines = (word: string): string => Array.from({ length: 30 }, (_, index) => `${word} ${index}\n`).join('');
    const diffs = new Map([
      [
        'a',
        new Map([
          ['labels', await diffPart('changed', text('one\ntwo\n'), text('one\nTWO\n'))],
          ['file a.yaml', await diffPart('added', undefined, text(lines('new')))],
          ['b', await diffPart('removed', undefined, undefined)],
        ]),
      ],
    ]);
    const told = formatWhy('a', plan(['a', 'stale', changed]), { diffs }).split('\n');
    expect(told.slice(0, 7)).toEqual([
      'a is stale',
      '  changed labels       0123456789ab -> fedcba987654',
      '    @@ -1,2 +1,2 @@',
      '     one',
      '    -two',
      '    +TWO',
      '  added   file a.yaml  - -> fedcba987654',
    ]);
    expect(told.slice(-4)).toEqual([
      '    +new 29',
      '  removed b            0123456789ab -> -',
      '    (its text of last time is not kept)',
      '',
    ]);
    const long = new Map([
      ['a', new Map([['b', await diffPart('removed', text(lines('x') + lines('y')), undefined)]])],
    ]);
    expect(formatWhy('a', plan(['a', 'stale', changed]), { diffs: long })).toContain(
      '    -y 8\n    (21 more lines: pai diff a)\n',
    );
  });

  it('tells of many changed parts the first, and cuts long lines', async () => {
    const parts = Array.from({ length: 25 }, (_, index) => ({ name: `p${index}`, change: 'removed' as const }));
    const text = { kind: 'bytes', content: Buffer.from(`${'x'.repeat(1000)}\n`) } as const;
    const diffs = new Map([['a', new Map([['p0', await diffPart('removed', text, undefined)]])]]);
    const told = formatWhy('a', plan(['a', 'stale', { kind: 'changed', parts }]), { diffs }).split('\n');
    expect(told.slice(-3)).toEqual(['  removed p19  - -> -', '  and 5 more: pai diff a', '']);
    expect(told[3]).toBe(`    -${'x'.repeat(199)}...`);
  });

  it('ends a chain that nobody reads to its end', () => {
    const names = Array.from({ length: 5000 }, (_, index) => `t${index}`);
    const entries = names.map((name, index): [string, State, Reason] => {
      const next = names[index + 1];
      return [name, 'stale', next === undefined ? { kind: 'forced' } : { kind: 'need-stale', target: next }];
    });
    expect(formatWhy('t0', plan(...entries))).toMatch(/ {4}needs t41\n +t41 is stale\n +and so on: pai why t41\n$/);
  });

  it('says when a target may be cut off', () => {
    const entries = plan(['cut', 'stale', { kind: 'need-stale', target: 'gone' }]);
    expect(formatWhy('cut', entries)).toBe(`cut is stale
  runs only if what it needs gives another output
  needs gone
`);
  });
});

import { describe, expect, it } from 'vitest';
import type { RunEvent } from '../../../src/model/events.js';
import { explainingReporter } from '../../../src/report/explain.js';
import { explainReasons } from '../../../src/report/explain-reasons.js';
import { plainReporter } from '../../../src/report/plain.js';

describe('explainingReporter', () => {
  it('tells every reason on a line of its own, changed parts with old and new digests, instead of the short ones', () => {
    let text = '';
    const write = (part: string): void => {
      text += part;
    };
    const report = explainingReporter(plainReporter(write, { verbose: false, resume: 'pai run a' }), write);
    const part = (name: string) =>
      ({ name, change: 'changed', before: '0'.repeat(64), after: '1'.repeat(64) }) as const;
    const events: RunEvent[] = [
      {
        type: 'target-start',
        at: 1,
        target: 'a',
        reasons: [
          { kind: 'changed', parts: ['w', 'x', 'y', 'longer'].map(part) },
          { kind: 'unhealthy', problem: 'gone' },
        ],
      },
      { type: 'target-end', at: 2, target: 'a', outcome: 'ran', seconds: 1 },
    ];
    for (const event of events) report(event);
    expect(text).toBe(`run   a
        changed w       000000000000 -> 111111111111
        changed x       000000000000 -> 111111111111
        changed y       000000000000 -> 111111111111
        changed longer  000000000000 -> 111111111111
        not well: gone
done  a  1.0s
`);
  });

  it('names the target where the reporter shows no line of its start', () => {
    let text = '';
    const report = explainingReporter(
      () => undefined,
      (part) => {
        text += part;
      },
      true,
    );
    report({ type: 'target-start', at: 1, target: 'a', reasons: [{ kind: 'forced' }] });
    expect(text).toBe('run   a\n        forced\n');
  });

  it('does not drown what happens in thousands of parts', () => {
    const parts = Array.from({ length: 1000 }, (_, index) => ({ name: `p${index}`, change: 'added' as const }));
    const lines = explainReasons([{ kind: 'changed', parts }]);
    expect(lines).toHaveLength(21);
    expect(lines.at(-1)).toBe('and 980 more');
  });
});

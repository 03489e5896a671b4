import { describe, expect, it } from 'vitest';
import type { Reason } from '../../../src/model/plan.js';
import { describeReasons } from '../../../src/report/reasons.js';

const part = (name: string, change: 'added' | 'removed' | 'changed') => ({ name, change });

describe('describeReasons', () => {
  it.each<[string, readonly Reason[]]>([
    ['never applied', [{ kind: 'never-applied' }]],
    ['not finished last time', [{ kind: 'unfinished' }]],
    ['not well: kubelet is not running', [{ kind: 'unhealthy', problem: 'kubelet is\nnot running' }]],
    ['not asked while master:h1 is not fresh', [{ kind: 'not-asked', through: 'master:h1' }]],
    ['h1 does not answer', [{ kind: 'unreachable', problem: 'h1 does not answer' }]],
    [
      'changed: b; added: a; removed: c',
      [{ kind: 'changed', parts: [part('a', 'added'), part('b', 'changed'), part('c', 'removed')] }],
    ],
    [
      'changed: 1, 2, 3 and 2 more',
      [{ kind: 'changed', parts: ['1', '2', '3', '4', '5'].map((name) => part(name, 'changed')) }],
    ],
    [
      'forced; needs a, b',
      [{ kind: 'need-stale', target: 'a' }, { kind: 'need-stale', target: 'b' }, { kind: 'forced' }],
    ],
    ['always runs: it declares no inputs', [{ kind: 'no-inputs' }]],
    [
      'output missing: a, c; output changed by hand: b; output mode changed: d; output added by hand: e',
      [
        {
          kind: 'outputs',
          outputs: [
            { path: 'a', problem: 'missing' },
            { path: 'b', problem: 'changed' },
            { path: 'c', problem: 'missing' },
            { path: 'd', problem: 'mode' },
            { path: 'e', problem: 'added' },
          ],
        },
      ],
    ],
    ['', []],
  ])('says %j', (text, reasons) => {
    expect(describeReasons(reasons)).toBe(text);
  });
});

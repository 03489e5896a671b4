import { describe, expect, it } from 'vitest';
import { readAnswers } from '../../../src/ssh/observe.js';

const stamp = { format: 1, target: 'worker:h1', fingerprint: 'f', output: 'o', parts: { a: 'b' }, run: 'r' };
const looks = [
  { target: 'worker:h1', probe: '' },
  { target: 'etcd:h1', probe: '' },
];

function answers(...lines: readonly string[]) {
  return readAnswers([...lines, 'mark end', ''], 'mark', looks);
}

describe('readAnswers', () => {
  it('knows nothing of what was never applied', () => {
    expect(answers()).toEqual([
      { kind: 'known', present: false },
      { kind: 'known', present: false },
    ]);
  });

  it('reads stamp and contented probe', () => {
    const [worker] = answers(`worker%3Ah1:${JSON.stringify(stamp)}`, 'mark 0 0', 'all is well', '');
    expect(worker).toEqual({ kind: 'known', present: true, stamp });
  });

  it('keeps what a contented probe warns of, and only that', () => {
    const words = ['fine', 'warning: a certificate expires in 9 days', 'warning: so does another'];
    const [worker, etcd] = answers(`worker%3Ah1:${JSON.stringify(stamp)}`, 'mark 0 0', ...words, 'mark 1 1', ...words);
    expect(worker).toEqual({
      kind: 'known',
      present: true,
      stamp,
      warnings: ['a certificate expires in 9 days', 'so does another'],
    });
    expect(etcd).toEqual({ kind: 'known', present: false, problem: words.join('\n') });
  });

  it("takes a probe's words as the problem, whichever probe ends first", () => {
    const [worker, etcd] = answers(
      `worker%3Ah1:${JSON.stringify(stamp)}`,
      'mark 1 2',
      'etcd is down:',
      '  no leader',
      'mark unfinished etcd%3Ah1',
      'mark 0 3',
      '',
    );
    expect(worker).toEqual({ kind: 'known', present: true, stamp, problem: 'the probe exited 3' });
    expect(etcd).toEqual({ kind: 'known', present: true, problem: 'etcd is down:\n  no leader' });
  });

  it('says when a probe was too slow', () => {
    const [worker] = answers(`worker%3Ah1:${JSON.stringify(stamp)}`, 'mark 0 124', '');
    expect(worker).toMatchObject({ problem: 'the probe took longer than 20 s' });
  });

  it.each([
    ['no JSON', ['worker%3Ah1:{"format":1,']],
    ['another format', [`worker%3Ah1:${JSON.stringify({ ...stamp, format: 2 })}`]],
    ["another target's", [`worker%3Ah1:${JSON.stringify({ ...stamp, target: 'worker:h2' })}`]],
    ['several lines', [`worker%3Ah1:${JSON.stringify(stamp)}`, 'worker%3Ah1:more']],
    ['an empty line', ['worker%3Ah1:']],
  ])('counts a damaged stamp as none, but as something there: %s', (_, lines) => {
    expect(answers(...lines)[0]).toEqual({ kind: 'known', present: true });
  });
});

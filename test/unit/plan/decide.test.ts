import { describe, expect, test } from 'vitest';
import type { Fingerprint } from '../../../src/fingerprint/fingerprint.js';
import { PaiError } from '../../../src/model/errors.js';
import type { Stamp } from '../../../src/model/stamp.js';
import { type Decision, decide, type Evidence } from '../../../src/plan/decide.js';
import { FakeWorld, fakeTarget } from '../run/fakes.js';

const desired: Fingerprint = { fingerprint: 'f1', parts: { a: '1', b: '2' } };
const stamp: Stamp = { format: 1, target: 't', fingerprint: 'f1', output: 'o', parts: desired.parts, run: 'r' };
const well: Evidence = {
  target: fakeTarget(new FakeWorld(), 't'),
  observation: { kind: 'known', present: true, stamp },
  desired,
  staleNeeds: [],
  troubles: [],
  force: false,
};
const stamped = (stamp: Stamp): Pick<Evidence, 'observation'> => ({
  observation: { kind: 'known', present: true, stamp },
});
const without = (key: 'desired' | 'observation'): Evidence => {
  const { [key]: _left, ...rest } = well;
  return { observation: undefined, ...rest };
};

describe('decide', () => {
  test('takes a target for fresh whose stamp has the desired fingerprint and whose probe is content', () => {
    expect(decide(well)).toEqual<Decision>({ state: 'fresh', reasons: [], mayBeCutOff: false });
  });

  test('never takes for fresh what does not declare its inputs', () => {
    const action = { ...well.target.action, always: true };
    expect(decide({ ...well, target: { ...well.target, action } })).toEqual({
      state: 'stale',
      reasons: [{ kind: 'no-inputs' }],
      mayBeCutOff: false,
    });
  });

  test('tells which outputs are not as they were left', () => {
    const outputs = [{ path: 'dist/a', problem: 'missing' }] as const;
    expect(decide({ ...well, observation: { kind: 'known', present: true, stamp, outputs } })).toMatchObject({
      state: 'stale',
      reasons: [{ kind: 'outputs', outputs }],
    });
  });

  test('takes what can not be looked at for unknown, with the next step', () => {
    const error = new PaiError('HOST_UNREACHABLE', 'no route', { next: 'Check the network.' });
    expect(decide({ ...well, observation: { kind: 'unknown', error }, force: true, staleNeeds: ['n'] })).toEqual({
      state: 'unknown',
      reasons: [{ kind: 'unreachable', problem: 'no route', next: 'Check the network.' }],
      mayBeCutOff: false,
    });
  });

  test.each([
    ['was never applied', { kind: 'known', present: false }, 'never-applied'],
    ['was not finished', { kind: 'known', present: true }, 'unfinished'],
    ['is missing, and was never applied', { kind: 'known', present: false, problem: 'missing' }, 'never-applied'],
  ] as const)('tells that it %s', (_name, observation, kind) => {
    expect(decide({ ...well, observation })).toMatchObject({ state: 'stale', reasons: [{ kind }] });
  });

  test('takes a stamp of another format for none', () => {
    // Older and newer versions of pai write what this one's types do not have.
    const other = { ...stamp, format: 2 } as unknown as Stamp;
    expect(decide({ ...well, ...stamped(other) }).reasons).toEqual([{ kind: 'never-applied' }]);
  });

  test('tells which parts were added, removed and changed', () => {
    const old = { ...stamp, fingerprint: 'f0', parts: { a: '0', gone: '9' } };
    expect(decide({ ...well, ...stamped(old) }).reasons).toEqual([
      {
        kind: 'changed',
        parts: [
          { name: 'a', change: 'changed', before: '0', after: '1' },
          { name: 'b', change: 'added', after: '2' },
          { name: 'gone', change: 'removed', before: '9' },
        ],
      },
    ]);
  });

  test('tells a failing probe besides a change', () => {
    const observation = {
      kind: 'known',
      present: true,
      problem: 'not running',
      stamp: { ...stamp, fingerprint: 'f0' },
    } as const;
    const { reasons } = decide({ ...well, observation });
    expect(reasons.map((reason) => reason.kind)).toEqual(['changed', 'unhealthy']);
  });

  test('tells what others changed with the failing probe', () => {
    const drift = [{ object: 'ConfigMap default/settings', field: 'data.a', applied: '"1"', found: '"2"' }];
    const observation = { kind: 'known', present: true, problem: 'changed by hand', drift, stamp } as const;
    expect(decide({ ...well, observation }).reasons).toEqual([
      { kind: 'unhealthy', problem: 'changed by hand', drift },
    ]);
  });

  test('takes a fresh target that is forced for stale', () => {
    expect(decide({ ...well, force: true })).toMatchObject({ state: 'stale', reasons: [{ kind: 'forced' }] });
  });

  test('tells that it may be cut off when only a need is stale', () => {
    const waiting = { ...without('desired'), staleNeeds: ['n'] };
    expect(decide(waiting)).toEqual({
      state: 'stale',
      reasons: [{ kind: 'need-stale', target: 'n' }],
      mayBeCutOff: true,
    });
    expect(decide({ ...waiting, force: true }).mayBeCutOff).toBe(false);
    expect(decide({ ...waiting, observation: { kind: 'known', present: false } }).mayBeCutOff).toBe(false);
  });

  test('takes a target with an unknown need for unknown, whatever else is wrong with it', () => {
    const decision = decide({
      ...without('desired'),
      observation: { kind: 'known', present: false },
      troubles: [{ problem: 'it needs n' }],
    });
    expect(decision).toEqual({
      state: 'unknown',
      reasons: [{ kind: 'never-applied' }, { kind: 'unreachable', problem: 'it needs n' }],
      mayBeCutOff: false,
    });
  });

  test('never takes for fresh what was not asked', () => {
    const unasked = without('observation');
    expect(decide({ ...unasked, notAsked: { through: 'm', unknown: false } })).toMatchObject({
      state: 'stale',
      reasons: [{ kind: 'not-asked', through: 'm' }],
      mayBeCutOff: false,
    });
    expect(decide({ ...unasked, notAsked: { through: 'm', unknown: true } }).state).toBe('unknown');
    expect(decide(unasked).state).toBe('stale');
  });

  test('never takes for fresh what was not compared', () => {
    expect(() => decide(without('desired'))).toThrow("can't be judged without what it should be");
  });

  test('takes a stamped target for stale when there is no key to compare its secrets with', () => {
    const { reasons } = decide({ ...without('desired'), withoutKey: ['a', 'new'] });
    expect(reasons).toEqual([
      {
        kind: 'changed',
        parts: [
          { name: 'a', change: 'changed', before: '1' },
          { name: 'new', change: 'added' },
        ],
      },
    ]);
  });
});

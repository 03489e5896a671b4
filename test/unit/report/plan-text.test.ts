import { describe, expect, it } from 'vitest';
import { PaiError } from '../../../src/model/errors.js';
import type { PlanEntry } from '../../../src/model/plan.js';
import type { Drift } from '../../../src/model/stamp.js';
import { formatCleanPlan, formatPlan } from '../../../src/report/plan-text.js';

const entries: readonly PlanEntry[] = [
  { name: 'pki', state: 'fresh', reasons: [], mayBeCutOff: false },
  {
    name: 'worker:h1',
    state: 'stale',
    reasons: [{ kind: 'changed', parts: [{ name: 'file kubelet.yaml', change: 'changed', before: 'a', after: 'b' }] }],
    mayBeCutOff: false,
  },
  {
    name: 'host:h2',
    state: 'unknown',
    reasons: [{ kind: 'unreachable', problem: 'h2 does not answer', next: 'Switch h2 on.' }],
    mayBeCutOff: false,
  },
  {
    name: 'worker:h2',
    state: 'unknown',
    reasons: [{ kind: 'unreachable', problem: 'it needs host:h2', next: 'Switch h2 on.' }],
    mayBeCutOff: false,
  },
  { name: 'service:x', state: 'stale', reasons: [{ kind: 'need-stale', target: 'worker:h1' }], mayBeCutOff: true },
];

describe('formatPlan', () => {
  it('has a line for each target that is not fresh, each next step once, and the counts', () => {
    expect(formatPlan(entries, new Map(), { all: false })).toBe(`stale   worker:h1  changed: file kubelet.yaml
unknown host:h2    h2 does not answer
unknown worker:h2  it needs host:h2
maybe   service:x  needs worker:h1; may be cut off

next: Switch h2 on.

2 to run, 1 of them may be cut off, 1 fresh, 2 unknown
`);
  });

  it('has changed parts with their digests when asked', () => {
    const text = formatPlan(entries.slice(0, 2), new Map(), { all: false, explain: true });
    expect(text).toBe(`stale   worker:h1  changed: file kubelet.yaml
          changed file kubelet.yaml  a -> b

1 to run, 1 fresh
`);
  });

  it('has both values of what others changed, of a few fields', () => {
    const object = 'ConfigMap default/settings';
    const field = (name: string): Drift => ({ object, field: `data.${name}`, applied: '"1"', found: '"2"' });
    const told = (drift: readonly Drift[]): string => {
      const reasons = [{ kind: 'unhealthy' as const, problem: `${object} was changed by hand`, drift }];
      return formatPlan([{ name: 'service:x', state: 'stale', reasons, mayBeCutOff: false }], new Map(), {
        all: false,
      });
    };
    const secret = { object: 'Secret default/login', field: 'data.password', applied: '(secret)', found: '(secret)' };
    expect(
      told([field('a'), { object, field: 'data.b', applied: '"1"' }, secret]),
    ).toBe(`stale   service:x  not well: ConfigMap default/settings was changed by hand
          ConfigMap default/settings: data.a is "2", applied was "1"
          ConfigMap default/settings: data.b is nothing, applied was "1"
          Secret default/login: data.password is another (secret)

1 to run, 0 fresh
`);
    const many = told(Array.from({ length: 13 }, (_, index) => field(`k${index}`)));
    expect(many.match(/applied was/g)).toHaveLength(10);
    expect(many).toContain('\n          and 3 more: pai why service:x\n');
  });

  it('has the fresh ones too when asked', () => {
    expect(formatPlan(entries, new Map(), { all: true })).toContain('fresh   pki\n');
  });

  it('is one line when all is fresh', () => {
    expect(formatPlan(entries.slice(0, 1), new Map(), { all: false })).toBe('0 to run, 1 fresh\n');
  });

  it('ends with what can not be computed', () => {
    const error = new PaiError('TEMPLATE', 'foo is undefined', { where: 'templates/x.yaml:3', next: 'Define foo.' });
    expect(formatPlan(entries.slice(0, 2), new Map([['worker:h1', error]]), { all: false })).toContain(`
worker:h1
error TEMPLATE: foo is undefined
  at templates/x.yaml:3
  next: Define foo.

1 to run`);
  });
});

describe('formatCleanPlan', () => {
  it('has a line for what is there and for what can not be looked at', () => {
    expect(formatCleanPlan({ present: ['a'], unknown: ['b'], absent: 3, data: [] })).toBe(
      'clean   a\nunknown b\n1 to clean, 3 not there, 1 unknown\n',
    );
    expect(formatCleanPlan({ present: [], unknown: [], absent: 1, data: [] })).toBe('0 to clean, 1 not there\n');
  });

  it('tells which data goes and which stays', () => {
    const data = [
      { target: 'a', paths: ['/x', '/y'], goes: true },
      { target: 'b', paths: ['/x'], goes: false },
    ];
    expect(formatCleanPlan({ present: ['a', 'b'], unknown: [], absent: 0, data })).toBe(
      'clean   a\nclean   b\ndelete  a: /x, /y\nkeep    b: /x\n2 to clean, 0 not there\n',
    );
  });
});

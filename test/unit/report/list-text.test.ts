import { describe, expect, it } from 'vitest';
import { formatList } from '../../../src/report/list-text.js';
import { fakeAction } from '../paifile/actions.js';

const target = {
  name: 'pki',
  description: 'authorities',
  groups: [],
  needs: [],
  through: [],
  rolling: false,
  timeoutSeconds: 1,
  retries: 0,
  pools: [],
  interactive: false,
  manual: false,
  action: fakeAction(),
};

describe('formatList', () => {
  it('has groups with their sizes, then targets', () => {
    const groups = [
      { name: 'all', description: 'everything', members: ['pki'] },
      { name: 'proxy', description: 'every proxy', members: [] },
    ];
    expect(formatList(groups, [target, { ...target, name: 'host:h1', description: '' }])).toBe(`groups
  all    1 target   everything
  proxy  0 targets  every proxy

targets
  pki      authorities
  host:h1
`);
  });

  it('has only targets when no groups are asked for', () => {
    expect(formatList([], [target])).toBe('  pki  authorities\n');
    expect(formatList([], [])).toBe('  none\n');
  });
});

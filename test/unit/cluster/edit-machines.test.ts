import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addMachines, removeMachines } from '../../../src/cluster/edit-machines.js';
import { Reference } from '../../../src/cluster/references.js';
import { parseYaml } from '../../../src/cluster/yaml.js';

const FILE = 'cluster-configuration.yaml';
const w9 = {
  hostname: 'w9',
  hostip: '10.0.0.9',
  'machine-type': 'GENERIC',
  'k8s-role': 'worker',
  'pai-worker': 'true',
};

const namesIn = (text: string): readonly string[] => {
  const { data, problems } = parseYaml(FILE, text);
  expect(problems).toEqual([]);
  const list = (data as Record<string, { hostname: string }[]>)['machine-list'];
  return (list ?? []).map(({ hostname }) => hostname);
};

describe('adding to the list of machines', () => {
  it('writes as the last one is written, keeps comments and order, and lets removing give the same bytes', () => {
    const before = `# ours
machine-sku: {}
machine-list:   # all of them

  # masters
  - hostname: m1   # the first
    hostip: 10.0.0.1

  # workers
  -   hostip: "10.0.0.2"
      hostname: w1
  # the end of the list
other: x # end
`;
    const after = addMachines(FILE, before, [w9]);
    expect(after).toBe(
      before.replace(
        '      hostname: w1\n',
        `      hostname: w1
  -   hostname: w9
      hostip: 10.0.0.9
      machine-type: GENERIC
      k8s-role: worker
      pai-worker: "true"
`,
      ),
    );
    expect(removeMachines(FILE, after, new Set([2]))).toBe(before);
  });

  it('writes into flow style and JSON as they are', () => {
    const machines = [{ hostname: 'm1', port: 22 }, { hostname: 'w1' }];
    const json = `${JSON.stringify({ 'machine-list': machines, z: [1] }, undefined, 2)}\n`;
    const added = addMachines(FILE, json, [w9]);
    expect(JSON.parse(added)).toEqual({ 'machine-list': [...machines, w9], z: [1] });
    expect(added).toBe(`${JSON.stringify({ 'machine-list': [...machines, w9], z: [1] }, undefined, 2)}\n`);
    expect(removeMachines(FILE, added, new Set([2]))).toBe(json);
    const line = 'machine-list: [{hostname: m1}, {hostname: w1},] # c\n';
    expect(addMachines(FILE, line, [{ hostname: 'w9', zkid: '1' }])).toBe(
      'machine-list: [{hostname: m1}, {hostname: w1}, { hostname: w9, zkid: "1" },] # c\n',
    );
    const items = 'machine-list:\n- { hostname: m1 } # one\n- { hostname: w1 }';
    expect(addMachines(FILE, items, [{ hostname: 'w9' }])).toBe(`${items}\n- { hostname: w9 }`);
  });

  it('keeps what refers to a secret, and quotes what would be something else', () => {
    const text = 'machine-list:\n  - hostname: m1\n';
    const machine = {
      hostname: 'w9',
      username: 'yes',
      password: new Reference('exec', 'pass show a: b'),
      x: 'a # b\n"c',
    };
    expect(addMachines(FILE, text, [machine])).toBe(
      `${text}  - hostname: w9\n    username: "yes"\n    password: !exec "pass show a: b"\n    x: "a # b\\n\\"c"\n`,
    );
  });

  it('takes the list by its old name, and a file with a byte order mark or CRLF', () => {
    const text = '\uFEFFmachinelist:\r\n  - hostname: m1\r\n\r\n  - hostname: m2\r\n';
    const after = addMachines(FILE, text, [{ hostname: 'w9' }]);
    expect(after).toBe(`${text}\r\n  - hostname: w9\r\n`);
    expect(removeMachines(FILE, after, new Set([2]))).toBe(text);
  });

  it('refuses a list that is not where it is used', () => {
    const text = 'x: &l\n  - hostname: m1\nmachine-list: *l\n';
    expect(() => addMachines(FILE, text, [w9])).toThrow(
      /can't change the list of machines in cluster-configuration.yaml/,
    );
  });
});

describe('removing from the list of machines', () => {
  it('leaves comments between machines, and takes those inside of one along', () => {
    const text = `machine-list:
  # masters
  - hostname: m1

  # workers
  - hostname: w1
    # its own
    hostip: 10.0.0.2 # too
  # more
  - hostname: w2
`;
    expect(removeMachines(FILE, text, new Set([1]))).toBe(`machine-list:
  # masters
  - hostname: m1

  # workers
  # more
  - hostname: w2
`);
    expect(namesIn(removeMachines(FILE, text, new Set([0, 2])))).toEqual(['w1']);
  });

  it('keeps comments in flow style', () => {
    const text = 'machine-list: [\n  {hostname: m1}, # one\n  {hostname: w1}, # two\n  {hostname: w2} # three\n  ]\n';
    for (const [index, left] of [
      [0, ['w1', 'w2']],
      [1, ['m1', 'w2']],
      [2, ['m1', 'w1']],
    ] as const) {
      const after = removeMachines(FILE, text, new Set([index]));
      expect(namesIn(after)).toEqual(left);
      for (const comment of ['# one', '# two', '# three']) expect(after).toContain(comment);
    }
  });

  it('refuses when another machine refers to the one that goes, or none would be left', () => {
    const text = 'machine-list:\n  - &m\n    hostname: m1\n  - *m\n';
    expect(() => removeMachines(FILE, text, new Set([0]))).toThrow(/can't take machines out of the list/);
    expect(() => removeMachines(FILE, text, new Set([0, 1]))).toThrow(/can't take the last machine out/);
  });
});

const word = fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/);
const comment = fc.option(fc.stringMatching(/^ ?[ a-z:#{}[\],'"-]{0,12}$/), { nil: undefined });

interface Written {
  readonly text: string;
  readonly comments: readonly string[];
}

/** A file in which every machine is written in a way of its own. */
const blockFile = fc
  .record({
    machines: fc.array(
      fc.record({
        fields: fc.uniqueArray(word, { maxLength: 3 }),
        above: comment,
        behind: comment,
        blank: fc.boolean(),
        form: fc.constantFrom('block', 'flow', 'below'),
        value: fc.string({ maxLength: 8 }),
      }),
      { minLength: 1, maxLength: 4 },
    ),
    indent: fc.nat(4),
    eol: fc.constantFrom('\n', '\r\n'),
    tail: fc.constantFrom('', 'z: 1', '# the end', '\n'),
    open: fc.boolean(),
  })
  .map(({ machines, indent, eol, tail, open }): Written => {
    const space = ' '.repeat(indent);
    const comments: string[] = [];
    const note = (text: string | undefined): string => {
      if (text === undefined) return '';
      comments.push(`#${text}`);
      return `#${text}`;
    };
    const lines = ['# head', 'a: {b: [c]}', 'machine-list:'];
    for (const [index, { fields, above, behind, blank, form, value }] of machines.entries()) {
      if (blank) lines.push('');
      if (above !== undefined) lines.push(`${space}${note(above)}`);
      const entries = [`hostname: h${index}`, ...fields.map((field) => `x${field}: ${JSON.stringify(value)}`)];
      const end = behind === undefined ? '' : ` #${behind}`;
      if (form === 'flow') lines.push(`${space}- {${entries.join(', ')}}${end}`);
      else if (form === 'below') lines.push(`${space}-`, ...entries.map((entry) => `${space}   ${entry}`));
      else lines.push(...entries.map((entry, at) => `${space}${at === 0 ? '- ' : '  '}${entry}${at === 0 ? end : ''}`));
    }
    if (tail !== '') lines.push(tail);
    return { text: lines.join(eol) + (open ? '' : eol), comments };
  });

const flowFile = fc
  .record({
    machines: fc.array(fc.dictionary(fc.constantFrom('hostip', 'password', 'zkid'), fc.string({ maxLength: 6 })), {
      minLength: 1,
      maxLength: 4,
    }),
    space: fc.constantFrom(undefined, 1, 2, '\t'),
    more: fc.boolean(),
  })
  .map(({ machines, space, more }): Written => {
    const list = machines.map((machine, index) => ({ hostname: `h${index}`, ...machine }));
    // Tabs may not indent YAML, but between brackets they are space.
    return {
      text: JSON.stringify({ 'machine-list': list, ...(more && { z: 'end' }) }, undefined, space),
      comments: [],
    };
  });

const anyMachine = fc.dictionary(word, fc.string({ maxLength: 10 }), { maxKeys: 4 }).map((fields) => ({
  hostname: 'new',
  ...Object.fromEntries(Object.entries(fields).map(([key, value]) => [`y${key}`, value])),
}));

describe('any list of machines', () => {
  it('keeps every other byte when machines are added, and is the same again when they are removed', () => {
    fc.assert(
      fc.property(
        fc.oneof(blockFile, flowFile),
        fc.array(anyMachine, { minLength: 1, maxLength: 2 }),
        ({ text }, added) => {
          const machines = added.map((machine, index) => ({ ...machine, hostname: `new${index}` }));
          const before = namesIn(text);
          const after = addMachines(FILE, text, machines);
          expect(namesIn(after)).toEqual([...before, ...machines.map(({ hostname }) => hostname)]);
          expect(shared(text, after)).toBeGreaterThanOrEqual(text.length);
          const places = new Set(machines.map((_, index) => before.length + index));
          expect(removeMachines(FILE, after, places)).toBe(text);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('keeps the other machines and the comments between them when one is removed', () => {
    fc.assert(
      fc.property(fc.oneof(blockFile, flowFile), fc.nat(3), ({ text, comments }, at) => {
        const before = namesIn(text);
        fc.pre(before.length > 1);
        const index = at % before.length;
        const after = removeMachines(FILE, text, new Set([index]));
        expect(namesIn(after)).toEqual(before.filter((_, other) => other !== index));
        for (const comment of comments) expect(after).toContain(comment.trimEnd());
        const rest = new Set(text.split('\n'));
        if (!text.startsWith('{'))
          for (const line of after.split('\n'))
            expect([...rest, ...[...rest].map((one) => one.trimEnd())]).toContain(line);
      }),
      { numRuns: 150 },
    );
  });
});

/** How much of two texts is the same from their beginnings and from their ends. */
function shared(a: string, b: string): number {
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let end = 0;
  while (end < a.length - start && a.at(-1 - end) === b.at(-1 - end)) end++;
  return start + end;
}

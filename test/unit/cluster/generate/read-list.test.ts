import fc from 'fast-check';
import { dump } from 'js-yaml';
import { describe, expect, it } from 'vitest';
import { parseMachineList } from '../../../../src/cluster/generate/read-list.js';
import { PaiError } from '../../../../src/model/errors.js';

const HEAD = 'address,user,role,keyfile\n';

function wrong(file: string, text: string): readonly string[] {
  try {
    parseMachineList(file, text);
  } catch (error) {
    if (error instanceof PaiError && error.code === 'CONFIG_INVALID') return error.details;
    throw error;
  }
  throw new Error('it was accepted');
}

describe('a short list of machines', () => {
  it('is the same in YAML and in CSV', () => {
    const yaml = [
      '- {address: 10.0.0.1, user: ops, role: master, hostname: m, port: 2222, password: !env PW}',
      '- {address: fd00::2, user: root, role: worker, keyfile: keys/w}',
      '- {address: 10.0.0.3, user: root, role: worker, keyfile: ~/.ssh/id}',
    ].join('\n');
    const csv = [
      '# who is who',
      'Address, user, role, hostname, port, password, keyfile',
      '10.0.0.1,ops,master,m,2222,!env PW,',
      '',
      '"fd00::2",root,worker,,,,keys/w',
      '10.0.0.3,root,worker,,,,~/.ssh/id',
    ].join('\r\n');
    const machines = parseMachineList('machines.yaml', yaml);
    expect(parseMachineList('machines.csv', csv)).toEqual(machines);
    expect(parseMachineList('m.yml', `machines:\n${yaml}`)).toEqual(machines);
    expect(machines.map(({ hostname, port, password }) => [hostname, port, String(password)])).toEqual([
      ['m', 2222, '!env PW'],
      ['worker1', undefined, 'undefined'],
      ['worker2', undefined, 'undefined'],
    ]);
  });

  it('gives names that no other machine has', () => {
    const text = `${HEAD.trim()},hostname\n10.0.0.1,u,master,k\n10.0.0.2,u,worker,k\n10.0.0.3,u,worker,k,worker1\n`;
    expect(parseMachineList('m.csv', text).map(({ hostname }) => hostname)).toEqual(['master1', 'worker2', 'worker1']);
  });

  it('has each value as it was written, whatever is in it', () => {
    const keyfile = fc.stringMatching(/^[ -~]{0,20}[!-~]$/).filter((text) => text.trim() === text && text !== '');
    fc.assert(
      fc.property(keyfile, (file) => {
        const csv = `${HEAD}10.0.0.1,u,master,"${file.replaceAll('"', '""')}"\n`;
        const yaml = dump([{ address: '10.0.0.1', user: 'u', role: 'master', keyfile: file }]);
        fc.pre(!/^!\w+\s/.test(file));
        expect(parseMachineList('m.csv', csv)[0]?.keyfile).toBe(file);
        expect(parseMachineList('m.yaml', yaml)[0]?.keyfile).toBe(file);
      }),
    );
  });

  it.each([
    [
      'an unknown column',
      'adress,user,role,keyfile\n10.0.0.1,u,master,k',
      [/^m.csv:2:1: address is missing/, /^m.csv:2:1: unknown field "adress"; did you mean address\?/],
    ],
    ['a role', `${HEAD}10.0.0.1,u,mastr,k`, [/^m.csv:2:12: role must be .*did you mean master\?/]],
    ['an address', `${HEAD}10.0.0,u,master,k`, [/^m.csv:2:1: address must be an IPv4 or IPv6 address/]],
    [
      'an address twice',
      `${HEAD}10.0.0.1,u,master,k\n10.0.0.1,u,worker,k`,
      [/^m.csv:3:1: address "10.0.0.1" is that of another/],
    ],
    ['no master', `${HEAD}10.0.0.1,u,worker,k`, [/^m.csv:1:1: no machine has the role master/]],
    [
      'two proxies',
      `${HEAD}10.0.0.1,u,master,k\n10.0.0.2,u,proxy,k\n10.0.0.3,u,proxy,k`,
      [/^m.csv:4:1: only one machine may/],
    ],
    ['too many values', `${HEAD}10.0.0.1,u,master,k,more`, [/^m.csv:2:1: there are 5 values for 4 columns/]],
    ['a quote', `${HEAD}10.0.0.1,u,"master,k`, [/^m.csv:2:12: a quote is not closed/]],
    ['nothing', '', [/^m.csv:1:1: there is no machine in the list/]],
  ])('tells what is wrong at its place: %s', (_, text, expected) => {
    const lines = wrong('m.csv', text);
    expect(lines).toHaveLength(expected.length);
    for (const [index, pattern] of expected.entries()) expect(lines[index]).toMatch(pattern);
  });

  it('takes no password in plain text, and does not show it', () => {
    const yaml = wrong('m.yaml', '- {address: 10.0.0.1, user: u, role: master, password: hush, port: 99999}');
    const csv = wrong('m.csv', 'address,user,role,password\n10.0.0.1,u,master,hush');
    expect(yaml).toEqual([
      expect.stringMatching(/^m.yaml:1:56: password must say where it is kept: !env NAME/),
      expect.stringMatching(/^m.yaml:1:68: port must be a whole number from 1 to 65535/),
    ]);
    expect(csv).toHaveLength(1);
    expect([...yaml, ...csv].join()).not.toContain('hush');
  });

  it.each(['word', '{a: 1}', '[1]', 'machines: 3', '- [x]'])('that is none is told: %s', (text) => {
    expect(wrong('m.yaml', text)).toHaveLength(1);
  });
});

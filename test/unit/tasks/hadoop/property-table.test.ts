import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { fill, readTable } from '../../../../tasks/hadoop/property-table.js';
import { temporaryDirectory } from '../../local/helpers.js';

async function table(text: string) {
  const file = path.join(await temporaryDirectory(), 'hadoop-overrides.yaml');
  await writeFile(file, text);
  return readTable(file, 'overrides.yaml');
}

describe('a table of properties', () => {
  it('is read with values as they are written', async () => {
    const read = await table(`
all-roles:
  hdfs-site.xml:
    dfs.replication: 2
    dfs.webhdfs.enabled: true
    some.version: 3.10
hadoop-name-node:
  hadoop-env.sh:
    HADOOP_NAMENODE_OPTS: -Xmx4g
`);
    expect(read.get('all-roles')?.get('hdfs-site.xml')).toEqual(
      new Map([
        ['dfs.replication', '2'],
        ['dfs.webhdfs.enabled', 'true'],
        ['some.version', '3.10'],
      ]),
    );
    expect(read.get('hadoop-name-node')?.get('hadoop-env.sh')).toEqual(new Map([['HADOOP_NAMENODE_OPTS', '-Xmx4g']]));
  });

  it.each(['', '\n# nothing\n  # yet\n', '\uFEFF# nothing\n', '{}\n'])(
    'is empty when there is nothing in it: %j',
    async (text) => {
      expect(await table(text)).toEqual(new Map());
    },
  );

  it.each([
    [
      'a role',
      'hadoop-namenode:\n  core-site.xml: {a: b}\n',
      '1:1: unknown role "hadoop-namenode"; did you mean hadoop-name-node or hadoop-data-node?',
    ],
    [
      'a file',
      'all-roles:\n  coresite.xml:\n    a: b\n',
      /2:3: unknown file "coresite.xml"; did you mean core-site.xml or /,
    ],
    [
      'a role like no other',
      'x:\n  core-site.xml: {a: b}\n',
      /^overrides\.yaml:1:1: unknown role "x"; known: each-queue, all-roles, hadoop-name-node, /,
    ],
    [
      'a variable',
      'all-roles:\n  yarn-env.sh:\n    YARN-HEAP: 1\n',
      '3:5: "YARN-HEAP" can\'t be the name of a variable in yarn-env.sh',
    ],
    [
      'a name',
      'all-roles:\n  core-site.xml:\n    fs default: 1\n',
      /3:5: "fs default" can't be the name of a property/,
    ],
    [
      'a placeholder',
      'all-roles:\n  core-site.xml:\n    a: "{{ mastr }}"\n',
      '3:5: {{ mastr }} stands for nothing in all-roles; did you mean master?',
    ],
    [
      "a placeholder of another role's",
      'all-roles:\n  core-site.xml:\n    a: "{{ vcores }}"\n',
      /3:5: \{\{ vcores \}\} stands for nothing in all-roles; /,
    ],
    [
      'a list for a value',
      'all-roles:\n  core-site.xml:\n    a: [1, 2]\n',
      '3:8: a must be text or a number, not a list or a mapping',
    ],
    [
      'a value that is missing',
      'all-roles:\n  core-site.xml:\n    a:\n',
      '3:5: a has no value: give it one or remove the line',
    ],
    ['a list of roles', '- all-roles\n', '1:1: a mapping of roles was expected here'],
    ['text for a file', 'all-roles:\n  core-site.xml: yes\n', '2:18: a mapping of properties was expected here'],
    [
      'a key that is there twice',
      'all-roles:\n  core-site.xml:\n    a: 1\n    a: 2\n',
      '4:5: duplicate key "a": it is already on line 3',
    ],
    ['what is no YAML', 'all-roles: [\n', /not valid YAML/],
  ])('tells the place of %s that is wrong, and what may be meant', async (_, text, told) => {
    const error = await table(text).catch(
      (thrown: { readonly code: string; readonly details: readonly string[] }) => thrown,
    );
    expect(error).toMatchObject({ code: 'CONFIG_INVALID', next: expect.any(String) });
    const details = 'details' in error ? error.details : [];
    expect(details).toEqual([typeof told === 'string' ? `overrides.yaml:${told}` : expect.stringMatching(told)]);
  });

  it('tells all that is wrong at once', async () => {
    await expect(table('nobody:\n  core-site.xml: {a: b}\nall-roles:\n  nothing.xml: {a: b}\n')).rejects.toMatchObject({
      message: '2 problems in the configuration',
    });
  });
});

describe('a placeholder', () => {
  it('is filled in wherever it stands; what only looks like one to others stays', () => {
    const variables = { master: '10.0.0.1', queue: 'a' };
    expect(fill('hdfs://{{ master }}:9000/{{master}}', variables)).toBe('hdfs://10.0.0.1:9000/10.0.0.1');
    const kept = `\${hadoop.tmp.dir}/{x} $& $1`;
    expect(fill(kept, variables)).toBe(kept);
    expect(fill('{{ master }}', { master: '$& $1' })).toBe('$& $1');
  });
});

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readProperties, setProperties } from '../../../../tasks/hadoop/properties-xml.js';
import { fakeStock } from './fake-release.js';

const EMPTY = fakeStock('fake-3.x')['core-site.xml'] ?? '';
const SCHEDULER = fakeStock('fake-3.x')['capacity-scheduler.xml'] ?? '';

function set(stock: string, properties: Record<string, string>): Promise<string> {
  return setProperties(stock, new Map(Object.entries(properties)), 'some.xml');
}

/** Text that XML can hold, with what has to be escaped or is taken for a line end much more often than by chance. */
const xmlText = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        '<',
        '>',
        '&',
        '"',
        "'",
        ']]>',
        '<!--',
        '-->',
        '&amp;',
        '\r',
        '\n',
        '\r\n',
        '\t',
        ' ',
        '\u0085',
        '\u2028',
        '\uFEFF',
        '😀',
        '$x',
      ),
      fc.string({ unit: 'binary', maxLength: 5 }),
    ),
  )
  .map((pieces) => pieces.join('').replaceAll(/[^\t\n\r\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]/gu, ''));

describe('a file of properties', () => {
  it('gives back every value that was written to it', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom(EMPTY, SCHEDULER),
        fc.array(xmlText, { minLength: 1, maxLength: 4 }),
        async (stock, values) => {
          const properties = Object.fromEntries(values.map((value, index) => [`some.property-${index}`, value]));
          const read = await readProperties(await set(stock, properties), 'some.xml');
          for (const [name, value] of Object.entries(properties)) expect(read.get(name)).toBe(value);
        },
      ),
    );
  });

  it('is the same when the same is set once more', async () => {
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(EMPTY, SCHEDULER), xmlText, async (stock, value) => {
        const once = await set(stock, { 'a.b': value, 'c.d': 'x' });
        expect(await set(once, { 'a.b': value, 'c.d': 'x' })).toBe(once);
      }),
    );
  });

  it('gets properties in their order, in the form of stock files, and keeps its comments and instructions', async () => {
    expect(
      await set(EMPTY, { 'fs.defaultFS': 'hdfs://10.0.0.1:9000', 'a.b': '<&>' }),
    ).toBe(`<?xml version="1.0" encoding="UTF-8"?>
<?xml-stylesheet type="text/xsl" href="configuration.xsl"?>
<!-- fake site file -->

<configuration>
  <property>
    <name>fs.defaultFS</name>
    <value>hdfs://10.0.0.1:9000</value>
  </property>
  <property>
    <name>a.b</name>
    <value>&lt;&amp;&gt;</value>
  </property>
</configuration>
`);
  });

  it('has the value of a property exchanged where it stands, with its description kept', async () => {
    const changed = await set(SCHEDULER, { 'yarn.scheduler.capacity.root.queues': 'default,vc1' });
    expect(changed).toBe(SCHEDULER.replace('<value>default</value>', '<value>default,vc1</value>'));
  });

  it('has every occurrence of a property set, so that none is left to win', async () => {
    const twice =
      '<configuration><property><name> a </name><value>1</value></property><property><name>a</name><value>2</value></property></configuration>';
    expect(await set(twice, { a: '3' })).toBe(`${twice.replace('1</', '3</').replace('2</', '3</')}\n`);
  });

  it('gets a value for a property that has none', async () => {
    const none = '<configuration>\n  <property>\n    <name>a</name>\n  </property>\n</configuration>\n';
    expect(await set(none, { a: 'x' })).toBe(none.replace('</name>\n', '</name>\n    <value>x</value>\n'));
  });

  it('stays as it is when nothing is set', async () => {
    for (const text of [EMPTY, SCHEDULER]) expect(await set(text, {})).toBe(text);
  });

  it.each([
    ['text', 'no xml'],
    ['nothing', ''],
    ['another document', '<project/>'],
    ['one that is cut off', SCHEDULER.slice(0, 200)],
    ['tags that do not match', '<configuration><property></configuration>'],
  ])('is refused when the stock file is %s', async (_, stock) => {
    await expect(set(stock, { a: 'b' })).rejects.toMatchObject({
      code: 'ARCHIVE',
      message: expect.stringMatching(/^some\.xml is not a configuration file of Hadoop: /),
      next: expect.any(String),
    });
  });

  it.each(['\0', '\u0008', '\uFFFE', '\uD800'])('does not take %j, which no XML can hold', async (character) => {
    await expect(set(EMPTY, { 'some.name': `a${character}` })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: "some.name: its value has a character that can't be in an XML file",
    });
  });

  it('expands no entity of a stock file to a file of this machine', async () => {
    const evil =
      '<!DOCTYPE configuration [<!ENTITY x SYSTEM "file:///etc/passwd">]><configuration><property><name>a</name><value>&x;</value></property></configuration>';
    const text = await set(evil, { b: 'c' }).catch((error: Error) => error.message);
    expect(text).not.toContain('root:');
  });
});

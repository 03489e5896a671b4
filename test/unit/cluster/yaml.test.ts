import { describe, expect, it } from 'vitest';
import { parseYaml } from '../../../src/cluster/yaml.js';

function told(text: string): readonly string[] {
  return parseYaml('f', text).problems.map(({ line, column, what }) => `${line}:${column} ${what}`);
}

describe('parseYaml', () => {
  it('keeps every scalar as it is written', () => {
    expect(parseYaml('f', 'a: 3.10\nb: true\nc: "x"\nd: 0x1f\ne: |\n  text\n').data).toEqual({
      a: '3.10',
      b: 'true',
      c: 'x',
      d: '0x1f',
      e: 'text\n',
    });
  });

  it('knows where keys and values are', () => {
    const file = parseYaml('f', 'list:\n  - name: "x"\n    tags: [a, bb]\n');
    const place = (pointer: string, part: 'key' | 'value') => {
      const { line, column } = file.problem(pointer, part, '');
      return `${line}:${column}`;
    };
    expect(place('/list', 'key')).toBe('1:1');
    expect(place('/list/0', 'value')).toBe('2:5');
    expect(place('/list/0/name', 'key')).toBe('2:5');
    expect(place('/list/0/name', 'value')).toBe('2:11');
    expect(place('/list/0/tags/1', 'value')).toBe('3:15');
    expect(place('/list/0/tags/7/x', 'value')).toBe('3:11');
  });

  it('takes a byte order mark, Windows line ends, directives and aliases', () => {
    expect(parseYaml('f', '\uFEFFa: 1\r\nb: 2\r\n').data).toEqual({ a: '1', b: '2' });
    expect(parseYaml('f', '%YAML 1.2\n---\na: 1\n').data).toEqual({ a: '1' });
    const file = parseYaml('f', 'a: &x {b: 1}\nc: *x\n');
    expect(file.data).toEqual({ a: { b: '1' }, c: { b: '1' } });
    expect(file.problem('/c/b', 'value', '')).toMatchObject({ line: 2, column: 4 });
  });

  it('knows what is in the file, and what is not', () => {
    const file = parseYaml('f', 'a: {b: 1}\nc: &x {d: 2}\ne: *x\n');
    expect(['/a', '/a/b', '/c/d', '/e', '/e/d'].filter((pointer) => !file.has(pointer))).toEqual([]);
    expect(['/b', '/a/c'].filter((pointer) => file.has(pointer))).toEqual([]);
  });

  it('tells duplicate keys and keys without a value, all of them', () => {
    expect(told('a: 1\nb:\na: 2\nc: ~\na: 3\n')).toEqual([
      '3:1 duplicate key "a": it is already on line 1',
      '5:1 duplicate key "a": it is already on line 1',
      '2:1 b has no value: give it one or remove the line',
      '4:1 c has no value: give it one or remove the line',
    ]);
  });

  it.each([
    ['an alias of nothing', 'a: *nope', '1:5 not valid YAML: unidentified alias "nope"'],
    ['a tag', 'a: !foo b', '1:4 unknown tag !foo; there are'],
    ['a list as key', '? [a]\n: 1', '1:1 not valid YAML: object-based map does not support complex keys'],
    ['tabs', 'a:\n\tb: 1', '2:1 not valid YAML: '],
    ['a quote that is not closed', 'a: "b\n', '2:1 not valid YAML: '],
    ['nothing', '', '1:1 the file is empty'],
    ['only a comment', '# a\n', '1:1 the file is empty'],
    ['two documents', 'a: 1\n---\nb: 2\n', '1:1 must be one YAML document'],
  ])('tells what is wrong at its place: %s', (_, text, expected) => {
    const [first, ...rest] = told(text);
    expect(first?.slice(0, expected.length)).toBe(expected);
    expect(rest).toEqual([]);
    expect(parseYaml('f', text).data).toBeUndefined();
  });
});

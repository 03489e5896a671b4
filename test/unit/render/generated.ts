import fc from 'fast-check';
import { PyFloat, Tuple } from '../../../src/render/runtime/values.js';
import type { Case } from './python.js';

const CHARACTERS = [
  'a',
  'b',
  'B',
  'Z',
  'é',
  'ß',
  '😀',
  ' ',
  ' ',
  '\n',
  "'",
  '"',
  '<',
  '&',
  '%',
  '{',
  '1',
  '7',
  '-',
  '_',
  '.',
  '\t',
  ',',
  '\\',
  '\u00a0',
  '/',
];
const text = fc.array(fc.constantFrom(...CHARACTERS), { maxLength: 8 }).map((all) => all.join(''));
// None that is large and positive: a text or a list times it fills the memory.
const int = fc.oneof(
  fc.integer({ min: -20, max: 20 }),
  fc.integer({ min: -5000, max: 2000 }),
  fc.constantFrom(-(2 ** 31), -(2 ** 40), 1000),
);
const float = fc
  .oneof(
    fc.integer({ min: -400, max: 400 }).map((n) => n / 8),
    fc.double({ noNaN: true, noDefaultInfinity: true, min: -1e22, max: 1e22 }),
    fc.constantFrom(0.1, 2.675, 1e-7, 1e16, 20, 0.5, -2.5),
  )
  .map((n) => (Number.isInteger(n) ? new PyFloat(n) : n));
const scalar = fc.oneof(int, float, text, fc.boolean(), fc.constant(null));
const key = fc.constantFrom('a', 'B', 'key', 'x-y', 'items', 'é', 'name');
const dict = (value: fc.Arbitrary<unknown>) =>
  fc
    .uniqueArray(fc.tuple(key, value), { maxLength: 4, selector: ([name]) => name })
    .map((pairs) => Object.fromEntries(pairs));

/** What a generated template is given. `zz` is never there. */
const values = fc.record({
  n: int,
  k: fc.integer({ min: -3, max: 6 }),
  f: float,
  s: text,
  w: text,
  t: fc.boolean(),
  z: fc.constant(null),
  l: fc.array(int, { maxLength: 5 }),
  m: fc.array(scalar, { maxLength: 4 }),
  words: fc.array(text, { maxLength: 4 }),
  tu: fc.array(scalar, { maxLength: 3 }).map((items) => new Tuple(items)),
  d: dict(scalar),
  ds: fc.array(fc.record({ name: text, n: int, g: fc.constantFrom('x', 'X', 'y') }, { requiredKeys: ['name', 'n'] }), {
    maxLength: 4,
  }),
  nest: dict(fc.oneof(fc.array(scalar, { maxLength: 2 }), dict(scalar))),
});

function literal(value: string): string {
  const escaped = value.replaceAll('\\', '\\\\').replaceAll("'", "\\'").replaceAll('\n', '\\n').replaceAll('\t', '\\t');
  return `'${escaped}'`;
}

const name = fc.constantFrom(
  'n',
  'k',
  'f',
  's',
  'w',
  't',
  'z',
  'l',
  'm',
  'words',
  'tu',
  'd',
  'ds',
  'nest',
  'i',
  'x',
  'zz',
);
const small = fc.integer({ min: -2, max: 9 }).map(String);

const FILTERS = [
  'upper',
  'lower',
  'title',
  'capitalize',
  'trim',
  'length',
  'list',
  'join',
  'first',
  'last',
  'reverse | list',
  'sort',
  'unique | list',
  'sum',
  'min',
  'max',
  'int',
  'float',
  'round',
  'abs',
  'string',
  'tojson',
  'e',
  'wordcount',
  'default(0)',
  "default('-', true)",
  "join(', ')",
  'round(1)',
  "round(2, 'floor')",
  'round(-1)',
  "replace('a', 'XY')",
  'replace(1, 2)',
  'indent',
  'indent(2, true)',
  'truncate(5)',
  "truncate(6, true, '.')",
  'wordwrap(4)',
  'wordwrap(6, false)',
  'center(9)',
  'dictsort',
  "dictsort(by='value')",
  'items | list',
  'batch(2) | list',
  "batch(3, 'f') | list",
  'slice(2) | list',
  "map('string') | join('|')",
  "map(attribute='name') | list",
  "map('upper') | list",
  "select('odd') | list",
  "reject('none') | list",
  'select | list',
  'select("string") | list',
  "selectattr('g', 'defined') | map(attribute='n') | list",
  "sort(attribute='n') | map(attribute='name') | list",
  "groupby('n') | list",
  "groupby('g', default='q') | map('last') | list",
  "sum(attribute='n')",
  'tojson(indent=2)',
  'sort(reverse=true)',
  'sort(case_sensitive=true)',
  'urlencode',
  'filesizeformat',
  'format(n, s)',
  'safe',
  'striptags',
  'xmlattr',
  'int(5, 16)',
  'count',
  "attr('x') is defined",
];
const TESTS = [
  'defined',
  'undefined',
  'none',
  'string',
  'number',
  'integer',
  'float',
  'boolean',
  'mapping',
  'sequence',
  'iterable',
  'odd',
  'even',
  'true',
  'false',
  'lower',
  'upper',
  'divisibleby 3',
  'in [1, none, "a"]',
  'eq 1',
  'lt 5',
  'escaped',
  'callable',
  'ge(f)',
];
const METHODS = [
  'upper()',
  'lower()',
  'title()',
  'strip()',
  'split()',
  "split('a')",
  "split(',', 1)",
  'rsplit(none, 1)',
  'join(words)',
  "startswith('a')",
  "endswith(('a', 'b'))",
  "find('a')",
  "count('a')",
  "replace('a', 'b')",
  'zfill(6)',
  "ljust(6, '.')",
  'center(7)',
  'rjust(5)',
  'splitlines()',
  "partition('-')",
  'isdigit()',
  'isalpha()',
  'islower()',
  'istitle()',
  'isspace()',
  'swapcase()',
  'format(n, f, x=s)',
  'keys() | list',
  'values() | list',
  'items() | list',
  "get('a')",
  "get('zz', 3)",
  'index(1)',
  'count(1)',
  'copy()',
  'expandtabs(4)',
  "lstrip('a ')",
  'rstrip()',
  'capitalize()',
  'name',
  'a',
  'key',
  "rfind('-')",
  'isalnum()',
  'isupper()',
  "removeprefix('a')",
];
const FORMATS = [
  "'%s'",
  "'%5s|'",
  "'%-4d|'",
  "'%05d'",
  "'%.2f'",
  "'%e'",
  "'%g'",
  "'%x'",
  "'%r'",
  "'%+d'",
  "'%s%%'",
  "'%.1f'",
  "'%08.3f'",
  "'%c'",
  "'%#o'",
  "'%.3s'",
];
const SPECS = [
  '',
  ':5',
  ':>5',
  ':<4',
  ':^7',
  ':05',
  ':+',
  ':d',
  ':x',
  ':.2f',
  ':.1e',
  ':g',
  ':,',
  ':%',
  '!r',
  '!s',
  ':.3',
  ':*^9',
  ':b',
  ':08.3f',
  ':_',
];

const { expression } = fc.letrec<{ expression: string; leaf: string }>((tie) => ({
  leaf: fc.oneof(
    { weight: 6, arbitrary: name },
    small,
    int.map(String),
    fc.constantFrom('1.5', '20.0', '0.1', '1e20', '2.5', 'true', 'false', 'none', '[]', '{}', '()'),
    text.map(literal),
  ),
  expression: fc.oneof(
    { maxDepth: 4, depthIdentifier: 'expression' },
    { weight: 5, arbitrary: tie('leaf') },
    {
      weight: 6,
      arbitrary: fc.tuple(tie('expression'), fc.constantFrom(...FILTERS)).map(([on, filter]) => `(${on} | ${filter})`),
    },
    {
      weight: 3,
      arbitrary: fc.tuple(tie('expression'), fc.constantFrom(...METHODS)).map(([on, method]) => `(${on}).${method}`),
    },
    {
      weight: 4,
      arbitrary: fc
        .tuple(tie('expression'), fc.constantFrom('+', '-', '*', '/', '//', '%', '~', '+', '~'), tie('expression'))
        .map((parts) => `(${parts.join(' ')})`),
    },
    fc
      .tuple(tie('expression'), fc.constantFrom('**'), fc.constantFrom('0', '1', '2', '3', '-1'))
      .map((parts) => `(${parts.join(' ')})`),
    fc
      .tuple(tie('expression'), fc.constantFrom('==', '!=', '<', '<=', '>', '>=', 'in', 'not in'), tie('expression'))
      .map((parts) => `(${parts.join(' ')})`),
    fc.tuple(tie('expression'), fc.constantFrom('and', 'or'), tie('expression')).map((parts) => `(${parts.join(' ')})`),
    tie('expression').map((operand) => `(not ${operand})`),
    tie('expression').map((operand) => `-${operand}`),
    fc
      .tuple(tie('expression'), tie('expression'), tie('expression'))
      .map(([a, test, b]) => `(${a} if ${test} else ${b})`),
    fc.tuple(tie('expression'), tie('expression')).map(([a, test]) => `(${a} if ${test})`),
    {
      weight: 2,
      arbitrary: fc
        .tuple(tie('expression'), fc.constantFrom('is', 'is not'), fc.constantFrom(...TESTS))
        .map((parts) => `(${parts.join(' ')})`),
    },
    { weight: 2, arbitrary: fc.tuple(tie('expression'), tie('expression')).map(([on, key]) => `${on}[${key}]`) },
    fc
      .tuple(name, fc.option(small, { nil: '' }), fc.option(small, { nil: '' }), fc.constantFrom('', ':-1', ':2', ':'))
      .map(([on, from, to, step]) => `${on}[${from}:${to}${step}]`),
    fc.array(tie('expression'), { maxLength: 3 }).map((items) => `[${items.join(', ')}]`),
    fc.array(tie('expression'), { minLength: 1, maxLength: 3 }).map((items) => `(${items.join(', ')},)`),
    fc
      .array(fc.tuple(fc.oneof(text.map(literal), small), tie('expression')), { maxLength: 3 })
      .map((pairs) => `{${pairs.map((pair) => pair.join(': ')).join(', ')}}`),
    fc.tuple(fc.constantFrom(...FORMATS), tie('expression')).map(([format, value]) => `(${format} % ${value})`),
    fc.tuple(fc.constantFrom(...SPECS), tie('expression')).map(([spec, value]) => `'{${spec}}'.format(${value})`),
    fc.tuple(small, small).map(([from, to]) => `range(${from}, ${to})`),
  ),
}));

const open = fc.constantFrom('{%', '{%', '{%-', '{%+');
const close = fc.constantFrom('%}', '%}', '-%}');
const tag = (content: fc.Arbitrary<string>) =>
  fc.tuple(open, content, close).map(([begin, inner, end]) => `${begin} ${inner} ${end}`);
const LOOP = [
  'loop.index',
  'loop.index0',
  'loop.revindex',
  'loop.first',
  'loop.last',
  'loop.length',
  'loop.cycle(1, "b")',
  'loop.changed(x)',
  'loop.previtem | default("-")',
  'loop.nextitem | default("-")',
  'loop.depth',
];

const { body } = fc.letrec<{ body: string; statement: string }>((tie) => ({
  body: fc.array(tie('statement'), { maxLength: 3, depthIdentifier: 'statement' }).map((parts) => parts.join('')),
  statement: fc.oneof(
    { maxDepth: 3, depthIdentifier: 'statement' },
    {
      weight: 4,
      arbitrary: fc.constantFrom(
        'text',
        ' \n',
        '\n\n  ',
        'a {b} c',
        ' ',
        'é😀',
        '# x\n',
        '{# comment #}',
        ' {#- note -#} ',
        '{% raw %}{{ x }}{% endraw %}',
      ),
    },
    {
      weight: 6,
      arbitrary: fc
        .tuple(fc.constantFrom('{{', '{{', '{{-'), expression, fc.constantFrom('}}', '}}', '-}}'))
        .map(([begin, inner, end]) => `${begin} ${inner} ${end}`),
    },
    { weight: 1, arbitrary: fc.constantFrom(...LOOP).map((part) => `{{ ${part} }}`) },
    {
      weight: 2,
      arbitrary: fc
        .tuple(
          tag(expression.map((test) => `if ${test}`)),
          tie('body'),
          tag(expression.map((test) => `elif ${test}`)),
          tie('body'),
          tag(fc.constant('else')),
          tie('body'),
          tag(fc.constant('endif')),
        )
        .map((parts) => parts.join('')),
    },
    {
      weight: 3,
      arbitrary: fc
        .tuple(
          tag(
            fc
              .tuple(fc.constantFrom('x', 'i', '_'), expression, fc.option(expression, { nil: undefined }))
              .map(([item, over, test]) => `for ${item} in ${over}${test === undefined ? '' : ` if ${test}`}`),
          ),
          tie('body'),
          fc.constantFrom('', '{% else %}none'),
          tag(fc.constant('endfor')),
        )
        .map((parts) => parts.join('')),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          tag(
            fc.constantFrom(
              'for key, x in d.items()',
              'for x in ds',
              'for x in range(3)',
              'for key, x in nest | dictsort',
              'for x in l recursive',
            ),
          ),
          tie('body'),
          tag(fc.constant('endfor')),
        )
        .map((parts) => parts.join('')),
    },
    {
      weight: 2,
      arbitrary: tag(
        fc.tuple(fc.constantFrom('x', 'i', 'n'), expression).map(([target, value]) => `set ${target} = ${value}`),
      ),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(tag(fc.constantFrom('set x', 'set i | upper')), tie('body'), tag(fc.constant('endset')))
        .map((parts) => parts.join('')),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(tag(expression.map((value) => `with x = ${value}, y = n`)), tie('body'), tag(fc.constant('endwith')))
        .map((parts) => parts.join('')),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(
          tag(fc.constantFrom('filter upper', "filter replace('a', 'b') | trim", 'filter indent(1)')),
          tie('body'),
          tag(fc.constant('endfilter')),
        )
        .map((parts) => parts.join('')),
    },
    {
      weight: 2,
      arbitrary: fc
        .tuple(
          tag(expression.map((value) => `macro mac(x, i=${value})`)),
          tie('body'),
          tag(fc.constant('endmacro')),
          expression,
        )
        .map(([begin, inner, end, value]) => `${begin}${inner}${end}{{ mac(${value}) }}{{ mac(1, i=2) }}`),
    },
    {
      weight: 1,
      arbitrary: fc
        .tuple(tie('body'), tie('body'))
        .map(
          ([inner, called]) =>
            `{% macro wrap(x=1) %}${inner}{{ caller(x) }}{% endmacro %}{% call(i) wrap(n) %}${called}{% endcall %}`,
        ),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom(
        '{% include "part" %}',
        '{% include "part" without context %}',
        '{% include "nope" ignore missing %}',
        '{% import "lib" as lib %}{{ lib.twice(k) }}',
        '{% from "lib" import twice %}{{ twice(s) }}',
      ),
    },
    {
      weight: 1,
      arbitrary: tie('body').map(
        (inner) =>
          `{% set ns = namespace(n=0) %}{% for x in l %}{% set ns.n = ns.n + x %}${inner}{% endfor %}{{ ns.n }}`,
      ),
    },
  ),
}));

/** A template, two more that it may use, and values. */
export const generatedCase: fc.Arbitrary<Case> = fc
  .record({
    main: fc.array(body, { minLength: 1, maxLength: 3 }),
    part: body,
    values,
    undefined: fc.constantFrom('strict' as const, 'jinja' as const),
  })
  .map(({ main, part, values: given, undefined: behavior }) => ({
    templates: {
      main: main.join(''),
      part: part.replaceAll('include', 'x'),
      lib: '{% macro twice(a) %}<{{ a * 2 }}>{% endmacro %}',
    },
    values: given,
    undefined: behavior,
  }));

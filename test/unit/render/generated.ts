import fc from 'fast-check';
import { expression } from './generated-expressions.js';
import { values } from './generated-values.js';
import type { Case } from './python.js';

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

import { PyFloat, Tuple } from '../../../src/render/runtime/values.js';
import { describeCorpus } from './corpus.js';

const values = {
  n: 7,
  f: 2.5,
  twenty: new PyFloat(20),
  big: 2n ** 80n,
  s: 'héllo wörld',
  wide: 'a😀b',
  l: [3, 1, 2],
  t: new Tuple([1, 'two', null]),
  d: { b: 1, a: [1, { x: 'y' }], 'key-with': true },
  hosts: { h2: { ip: '10.0.0.2' }, h1: { ip: '10.0.0.1' } },
  yes: true,
  none: null,
};

describeCorpus(
  'expressions',
  {
    'int arithmetic':
      '{{ 7 + 2 }} {{ 7 - 9 }} {{ 7 * 3 }} {{ 7 // 2 }} {{ -7 // 2 }} {{ 7 % 3 }} {{ -7 % 3 }} {{ 7 % -3 }} {{ 2 ** 10 }}',
    'division is a float': '{{ 4 / 2 }} {{ 1 / 3 }} {{ 7 / 7 }} {{ 10 / 4 }}',
    'ints without bound':
      '{{ 2 ** 100 }} {{ big + 1 }} {{ big * big }} {{ big // 3 }} {{ big % 1000 }} {{ -big }} {{ 9007199254740993 + 2 }}',
    'float arithmetic':
      '{{ f + 0.5 }} {{ f * 2 }} {{ 0.1 + 0.2 }} {{ 7.5 // 2 }} {{ -7.5 // 2 }} {{ 7.5 % 2 }} {{ -7.5 % 2 }} {{ 2.0 ** 3 }} {{ 2 ** -2 }} {{ 4 ** 0.5 }}',
    'floats keep their point':
      '{{ 20.0 }} {{ twenty }} {{ 1e3 }} {{ 1.5e300 * 1 }} {{ 1e16 }} {{ 123456789012345680.0 }} {{ 1e-5 }} {{ 0.0001 }} {{ 1.0 * 3 }}',
    'number literals':
      '{{ 0x1f }} {{ 0o17 }} {{ 0b101 }} {{ 1_000 }} {{ 1_0.5 }} {{ 0 }} {{ 00 }} {{ 1E2 }} {{ 0xFF_FF }}',
    'unary operators': '{{ -n }} {{ +n }} {{ --n }} {{ -f }} {{ -yes }} {{ +yes }} {{ - 0 }} {{ -0.0 }}',
    'unary binds tighter than power': '{{ -2 ** 2 }} {{ 2 ** 3 ** 2 }}',
    'filters bind tighter than unary minus': '{{ -3 | abs }} {{ (-3) | abs }}',
    precedence: '{{ 1 + 2 * 3 }} {{ (1 + 2) * 3 }} {{ 2 * 3 % 4 }} {{ 1 ~ 2 + 3 }} {{ 1 + 2 ~ 3 }} {{ 1 ~ 2 * 3 }}',
    'true and false count':
      '{{ True + True }} {{ yes * 3 }} {{ true / 2 }} {{ False }} {{ none }} {{ None }} {{ true }}',
    texts: '{{ "a" + "b" }} {{ "ab" * 3 }} {{ 2 * "x" }} {{ "a" ~ 1 ~ none ~ 1.0 }} {{ "a" "b" \'c\' }}',
    'lists and tuples':
      '{{ [1] + [2] }} {{ [0] * 3 }} {{ [] * 2147483648 }} {{ "" * 2147483648 }} {{ [1] * -1 }} {{ (1, 2) + (3,) }} {{ () }} {{ (1,) }} {{ [] }} {{ {} }} {{ (1) }} {{ 1, 2 }}',
    representation: `{{ ["it's", 'say "hi"', "both ' and \\"", 'tab\\t', 'nl\\n', 'back\\\\', none, true, 1.0, 'é', '\\x00', '\\u2028'] }}`,
    dicts: "{{ {'a': 1, 2: 'b', 3.0: none, (1, 2): []} }} {{ {1: 'a', True: 'b'} }} {{ d }} {{ hosts }}",
    'escapes in strings': '{{ "\\x41\\u00e9\\n\\q\\101\\\\ \\"" }} {{ "line\\\nnext" }} {{ "ä\\ä" }}',
    comparisons:
      '{{ 1 < 2 }} {{ 2 <= 2 }} {{ 1 > 2 }} {{ "a" < "b" }} {{ [1, 2] < [1, 3] }} {{ (1,) < (1, 0) }} {{ 1 == 1.0 }} {{ 1 == true }} {{ "1" == 1 }} {{ [1] == (1,) }} {{ none == false }}',
    'chained comparisons': '{{ 1 < 2 < 3 }} {{ 1 < 3 < 2 }} {{ 3 > 2 > 1 == 1 }} {{ 1 < n < 10 }} {{ 1 < 2 in [2] }}',
    'dicts are equal whatever their order':
      "{{ {'a': 1, 'b': 2} == {'b': 2, 'a': 1} }} {{ d == {'b': 1} }} {{ {'a': [1]} != {'a': [1.0]} }}",
    in: "{{ 'h1' in hosts }} {{ 'h3' in hosts }} {{ 'll' in s }} {{ 2 in l }} {{ 4 not in l }} {{ not 4 in l }} {{ 'x' in {'x': none} }} {{ 1 in (1, 2) }} {{ '' in 'a' }} {{ true in [1] }}",
    'and, or and not give values':
      '{{ 0 or "x" }} {{ 1 and "y" }} {{ "" or [] }} {{ none and 1 }} {{ not "" }} {{ not l }} {{ 1 and 0 or 2 }} {{ not not 3 }}',
    'conditional expressions':
      "{{ 'a' if yes else 'b' }} {{ 'a' if not yes else 'b' if n else 'c' }} [{{ 'a' if none }}] {{ (1 if yes) + 1 }}",
    'attributes and items':
      "{{ d.b }} {{ d['b'] }} {{ d.a[1].x }} {{ d['a'][0] }} {{ d['key-with'] }} {{ l.0 }} {{ l[-1] }} {{ t[1] }} {{ s[1] }} {{ wide[1] }} {{ wide[-1] }} {{ l[true] }}",
    'methods come before keys with a dot and after them in brackets': {
      template: "{{ d.items() | list }} {{ d['items'] }} {{ d.get('keys') }}",
      values: { d: { items: 'I', keys: 'K' } },
    },
    slices:
      '{{ l[1:] }} {{ l[:-1] }} {{ l[::-1] }} {{ s[1:4] }} {{ s[::2] }} {{ wide[::-1] }} {{ t[:2] }} {{ l[5:] }} {{ l[-100:100] }} {{ l[:] }} {{ s[-3:] }} {{ l[2:0:-1] }}',
    'length of texts in code points': '{{ wide | length }} {{ s | length }} {{ wide | list }} {{ wide | reverse }}',
    ranges:
      '{{ range(3) | list }} {{ range(1, 10, 3) | list }} {{ range(5, 0, -2) | list }} {{ range(3) }} {{ range(0, 9, 2) }} {{ 3 in range(5) }} {{ range(5)[2] }} {{ range(4) | length }} {{ range(0) | list }}',
    'calls with names and stars':
      "{{ dict(a=1, b=2) }} {{ dict(d, c=3) }} {{ dict(**{'x': 1}) }} {{ range(*[1, 4]) | list }} {{ dict([('a', 1), ('b', 2)]) }}",
    'views of dicts':
      '{{ d.keys() }} {{ d.values() }} {{ d.items() }} {{ d.items() | length }} {{ "b" in d.keys() }} {{ 1 in d.values() }} {{ d.keys() | list }}',
    'views follow the dict': "{% set x = {'a': 1} %}{% set k = x.keys() %}{% set _ = x.update(b=2) %}{{ k }} {{ x }}",
    'methods of dicts':
      "{% set x = dict(d) %}{{ x.get('b') }} {{ x.get('zz') }} {{ x.get('zz', 5) }} {{ x.pop('b') }} {{ x.setdefault('q', 1) }} {{ x.copy() }} {{ x.popitem() }} {{ x.pop('zz', none) }} {{ x }} {{ x.clear() }} {{ x }}",
    'methods of lists':
      "{% set x = [3, 1, 2] %}{{ x.append(4) }} {{ x.extend([5, 6]) }} {{ x.insert(0, 9) }} {{ x.pop() }} {{ x.pop(0) }} {{ x.remove(1) }} {{ x.index(2) }} {{ x.count(3) }} {{ x.reverse() }} {{ x }} {{ x.sort() }} {{ x }} {{ x.copy() }} {{ t.index('two') }} {{ t.count(1) }}",
    'a colon may end a tag': '{% if yes: %}a{% endif %}{% for x in l: %}{{ x }}{% endfor %}',
    print: "{% print 'a', 1, d.b %}",
    'several subscripts make a tuple': "{{ {(1, 2): 'x'}[1, 2] }}",
    'attributes by number': "{{ [['a', 'b']].0.1 }}",
    tests:
      '{{ n is defined }} {{ zz is defined }} {{ zz is undefined }} {{ none is none }} {{ n is number }} {{ yes is number }} {{ f is float }} {{ twenty is float }} {{ n is integer }} {{ yes is integer }} {{ s is string }} {{ l is sequence }} {{ s is sequence }} {{ d is sequence }} {{ d is mapping }} {{ l is mapping }} {{ l is iterable }} {{ n is iterable }} {{ yes is boolean }} {{ yes is true }} {{ yes is false }} {{ n is odd }} {{ n is even }} {{ n is divisibleby 7 }} {{ n is divisibleby(2) }} {{ n is callable }} {{ range is callable }} {{ none is sameas none }} {{ n is eq 7 }} {{ n is lt 8 }} {{ n is ge 8 }} {{ 2 is in l }} {{ "ab" is lower }} {{ "AB" is upper }} {{ "1" is lower }} {{ n is not none }} {{ "x" is escaped }} {{ "map" is filter }} {{ "odd" is test }} {{ "zz" is filter }} {{ n is ne 7 }} {{ n is gt 1 }} {{ n is le 1 }} {{ n is equalto 7 }} {{ n is greaterthan 7 }} {{ n is lessthan 7 }}',
    'a test without brackets takes one value':
      "{{ 'a' is in ['a'] }} {{ 3 is divisibleby 3 and true }} {{ n is eq 7 or false }} {{ 'x' if n is odd else 'y' }}",
    'big ints in a list and as a key': '{{ [big, -big] }} {{ {big: 1}[big] }}',
    'nan and inf':
      "{{ 'nan' | float }} {{ 'inf' | float }} {{ '-inf' | float }} {{ 1e400 if false else 1 }} {{ ('nan' | float) == ('nan' | float) }}",
    'adding a text and a number is an error': '{{ "a" + 1 }}',
    'adding a list and a tuple is an error': '{{ [1] + (1,) }}',
    'division by zero is an error': '{{ 1 / 0 }}',
    'modulo zero is an error': '{{ 1 % 0 }}',
    'ordering a text and a number is an error': '{{ 1 < "a" }}',
    'ordering none is an error': '{{ none < 1 }}',
    'in a number is an error': '{{ 1 in 1 }}',
    'calling a number is an error': '{{ n() }}',
    'a list as a key is an error': '{{ {[1]: 2} }}',
    'slicing a dict is an error': '{{ d[1:2] }}',
    'a slice with a text is an error': '{{ l["a":] }}',
    'an unknown argument is an error': '{{ "a" | indent(wide=3) }}',
    'too many arguments are an error': '{{ "a" | upper(1) }}',
    'a missing argument is an error': '{{ "a" | replace("a") }}',
    'removing what is not there is an error': '{{ [].remove(1) }}',
    'unpacking too few is an error': '{% set a, b = [1] %}',
    'what is never evaluated is no error':
      '{{ 1 if true else 1 / 0 }} {{ false and 1 / 0 }} {{ "" | upper }}{% if false %}{{ "a" + 1 }}{% endif %}',
  },
  values,
);

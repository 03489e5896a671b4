import { PyFloat } from '../../../src/render/runtime/values.js';
import { describeCorpus } from './corpus.js';

const values = {
  s: 'a,b,,c',
  w: '  Hello  World ',
  wide: 'a😀b',
  n: 42,
  f: 3.25159,
  d: { k: 'v', n: [1, 2] },
  twenty: new PyFloat(20),
};

describeCorpus(
  'methods of texts',
  {
    split:
      "{{ s.split(',') }} {{ w.split() }} {{ s.split(',', 1) }} {{ s.split(',', maxsplit=2) }} {{ w.split(none, 1) }} {{ ''.split() }} {{ ''.split(',') }} {{ 'abc'.split('x') }} {{ 'a  b'.split(' ') }} {{ ' a b '.split(sep=none) }} {{ 'a b c'.split(none, 0) }} {{ 'a,b'.split(',', 0) }}",
    rsplit:
      "{{ s.rsplit(',', 1) }} {{ w.rsplit(none, 1) }} {{ s.rsplit(',') }} {{ ' a  b '.rsplit(none, 1) }} {{ 'a b c'.rsplit(none, 0) }}",
    join: "{{ ', '.join(['a', 'b']) }} {{ '-'.join('abc') }} {{ ''.join([]) }} {{ ','.join(d) }}",
    strip:
      "[{{ w.strip() }}] [{{ w.lstrip() }}] [{{ w.rstrip() }}] {{ 'xyaxy'.strip('xy') }} {{ 'xa'.lstrip('x') }} {{ 'ax'.rstrip('x') }} {{ 'a'.strip('') }}",
    letters:
      "{{ w.upper() }}{{ w.lower() }}{{ w.title() }}{{ w.strip().capitalize() }}{{ w.swapcase() }} {{ \"they're bill's\".title() }} {{ 'x1y2'.title() }} {{ 'ABC'.casefold() }}",
    'starts and ends':
      "{{ s.startswith('a') }} {{ s.endswith('c') }} {{ s.startswith(('x', 'a')) }} {{ s.startswith('b', 2) }} {{ s.endswith('b', 0, 3) }} {{ ''.startswith('') }} {{ s.startswith('') }} {{ 'a'.startswith('', 2) }}",
    find: "{{ s.find('b') }} {{ s.find('z') }} {{ s.rfind(',') }} {{ s.index('c') }} {{ s.rindex(',') }} {{ s.find(',', 2) }} {{ s.find('c', 0, 3) }} {{ wide.find('b') }} {{ s.find('') }} {{ 'abc'.rfind('') }} {{ 'a'.find('', 2) }}",
    'count and replace':
      "{{ s.count(',') }} {{ s.count('') }} {{ s.replace(',', ';') }} {{ s.replace(',', ';', 1) }} {{ 'aaaa'.count('aa') }} {{ s.count(',', 2, 4) }}",
    fill: "[{{ 'ab'.ljust(5) }}] [{{ 'ab'.rjust(5, '*') }}] [{{ 'ab'.center(7, '-') }}] [{{ 'abc'.center(6) }}] {{ '5'.zfill(3) }} {{ '-5'.zfill(4) }} {{ '+5'.zfill(4) }} {{ wide.ljust(5, '.') }} {{ 'abcd'.zfill(2) }}",
    lines:
      "{{ 'a\\nb\\r\\nc\\n'.splitlines() }} {{ 'a\\nb'.splitlines(true) }} {{ ''.splitlines() }} {{ 'a\\x0bb\\x85c'.splitlines() }} {{ 'a\\n\\nb'.splitlines() }}",
    partition: "{{ s.partition(',') }} {{ s.rpartition(',') }} {{ s.partition('x') }} {{ s.rpartition('x') }}",
    prefixes:
      "{{ 'abc'.removeprefix('a') }} {{ 'abc'.removesuffix('c') }} {{ 'abc'.removeprefix('x') }} {{ 'abc'.removesuffix('') }}",
    questions:
      "{{ '12'.isdigit() }} {{ 'a1'.isalnum() }} {{ 'ab'.isalpha() }} {{ ''.isdigit() }} {{ ' '.isspace() }} {{ 'aB'.islower() }} {{ 'AB1'.isupper() }} {{ 'Ab Cd'.istitle() }} {{ 'AB'.istitle() }} {{ 'é'.isalpha() }} {{ '1.5'.isdecimal() }} {{ '12'.isnumeric() }} {{ 'a_1'.isidentifier() }} {{ '1a'.isidentifier() }} {{ 'é'.isascii() }} {{ ''.isascii() }}",
    tabs: "{{ 'a\\tb\\tcc\\td'.expandtabs(4) }}|{{ '\\t'.expandtabs() }}",
    'a method that is not supported': { template: '{{ s.encode() }}', refused: /not supported/ },
    'an empty separator is an error': "{{ s.split('') }}",
    'joining numbers is an error': "{{ ','.join([1]) }}",
    'index of what is not there is an error': "{{ s.index('z') }}",
    'an unknown method is an error': '{{ s.nope() }}',
    'a missing argument is an error': "{{ s.replace('a') }}",
    'a number as a separator is an error': '{{ s.split(1) }}',
  },
  values,
);

describeCorpus(
  '% formats',
  {
    texts:
      "{{ '%s' % 'a' }} {{ '%s %s' % ('a', 1) }} {{ '%5s|%-5s|%.2s' % ('a', 'b', 'cde') }} {{ '%r' % 'a' }} {{ '%s' % none }} {{ '%s' % [1] }} {{ '%s' % {'a': 1} }} {{ '100%%' % () }} {{ '%s' % (('a', 'b'),) }} {{ '%c%c' % ('x', 65) }} {{ '%a' % 'é' }} {{ '%%' % () }}",
    ints: "{{ '%d' % 5 }} {{ '%05d' % -42 }} {{ '%+d' % 5 }} {{ '% d' % 5 }} {{ '%x %X %o' % (255, 255, 8) }} {{ '%#x %#o' % (255, 8) }} {{ '%d' % 3.99 }} {{ '%5d|%-5d|' % (1, 2) }} {{ '%i' % true }} {{ '%.3d' % 5 }} {{ '%d' % (2 ** 70) }} {{ '%08.3d' % 5 }} {{ '%#010x' % 255 }} {{ '%x' % -255 }}",
    floats:
      "{{ '%f' % 1.5 }} {{ '%.2f' % 2.675 }} {{ '%.0f' % 0.5 }} {{ '%.0f' % 1.5 }} {{ '%e' % 12345.678 }} {{ '%.3e' % 0 }} {{ '%g' % 0.0001 }} {{ '%g' % 1e10 }} {{ '%g' % 123456789 }} {{ '%G' % 1e-10 }} {{ '%08.2f' % 3.14159 }} {{ '%+.1f' % 2 }} {{ '%.3g' % 3.14159 }} {{ '%10.3f|' % f }} {{ '%-10.3f|' % f }} {{ '%f' % 1e20 }} {{ '%.1f' % 0.25 }} {{ '%.1f' % 0.35 }} {{ '%#.0f' % 5 }} {{ '%g' % 100000 }} {{ '%g' % 1000000 }} {{ '%F' % 1.0 }} {{ '%#g' % 1.0 }} {{ '%.20f' % 0.1 }} {{ '%f' % 'nan' | float if false else 1 }}",
    'by name and star':
      "{{ '%(k)s' % d }} {{ '%(k)5s|' % d }} {{ '%*d' % (5, 42) }} {{ '%.*f' % (2, 3.14159) }} {{ '%-*d|' % (5, 42) }}",
    'too few are an error': "{{ '%s %s' % 'a' }}",
    'too many are an error': "{{ '%s' % ('a', 'b') }}",
    'a text for a number is an error': "{{ '%d' % 'a' }}",
    'a float for hexadecimal is an error': "{{ '%x' % 1.5 }}",
    'an unknown letter is an error': "{{ '%y' % 1 }}",
    'an incomplete format is an error': "{{ '%' % 1 }}",
    'a missing key is an error': "{{ '%(zz)s' % d }}",
    'a text without formats is an error': "{{ 'abc' % 5 }}",
    'a dict is never too many': "{{ 'abc' % d }} {{ 'abc' % [] }} {{ 'abc' % () }}",
  },
  values,
);

describeCorpus(
  'str.format',
  {
    fields:
      "{{ '{} {}'.format('a', 1) }} {{ '{1}{0}'.format('a', 'b') }} {{ '{x}'.format(x=5) }} {{ '{{}}'.format() }} {{ '{0[k]} {0[n][1]}'.format(d) }} {{ '{!r} {!s}'.format('a', 'b') }} {{ '{}'.format(none) }} {{ '{}'.format([1, 'a']) }} {{ '{}'.format(1.0) }} {{ '{}'.format(true) }}",
    texts:
      "{{ '{:5}|{:>5}|{:^5}|{:*<5}|{:.2}'.format('a', 'b', 'c', 'd', 'efg') }} {{ '{:s}'.format('x') }} {{ '{:>{w}}'.format('a', w=4) }} {{ '{:05}'.format('a') }}",
    ints: "{{ '{:5d}|{:<5}|{:05d}|{:+d}|{: d}'.format(1, 2, 3, 4, 5) }} {{ '{:x} {:X} {:o} {:b} {:#x} {:#b}'.format(255, 255, 8, 5, 255, 5) }} {{ '{:,}'.format(1234567) }} {{ '{:_}'.format(1234567) }} {{ '{:>8,}'.format(1234) }} {{ '{:^7}'.format(42) }} {{ '{:*=+6}'.format(42) }} {{ '{:#06x}'.format(255) }} {{ '{:-}'.format(5) }} {{ '{:f}'.format(5) }} {{ '{:5}'.format(true) }} {{ '{:d}'.format(true) }}",
    floats:
      "{{ '{:.2f}'.format(3.14159) }} {{ '{:8.3f}|'.format(f) }} {{ '{:e}'.format(12345.678) }} {{ '{:g}'.format(0.00001) }} {{ '{:%}'.format(0.25) }} {{ '{:.1%}'.format(0.256) }} {{ '{:,.2f}'.format(1234567.891) }} {{ '{:.3}'.format(3.14159) }} {{ '{:.3}'.format(31415.9) }} {{ '{:10}|'.format(2.5) }} {{ '{:G}'.format(1e20) }} {{ '{:+.1f}'.format(2.55) }} {{ '{:08.2f}'.format(-3.5) }} {{ '{:.0f}'.format(2.5) }} {{ '{:5}'.format(20.0) }} {{ '{:.1}'.format(20.0) }}",
    'mixing numbers and none is an error': "{{ '{} {0}'.format(1) }}",
    'a missing argument is an error': "{{ '{} {}'.format(1) }}",
    'a missing name is an error': "{{ '{x}'.format() }}",
    'a single brace is an error': "{{ '{'.format() }}",
    'a single closing brace is an error': "{{ 'a}'.format() }}",
    'an attribute is an error': "{{ '{0.k}'.format(d) }}",
    'a text as a number is an error': "{{ '{:d}'.format('a') }}",
    'a float as an int is an error': "{{ '{:d}'.format(1.5) }}",
    'none with a width is an error': "{{ '{:5}'.format(none) }}",
    'a list with a width is an error': "{{ '{:5}'.format([]) }}",
  },
  values,
);

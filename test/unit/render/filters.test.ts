import { PyFloat } from '../../../src/render/runtime/values.js';
import { describeCorpus } from './corpus.js';

const values = {
  l: [3, 1, 2],
  words: ['b', 'A', 'c', 'a', 'B'],
  s: 'hello World, it is 5',
  long: 'The quick brown fox jumps over the lazy dog and-the-well-known hyphenated words, supercalifragilistic',
  html: '<a href="x">Tom & "Jerry\'s"</a>',
  d: { b: 2, A: 1, c: 0 },
  users: [
    { name: 'bob', age: 30, address: { city: 'Berlin' }, tags: ['x', 'y'] },
    { name: 'Alice', age: 25, address: { city: 'athens' }, active: true, tags: [] },
    { name: 'carl', age: 30, address: { city: 'berlin' }, active: false },
  ],
  mixed: [1, 'a', null, 2.5, [1], { k: 'v' }, true],
  twenty: new PyFloat(20),
};

describeCorpus(
  'filters of lists and dicts',
  {
    join: "{{ l | join }} {{ l | join(', ') }} {{ mixed | join('|') }} {{ d | join(',') }} {{ users | join('+', attribute='name') }} {{ 'abc' | join('-') }} {{ l | join(1) }} {{ users | join(', ', 'address.city') }}",
    'first and last':
      "{{ l | first }} {{ l | last }} {{ 'abc' | first }} {{ 'abc' | last }} {{ d | first }} {{ d | last }} {{ [] | first is defined }} {{ range(3) | last }} {{ d.items() | last }}",
    'length and count':
      '{{ l | length }} {{ s | count }} {{ d | length }} {{ range(4) | length }} {{ (1, 2) | length }}',
    sort: "{{ l | sort }} {{ words | sort }} {{ words | sort(case_sensitive=true) }} {{ l | sort(reverse=true) }} {{ users | sort(attribute='age,name') | map(attribute='name') | list }} {{ users | sort(attribute='address.city', reverse=true) | map(attribute='name') | join(' ') }} {{ d | sort }} {{ 'hello' | sort }} {{ [(2, 'a'), (1, 'b')] | sort }} {{ [1.5, 1, true] | sort }}",
    dictsort:
      "{{ d | dictsort }} {{ d | dictsort(true) }} {{ d | dictsort(false, 'value') }} {{ d | dictsort(reverse=true) }} {{ d | dictsort(by='value', reverse=true) }}",
    unique:
      "{{ words | unique | list }} {{ words | unique(true) | list }} {{ [1, 1.0, true, 2] | unique | list }} {{ users | unique(attribute='age') | map(attribute='name') | list }}",
    'min and max':
      "{{ l | min }} {{ l | max }} {{ words | min }} {{ words | max(true) }} {{ (users | max(attribute='age')).name }} {{ [] | min is defined }} {{ [1, 1.0] | max }} {{ 'hello' | max }}",
    sum: "{{ l | sum }} {{ users | sum('age') }} {{ users | sum(attribute='age', start=0.5) }} {{ [] | sum }} {{ [0.1, 0.2] | sum }} {{ [[1], [2]] | sum(start=[]) }} {{ [true, true] | sum }}",
    map: "{{ words | map('upper') | list }} {{ users | map(attribute='name') | list }} {{ users | map(attribute='tags.0', default='none') | list }} {{ l | map('string') | join }} {{ users | map(attribute='active', default='?') | list }} {{ words | map('replace', 'a', 'X') | list }} {{ ['1', 'b'] | map('int', default=7) | list }} {{ [[1, 2], [3]] | map('length') | list }} {{ [[1, 2], [3, 4]] | map(attribute=1) | list }}",
    'select and reject':
      "{{ l | select('odd') | list }} {{ l | reject('odd') | list }} {{ mixed | select | list }} {{ [0, 1, '', none] | reject | list }} {{ l | select('gt', 1) | list }} {{ words | select('in', ['a', 'b']) | list }} {{ l | select('divisibleby', 3) | list }} {{ l | select('==', 3) | list }} {{ [] | select | list }}",
    'selectattr and rejectattr':
      "{{ users | selectattr('active', 'defined') | map(attribute='name') | list }} {{ users | rejectattr('active', 'defined') | map(attribute='name') | list }} {{ users | selectattr('age', 'equalto', 30) | map(attribute='name') | list }} {{ users | selectattr('address.city', 'eq', 'athens') | list | length }} {{ users | selectattr('tags', 'undefined') | map(attribute='name') | join }}",
    'selectattr without a test': {
      template: "{{ users | selectattr('active') | map(attribute='name') | list }}",
      undefined: 'jinja',
    },
    'selectattr of what is missing is an error': "{{ users | selectattr('active') | list }}",
    groupby:
      "{% for g in users | groupby('age') %}{{ g.grouper }}:{{ g.list | map(attribute='name') | join(',') }} {% endfor %}{% for city, items in users | groupby('address.city') %}{{ city }}={{ items | length }} {% endfor %}{{ users | groupby('age') | map('first') | list }} {{ [{'a': 1}] | groupby('a') }} {% for k, v in users | groupby('active', default=false) %}{{ k }}{{ v | length }} {% endfor %}{% for k, v in users | groupby('address.city', case_sensitive=true) %}{{ k }}{% endfor %}",
    batch: "{{ range(7) | batch(3) | list }} {{ range(7) | batch(3, 'x') | list }} {{ [] | batch(2) | list }}",
    slice: "{{ range(7) | slice(3) | list }} {{ range(7) | slice(3, 'x') | list }} {{ range(2) | slice(4) | list }}",
    'list and reverse':
      "{{ 'abc' | list }} {{ d | list }} {{ l | reverse | list }} {{ 'abc' | reverse }} {{ d | reverse | list }} {{ (1, 2) | reverse | list }}",
    items: '{{ d | items | list }}{% for k, v in d | items %}{{ k }}{{ v }}{% endfor %}',
    default:
      "{{ zz | default('x') }} {{ zz | d(1) }} {{ none | default('x') }} {{ '' | default('x', true) }} {{ 0 | default(5, boolean=true) }} {{ users[1].zz | default }} {{ false | default('x') }}|{{ users.0.zz | default(none) }}",
    attr: "{{ 'abc' | attr('upper') is callable }} {{ d | attr('b') is defined }}",
    'a generator is gone through once': "{% set m = l | map('string') %}{{ m | join }}{{ m | join }}",
    'a generator is true': "{{ 'yes' if [] | select('odd') else 'no' }}",
    'a generator has no length': "{{ l | map('string') | length }}",
    'printing a generator': { template: "{{ l | map('string') }}", refused: /generator/ },
    'printing a method': { template: '{{ s.upper }}', refused: /not supported/ },
    'sorting a mixture is an error': "{{ [1, 'a'] | sort }}",
    'sort by what is missing is an error': "{{ users | sort(attribute='active') }}",
    'joining what has no items is an error': '{{ 5 | join }}',
    'an unknown filter in map is an error': "{{ l | map('nope') | list }}",
    'map without a filter is an error': '{{ l | map | list }}',
    'last of a generator is an error': "{{ l | map('string') | last }}",
    'summing texts is an error': "{{ ['a'] | sum }}",
    'dictsort of a list is an error': '{{ l | dictsort }}',
  },
  values,
);

describeCorpus(
  'filters of texts',
  {
    letters:
      "{{ s | upper }} {{ s | lower }} {{ s | title }} {{ s | capitalize }} {{ 5 | upper }} {{ none | lower }} {{ 'o\\'neil foo-bar (baz) [x]{y}<z' | title }} {{ 'straße' | upper }} {{ 'ÀÉ' | lower }} {{ 'éa' | capitalize }}",
    trim: "[{{ '  a b \\n' | trim }}] [{{ 'xxaxx' | trim('x') }}] [{{ '\\u00a0a\\u2003' | trim }}]",
    replace:
      "{{ 'aaa' | replace('a', 'b') }} {{ 'aaa' | replace('a', 'b', 2) }} {{ 123 | replace(2, 'x') }} {{ 'abc' | replace('', '-') }} {{ 'abc' | replace('', '-', 2) }} {{ 'a$b' | replace('$', '$&') }} {{ 'abc' | replace('b', '') }}",
    indent:
      "{{ 'a\\nb\\n\\nc' | indent }}|{{ 'a\\nb\\n\\nc' | indent(2, true) }}|{{ 'a\\n\\nb' | indent(width=1, blank=true) }}|{{ 'a\\nb' | indent('> ') }}|{{ 'a\\nb\\n' | indent(2) }}|{{ '' | indent(first=true) }}|{{ 'a\\r\\nb' | indent(2) }}",
    truncate:
      "{{ long | truncate(20) }} {{ long | truncate(20, true) }} {{ long | truncate(20, end='…') }} {{ 'short' | truncate(4) }} {{ 'foo bar baz' | truncate(9, false, '...', 0) }} {{ long | truncate(10, leeway=0) }}",
    wordwrap:
      "{{ long | wordwrap(20) }}|{{ long | wordwrap(10, false) }}|{{ long | wordwrap(10, break_on_hyphens=false) }}|{{ long | wordwrap(15, wrapstring='/') }}|{{ 'a b\\n\\nc d' | wordwrap(2) }}|{{ 'aa--bb cc - dd' | wordwrap(4) }}|{{ '  lead  and   gaps  ' | wordwrap(6) }}",
    'wordcount and center':
      "{{ s | wordcount }} {{ long | wordcount }} [{{ 'ab' | center(5) }}] [{{ 'abc' | center(8) }}] [{{ 'a' | center(4) }}]",
    format: "{{ '%s-%d' | format('a', 5) }} {{ '%(x)s' | format(x=1) }} {{ '%s' | format('a') }}",
    string: "{{ 5 | string }} {{ none | string }} {{ l | string }} {{ 1.0 | string + 'x' }} {{ true | string }}",
    escape:
      '{{ html | e }} {{ html | escape }} {{ html | forceescape }} {{ html | e | e }} {{ html | safe }} {{ 5 | e }}',
    'marked text escapes what is added':
      "{{ ('<b>' | safe) + '<i>' }} {{ '<i>' + ('<b>' | safe) }} {{ ('<b>' | safe) ~ '<i>' }} {{ ['<' | e] }} {{ ('a' | safe) == 'a' }} {{ ('<' | e) is escaped }} {{ ('ab' | safe) * 2 }} {{ ('<b>' | safe)[1:] }} {{ ('ab' | safe) | upper }} {{ ('<b>' | safe) | length }} {{ 'a' in ('abc' | safe) }}",
    striptags: "{{ '<p>a  <b>b</b>\\n c</p>' | striptags }} {{ '<!-- x -->a' | striptags }}",
    urlencode:
      "{{ 'a b/c?d=é&f' | urlencode }} {{ {'a b': 'c/d', 'e': 1} | urlencode }} {{ [('x', 'y z'), ('n', none)] | urlencode }} {{ 5 | urlencode }}",
    xmlattr: "<p{{ {'class': 'a \"b\"', 'id': none, 'n': 5} | xmlattr }}{{ {'x': 1} | xmlattr(false) }}>",
    tojson:
      "{{ mixed | tojson }} {{ d | tojson }} {{ html | tojson }} {{ 'é😀\\n' | tojson }} {{ 1.0 | tojson }} {{ twenty | tojson }} {{ users | tojson(indent=2) }} {{ [] | tojson(2) }} {{ {} | tojson(indent=1) }} {{ none | tojson }} {{ {1: 2, 10: 3} | tojson }} {{ (1, 2) | tojson }} {{ 1e20 | tojson }} {{ 0.1 | tojson }} {{ '\\x7f/' | tojson }}",
    'tojson is marked text':
      "{{ ({'a': 1} | tojson) + '\"' }} {{ {'a': 1} | tojson | replace('\"', \"'\") }} {{ [1, {'a': 2}] | tojson(indent=2) | indent(4) }}",
    'tojson of keys that have no order is an error': "{{ {1: 2, 'a': 3} | tojson }}",
    'tojson of undefined is an error': { template: '{{ zz | tojson }}', undefined: 'jinja' },
    pprint: '{{ d | pprint }} {{ s | pprint }} {{ l | pprint }} {{ 1.0 | pprint }}',
    filesizeformat:
      "{{ 1 | filesizeformat }} {{ 0 | filesizeformat }} {{ 999 | filesizeformat }} {{ 1000 | filesizeformat }} {{ 1500000 | filesizeformat }} {{ 1024 | filesizeformat(true) }} {{ 123456789 | filesizeformat(binary=true) }} {{ '2e15' | filesizeformat }} {{ 1.5 | filesizeformat }} {{ 1e27 | filesizeformat }}",
    'indent of a number is an error': '{{ 5 | indent }}',
    'truncate shorter than its end is an error': '{{ long | truncate(2) }}',
  },
  values,
);

describeCorpus(
  'filters of numbers',
  {
    int: "{{ '42' | int }} {{ '42.9' | int }} {{ 'x' | int }} {{ 'x' | int(7) }} {{ '0x1f' | int(base=16) }} {{ '1f' | int(0, 16) }} {{ '0b11' | int(0, 2) }} {{ 3.99 | int }} {{ -3.99 | int }} {{ true | int }} {{ none | int }} {{ ' 5 ' | int }} {{ '1_000' | int }} {{ '12345678901234567890' | int }} {{ 1e20 | int }} {{ '' | int }} {{ '-7' | int }} {{ [] | int }} {{ '08' | int }} {{ '0x1f' | int(0, 0) }} {{ '9' | int(0, 8) }} {{ '1e3' | int }}",
    float:
      "{{ '4.5' | float }} {{ 4 | float }} {{ 'x' | float }} {{ 'x' | float(1.5) }} {{ '1e3' | float }} {{ '.5' | float }} {{ '5.' | float }} {{ none | float }} {{ true | float }} {{ ' 2 ' | float }} {{ '1_0.5' | float }} {{ 'infinity' | float }}",
    round:
      "{{ 42.55 | round }} {{ 42.55 | round(1) }} {{ 2.5 | round }} {{ 3.5 | round }} {{ 0.5 | round }} {{ -2.5 | round }} {{ 2.675 | round(2) }} {{ 42 | round }} {{ 42.1 | round(0, 'ceil') }} {{ 42.9 | round(method='floor') }} {{ 42.55 | round(1, 'floor') }} {{ 1234 | round(-2) }} {{ 1250 | round(-2) }} {{ 1234.5 | round(-2) }} {{ 42 | round(1, 'ceil') }} {{ 1e20 | round(2) }} {{ 0.1 | round(20) }} {{ twenty | round }} {{ 1.005 | round(2) }} {{ -0.4 | round }}",
    'round and int': '{{ 42.55 | round | int }}',
    abs: '{{ -5 | abs }} {{ -5.5 | abs }} {{ (-5) | abs }} {{ true | abs }} {{ (0.0 * -1) | abs }}',
    'round of a text is an error': "{{ '5' | round }}",
    'abs of a text is an error': "{{ '5' | abs }}",
    'a strange method of round is an error': "{{ 5.5 | round(1, 'up') }}",
    random: { template: '{{ [1] | random }}', refused: /no filter "random"/ },
    urlize: { template: "{{ 'x' | urlize }}", refused: /no filter "urlize"/ },
  },
  values,
);

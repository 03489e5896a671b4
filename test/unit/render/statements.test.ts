import { describeCorpus } from './corpus.js';

const values = {
  l: [1, 2, 3],
  hosts: { h2: { ip: '10.0.0.2', role: 'worker' }, h1: { ip: '10.0.0.1', role: 'master' } },
  tree: [
    {
      name: 'a',
      sub: [
        { name: 'b', sub: [] },
        { name: 'c', sub: [{ name: 'd', sub: [] }] },
      ],
    },
    { name: 'e', sub: [] },
  ],
  x: 'outer',
  empty: [],
};

describeCorpus(
  'loops',
  {
    'over a list': '{% for i in l %}{{ i }},{% endfor %}',
    'over a dict gives its keys in order': '{% for h in hosts %}{{ h }}={{ hosts[h].ip }} {% endfor %}',
    'over items': '{% for h, m in hosts.items() %}{{ h }}={{ m.ip }} {% endfor %}',
    'over a text': '{% for c in "a😀b" %}[{{ c }}]{% endfor %}',
    'over a tuple without brackets': '{% for i in 1, 2, 3 %}{{ i }}{% endfor %}',
    'nested unpacking': '{% for a, (b, c) in [(1, (2, 3)), (4, [5, 6])] %}{{ a }}{{ b }}{{ c }} {% endfor %}',
    loop: '{% for i in l %}{{ loop.index }}{{ loop.index0 }}{{ loop.revindex }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{{ loop.length }}{{ loop.depth }}{{ loop.depth0 }} {% endfor %}',
    neighbours:
      "{% for i in l %}{{ loop.previtem if not loop.first else '-' }}{{ loop.nextitem if not loop.last else '-' }} {% endfor %}",
    'the first has no previous item':
      '{% for i in l %}{{ loop.previtem is defined }}{{ loop.nextitem is defined }} {% endfor %}',
    cycle: "{% for i in l %}{{ loop.cycle('odd', 'even') }} {% endfor %}",
    changed:
      '{% for i in [1, 1, 2, 2, 1] %}{{ loop.changed(i) }} {% endfor %}{% for i in l %}{{ loop.changed() }}{% endfor %}',
    'with a condition': '{% for i in range(10) if i is odd %}{{ loop.index }}:{{ i }}/{{ loop.length }} {% endfor %}',
    'with a condition and without loop': '{% for i in range(10) if i % 3 == 0 %}{{ i }} {% endfor %}',
    'a condition sees names outside': '{% set y = 2 %}{% for i in l if i >= y %}{{ i }}{% endfor %}',
    else: '{% for i in empty %}{{ i }}{% else %}none{% endfor %}{% for i in l %}{{ i }}{% else %}none{% endfor %}',
    'else after a condition': '{% for i in l if i > 5 %}{{ i }}{% else %}none{% endfor %}',
    recursive:
      '{% for n in tree recursive %}{{ loop.depth }}{{ n.name }}{% if n.sub %}({{ loop(n.sub) }}){% endif %}{% endfor %}',
    'recursive with else': '{% for n in tree recursive %}{{ n.name }}[{{ loop(n.sub) }}]{% else %}-{% endfor %}',
    'what is set inside is gone after it': '{% for i in l %}{% set x = i %}{{ x }}{% endfor %}{{ x }}',
    'what is set in one turn is not there in the next': '{% for i in l %}{{ x }}{% set x = i %}{{ x }} {% endfor %}',
    'the name of the item is gone after it': '{% for x in l %}{{ x }}{% endfor %}{{ x }}',
    'a namespace keeps':
      '{% set ns = namespace(n=0, found=false) %}{% for i in l %}{% set ns.n = ns.n + i %}{% endfor %}{{ ns.n }} {{ ns.found }} {{ ns }}',
    'nested loops':
      '{% for i in l %}{% for j in l %}{{ loop.index }}{{ i }}{{ j }} {% endfor %}{{ loop.index }}|{% endfor %}',
    'the outer loop under another name':
      '{% for i in l %}{% set outer = loop %}{% for j in [7, 8] %}{{ outer.index }}.{{ loop.index }} {% endfor %}{% endfor %}',
    'over a generator': '{% for i in l | map("string") %}{{ loop.index }}/{{ loop.length }}{{ i }} {% endfor %}',
    'over a generator, asked for the last':
      '{% for i in l | select("odd") %}{{ i }}{{ "," if not loop.last }}{% endfor %}',
    printed: '{% for i in l %}{{ loop }}{% endfor %}',
    'same name as what is gone through': '{% for l in l %}{{ l }}{% endfor %}',
    'an item of a loop that is not used': '{% for _ in l %}.{% endfor %}',
    'unpacking the wrong number is an error': '{% for a, b in [[1, 2, 3]] %}{% endfor %}',
    'over a number is an error': '{% for i in 5 %}{% endfor %}',
    'over none is an error': '{% for i in none %}{% endfor %}',
    'loop outside of a loop is undefined': '{{ loop is defined }}{% for i in l %}{% endfor %}{{ loop is defined }}',
    'assigning to loop is an error': '{% for loop in l %}{% endfor %}',
    'calling a loop that is not recursive is an error': '{% for i in l %}{{ loop([1]) }}{% endfor %}',
    'cycle without items is an error': '{% for i in l %}{{ loop.cycle() }}{% endfor %}',
  },
  values,
);

describeCorpus(
  'if, set and with',
  {
    'if, elif, else': '{% for i in l %}{% if i == 1 %}one{% elif i == 2 %}two{% else %}many{% endif %} {% endfor %}',
    'a tuple is true': '{% if 0, %}yes{% endif %}',
    set: '{% set a = 1 %}{% set b, c = 2, 3 %}{{ a }}{{ b }}{{ c }}{% set d = 1, 2 %}{{ d }}',
    swap: '{% set a, b = 1, 2 %}{% set a, b = b, a %}{{ a }}{{ b }}',
    'set in a branch is seen after it': '{% if l %}{% set x = 1 %}{% endif %}{{ x }}',
    'set in a branch that is not taken': '{% if not l %}{% set x = 1 %}{% endif %}{{ x }}',
    'set in all branches':
      '{% if not l %}{% set x = 1 %}{% elif l | length == 9 %}{% set x = 2 %}{% else %}{% set x = 3 %}{% endif %}{{ x }}',
    'set in some branches inside of a loop':
      '{% for i in l %}{% if i == 2 %}{% set x = i %}{% endif %}{{ x }} {% endfor %}',
    'set block': '{% set a %}x{{ l[0] }}y{% endset %}[{{ a }}]{{ a | length }}',
    'set block with filters': '{% set a | upper | replace("X", "z") %}x{{ l[0] }}y{% endset %}{{ a }}',
    'set block: what is set inside is gone': '{% set a %}{% set x = 1 %}{{ x }}{% endset %}{{ a }}{{ x }}',
    with: '{% with a = 1, b = x %}{{ a }}{{ b }}{% endwith %}{{ a is defined }}',
    'with: values are those outside': '{% with x = 1, y = x %}{{ x }}{{ y }}{% endwith %}{{ x }}',
    'with: what is set inside is gone': '{% with %}{% set x = 2 %}{{ x }}{% endwith %}{{ x }}',
    'filter block':
      '{% filter upper %}a{{ x }}{% endfilter %}{% filter indent(2) | replace("b", "c") %}a\nb\n{% endfilter %}',
    'filter block: names inside': '{% set y = 1 %}{% filter upper %}{% set y = "q" %}{{ y }}{% endfilter %}{{ y }}',
    'autoescape off': '{% autoescape false %}<{{ x }}>{% endautoescape %}',
    'joiner and cycler':
      '{% set j = joiner("; ") %}{% for i in l %}{{ j() }}{{ i }}{% endfor %} {% set c = cycler("a", "b") %}{{ c.next() }}{{ c.next() }}{{ c.next() }}{{ c.current }}{{ c.reset() }}{{ c.current }}',
    'setting an attribute of a dict is an error': '{% set hosts.a = 1 %}',
    'assigning to a constant is an error': '{% set true = 1 %}',
    'assigning to an expression is an error': '{% set l[0] = 1 %}',
    'names may be those of JavaScript':
      '{% set this = 1 %}{% set class = 2 %}{% set constructor = 3 %}{% set out = 4 %}{% set c = 5 %}{% set p = 6 %}{% set l0_x = 7 %}{{ this }}{{ class }}{{ constructor }}{{ out }}{{ c }}{{ p }}{{ l0_x }}{{ var is defined }}{{ toString is defined }}{{ __proto__ is defined }}',
    'keys may be those of JavaScript':
      "{% set d = {'constructor': 1, '__proto__': 2, 'toString': 3} %}{{ d }}{{ d.constructor }}{{ d['__proto__'] }}{{ hosts.constructor is defined }}{{ hosts.toString is defined }}{{ hosts['valueOf'] is defined }}",
  },
  values,
);

describeCorpus(
  'macros',
  {
    'with defaults':
      "{% macro m(a, b=2, c='z') %}{{ a }}{{ b }}{{ c }} {% endmacro %}{{ m(1) }}{{ m(1, 3) }}{{ m(1, c=4) }}{{ m(b=5, a=6) }}",
    'defaults see other parameters': '{% macro m(a, b=a) %}{{ a }}{{ b }}{% endmacro %}{{ m(1) }}{{ m(1, 2) }}',
    'defaults do not see later parameters': '{% macro m(a=b, b=1) %}{{ a is defined }}{{ b }}{% endmacro %}{{ m() }}',
    'varargs and kwargs': '{% macro m(a) %}{{ a }} {{ varargs }} {{ kwargs }}{% endmacro %}{{ m(1, 2, 3, x=4) }}',
    'a missing parameter is undefined': '{% macro m(a) %}{{ a is defined }}{% endmacro %}{{ m() }}',
    'a missing parameter that is printed is an error': '{% macro m(a) %}{{ a }}{% endmacro %}{{ m() }}',
    attributes:
      '{% macro m(a, b=1) %}{{ varargs }}{% endmacro %}{{ m.name }} {{ m.arguments }} {{ m.catch_varargs }} {{ m.catch_kwargs }} {{ m.caller }} {{ m }}',
    'call blocks':
      '{% macro m(t) %}<{{ t }}>{{ caller() }}</{{ t }}>{% endmacro %}{% call m("b") %}in {{ x }}{% endcall %}',
    'call blocks with arguments':
      '{% macro m() %}{% for i in l %}{{ caller(i, loop.index0) }} {% endfor %}{% endmacro %}{% call(a, b=9) m() %}{{ a }}:{{ b }}{% endcall %}',
    'call blocks inside of call blocks':
      '{% macro a() %}[{{ caller() }}]{% endmacro %}{% macro b() %}({% call a() %}{{ caller() }}{% endcall %}){% endmacro %}{% call b() %}x{% endcall %}',
    'a caller that may be missing':
      "{% macro m() %}{{ caller() if caller is defined else 'none' }}{% endmacro %}{{ m() }}{% call m() %}c{% endcall %}",
    'they see names of the top, also later ones': '{% macro m() %}{{ y }}{% endmacro %}{% set y = 1 %}{{ m() }}',
    'they call themselves': '{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}',
    'inside of loops': '{% for i in l %}{% macro m() %}{{ i }}{% endmacro %}{{ m() }}{% endfor %}',
    'what is set inside is gone': '{% macro m() %}{% set x = 1 %}{{ x }}{% endmacro %}{{ m() }}{{ x }}',
    'too many arguments are an error': '{% macro m(a) %}{% endmacro %}{{ m(1, 2) }}',
    'unknown names are an error': '{% macro m(a) %}{% endmacro %}{{ m(b=2) }}',
    'their text is text':
      '{% macro m() %}abc{% endmacro %}{{ m() | upper }}{{ m() | length }}{{ m() + "d" }}{{ m() is string }}',
    'the parameter caller without default is an error': '{% macro m(caller) %}{{ caller() }}{% endmacro %}',
    'the parameter caller with a default': '{% macro m(caller=none) %}{{ caller }}{% endmacro %}{{ m() }}',
    'calling what is no macro': '{% call x() %}{% endcall %}',
  },
  values,
);

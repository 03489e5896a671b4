import { describeCorpus } from './corpus.js';

const base = 'top {% block a %}base a {{ x }}{% endblock %} mid {% block b %}base b{% endblock b %} end';

describeCorpus(
  'extends, include and import',
  {
    extends: { template: { main: '{% extends "base" %}ignored{% block a %}child {{ x }}{% endblock %}', base } },
    super: { template: { main: '{% extends "base" %}{% block a %}[{{ super() }}]{% endblock %}', base } },
    'three levels': {
      template: {
        main: '{% extends "mid" %}{% block a %}m({{ super() }}){% endblock %}',
        mid: '{% extends "base" %}{% block a %}n({{ super() }}){% endblock %}{% block b %}nb{% endblock %}',
        base,
      },
    },
    'super of super': {
      template: {
        main: '{% extends "mid" %}{% block a %}{{ super.super() }}{% endblock %}',
        mid: '{% extends "base" %}{% block a %}n{% endblock %}',
        base,
      },
    },
    'super without a parent is an error': '{% block a %}{{ super() }}{% endblock %}',
    'text before extends is printed': { template: { main: 'before {% extends "base" %} after', base } },
    'extends by a variable': { template: { main: '{% extends parent %}', base }, values: { parent: 'base', x: 1 } },
    'extends in a branch': {
      template: { main: '{% if x %}{% extends "base" %}{% endif %}own {% block a %}A{% endblock %}', base },
    },
    'extends in a branch that is not taken': {
      template: { main: '{% if not x %}{% extends "base" %}{% endif %}own {% block a %}A{% endblock %}', base },
    },
    self: '{% block a %}x{% endblock %}{{ self.a() }}{{ self.a() | upper }}',
    'set at the top of a child is seen in its blocks': {
      template: { main: '{% extends "base" %}{% set x = 5 %}', base },
    },
    'blocks do not see loops': '{% for i in [1, 2] %}{% block a %}{{ i is defined }}{% endblock %}{% endfor %}',
    'scoped blocks do': '{% for i in [1, 2] %}{% block a scoped %}{{ i }}{{ loop.index }}{% endblock %}{% endfor %}',
    'set in a block is gone after it': '{% block a %}{% set x = 2 %}{{ x }}{% endblock %}{{ x }}',
    'nested blocks': {
      template: {
        main: '{% extends "base" %}{% block inner %}I{% endblock %}',
        base: '{% block outer %}o{% block inner %}i{% endblock %}o{% endblock %}',
      },
    },
    'required blocks': {
      template: {
        main: '{% extends "base" %}{% block a %}A{% endblock %}',
        base: '{% block a required %}{# c #} {% endblock %}',
      },
    },
    'a required block that is missing is an error': {
      template: { main: '{% extends "base" %}', base: '{% block a required %}{% endblock %}' },
    },
    'macros of a child': {
      template: {
        main: '{% extends "base" %}{% macro m() %}M{{ x }}{% endmacro %}{% block a %}{{ m() }}{% endblock %}',
        base,
      },
    },
    'a call block before the parent': {
      template: {
        main: '{% extends "base" %}{% macro m() %}{{ caller() }}{% endmacro %}{% call m() %}C{% endcall %}',
        base,
      },
    },
    'extending twice is an error': { template: { main: '{% extends "base" %}{% extends "base" %}', base } },
    'a block twice is an error': '{% block a %}{% endblock %}{% block a %}{% endblock %}',
    'extends in a loop is an error': { template: { main: '{% for i in [1] %}{% extends "base" %}{% endfor %}', base } },
    include: { template: { main: 'a {% include "b" %} c', b: 'B{{ x }}\n' } },
    'include sees what is set, and loops': {
      template: {
        main: '{% set y = 1 %}{% for i in [1, 2] %}{% include "b" %}{% endfor %}',
        b: '{{ y }}{{ i }}{{ loop.index }} ',
      },
    },
    'what an include sets is not seen outside': {
      template: { main: '{% include "b" %}{{ x }}', b: '{% set x = 9 %}{{ x }}' },
    },
    'include without context': {
      template: {
        main: '{% set y = 1 %}{% include "b" without context %}',
        b: '{{ x is defined }}{{ y is defined }}{{ range(2) | list }}',
      },
    },
    'include what may be missing': {
      template: { main: 'a{% include "nope" ignore missing %}b{% include "b" ignore missing with context %}', b: 'B' },
    },
    'include the first that is there': {
      template: { main: '{% include ["nope", "b"] %}{% include ("b", "c") %}', b: 'B', c: 'C' },
    },
    'include by a variable': { template: { main: '{% include name + "x" %}', bx: 'BX' }, values: { name: 'b' } },
    'an include that extends': {
      template: { main: '{% include "b" %}', b: '{% extends "base" %}{% block a %}{{ x }}!{% endblock %}', base },
    },
    'an include with its own macro': {
      template: { main: '{% include "b" %}', b: '{% macro m(a) %}<{{ a }}>{% endmacro %}{{ m(x) }}' },
    },
    'a missing include is an error': '{% include "nope" %}',
    'none of several is an error': '{% include ["nope", "nada"] %}',
    'an include with an error': { template: { main: '{% include "b" ignore missing %}', b: '{{ 1 / 0 }}' } },
    import: {
      template: {
        main: '{% import "m" as m %}{{ m.f(1) }} {{ m.y }} {{ m._z is defined }}',
        m: '{% macro f(a) %}F{{ a }}{% endmacro %}{% set y = 2 %}{% set _z = 3 %}',
      },
    },
    'from import': {
      template: {
        main: '{% from "m" import f, y as why %}{{ f(1) }}{{ why }}',
        m: '{% macro f(a) %}F{{ a }}{% endmacro %}{% set y = 2 %}',
      },
    },
    'imports do not see the context': {
      template: { main: '{% import "m" as m %}{{ m.f() }}', m: '{% macro f() %}{{ x is defined }}{% endmacro %}' },
    },
    'imports with context do': {
      template: {
        main: '{% set q = 7 %}{% import "m" as m with context %}{% from "m" import f with context %}{{ m.f() }}{{ f() }}',
        m: '{% macro f() %}{{ x }}{{ q }}{% endmacro %}',
      },
    },
    'import prints nothing; the module is its text': {
      template: { main: 'a{% import "m" as m %}b{{ m }}', m: 'text{{ 1 }}' },
    },
    'importing what is not there': { template: { main: '{% from "m" import nope %}{{ nope is defined }}', m: '' } },
    'using what is not there is an error': { template: { main: '{% from "m" import nope %}{{ nope() }}', m: '' } },
    'imported names are not imported again': {
      template: {
        main: '{% import "m" as m %}{{ m.f is defined }}',
        m: '{% from "n" import f %}',
        n: '{% macro f() %}{% endmacro %}',
      },
    },
    'macros call each other over imports': {
      template: {
        main: '{% import "m" as m %}{{ m.f(3) }}',
        m: '{% import "n" as n %}{% macro f(a) %}{{ n.g(a) }}{% endmacro %}',
        n: '{% macro g(a) %}{{ a * 2 }}{% endmacro %}',
      },
    },
    'call blocks with imported macros': {
      template: {
        main: '{% from "m" import box %}{% call box("t") %}{{ x }}{% endcall %}',
        m: '{% macro box(t) %}{{ t }}:{{ caller() }}{% endmacro %}',
      },
    },
    'a module keeps its state within a render': {
      template: {
        main: '{% from "m" import add, ns %}{{ add() }}{{ add() }}{{ ns.n }}',
        m: '{% set ns = namespace(n=0) %}{% macro add() %}{% set ns.n = ns.n + 1 %}{{ ns.n }}{% endmacro %}',
      },
    },
    'importing a private name is an error': { template: { main: '{% from "m" import _a %}', m: '' } },
  },
  { x: 1 },
);

import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { TemplateDriver } from '../../../src/model/drivers.js';
import { PaiError } from '../../../src/model/errors.js';
import { createTemplateDriver } from '../../../src/render/driver.js';

const made: string[] = [];

afterEach(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true });
});

function folderWith(files: Readonly<Record<string, string>>): string {
  const parent = mkdtempSync(join(tmpdir(), 'pai-render-'));
  made.push(parent);
  const folder = join(parent, 'templates');
  mkdirSync(folder);
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return folder;
}

function driverWith(files: Readonly<Record<string, string>>): TemplateDriver {
  return createTemplateDriver(folderWith(files));
}

/** Renders one template text. */
function render(template: string, variables: Readonly<Record<string, unknown>> = {}): Promise<string> {
  return driverWith({ 'a.yaml': template }).render('a.yaml', variables);
}

async function failure(work: Promise<unknown>): Promise<{ where: string | undefined; message: string }> {
  const error = await work.then(
    (value) => new Error(`no error but ${JSON.stringify(value)}`),
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(PaiError);
  if (!(error instanceof PaiError)) throw error;
  expect(error.code).toBe('TEMPLATE');
  return { where: error.where, message: error.message };
}

const host = { hostname: 'h1', hostip: '10.0.0.1', 'k8s-role': 'master' };

describe('what a template prints', () => {
  it('is the file with its variables and its white space; the last newline is not part of it', async () => {
    expect(await render('ip: {{ hostcofig.hostip }}\n{% if true %}\n  x\n{% endif %}\n', { hostcofig: host })).toBe(
      'ip: 10.0.0.1\n\n  x\n',
    );
  });

  it('is not HTML-escaped', async () => {
    expect(await render('{{ a }}', { a: '<&">' })).toBe('<&">');
  });

  it('takes attributes in both notations and keys with hyphens', async () => {
    expect(await render("{{ h['k8s-role'] }} {{ h.hostip }}", { h: host })).toBe('master 10.0.0.1');
  });

  it('goes through the keys of a dict, as Jinja2 does', async () => {
    const cluster = { mastermachinelist: { h1: { hostip: '10.0.0.1' }, h2: { hostip: '10.0.0.2' } } };
    const list = "cluster['mastermachinelist']";
    expect(await render(`{% for h in ${list} %}{{ h }}={{ ${list}[h].hostip }} {% endfor %}`, { cluster })).toBe(
      'h1=10.0.0.1 h2=10.0.0.2 ',
    );
    expect(await render(`{% for h, m in ${list}.items() %}{{ h }}={{ m.hostip }} {% endfor %}`, { cluster })).toBe(
      'h1=10.0.0.1 h2=10.0.0.2 ',
    );
  });

  it('takes frozen variables, lists, loops, macros, includes and set', async () => {
    const driver = driverWith({
      'a.yaml':
        '{% macro m(x) %}<{{ x }}>{% endmacro %}{% set y = 1 %}{{ m(y) }}{% for i in l %}{{ loop.index }}{{ i }}{% endfor %}{% include "sub/b.yaml" %}',
      'sub/b.yaml': '{{ l[0] }}',
    });
    expect(await driver.render('a.yaml', Object.freeze({ l: Object.freeze(['p', 'q']) }))).toBe('<1>1p2qp');
  });

  it('may ask whether something is there', async () => {
    const template =
      "{{ h.zkid | default('none') }}{% if h.dashboard is defined %}D{% endif %}{% if h.zkid is undefined %}Z{% endif %}" +
      "{% if 'hostip' in h %}I{% endif %}{% if h.get('zkid') == '1' or not gpu | default(false) %}N{% endif %}";
    expect(await render(template, { h: host })).toBe('noneZIN');
  });

  it('is compiled once: a changed file shows in the next driver', async () => {
    const folder = folderWith({ 'a.yaml': 'one {{ x }}' });
    const driver = createTemplateDriver(folder);
    expect(await driver.render('a.yaml', { x: 1 })).toBe('one 1');
    writeFileSync(join(folder, 'a.yaml'), 'two {{ x }}');
    expect(await driver.render('a.yaml', { x: 2 })).toBe('one 2');
    expect(await createTemplateDriver(folder).render('a.yaml', { x: 2 })).toBe('two 2');
  });
});

describe('an undefined variable', () => {
  it('is told with its place and the nearest name', async () => {
    expect(await failure(render('a\nb: {{ hostcofg.hostip }}\n', { hostcofig: host }))).toEqual({
      where: 'templates/a.yaml:2:7',
      message: 'hostcofg is undefined; did you mean hostcofig?',
    });
  });

  it('is told when it is a missing attribute, in both notations', async () => {
    expect(await failure(render('{{ h.hostpi }}', { h: host }))).toEqual({
      where: 'templates/a.yaml:1:4',
      message: 'h.hostpi is undefined; did you mean hostip?',
    });
    expect((await failure(render("{{ h['k8s-rol'] }}", { h: host }))).message).toBe(
      "h['k8s-rol'] is undefined; did you mean k8s-role?",
    );
  });

  it('is told by the first part that is missing', async () => {
    expect((await failure(render('{{ a.b.c.d }}', { a: {} }))).message).toBe('a.b is undefined');
    expect((await failure(render('{% if a.b.c %}{% endif %}', { a: {} }))).message).toBe('a.b is undefined');
  });

  it.each([
    ['joined', "{{ 'https://' ~ h.ip }}"],
    ['added', "{{ 'https://' + h.ip }}"],
    ['given to a filter', '{{ h.ip | upper }}'],
    ['given to tojson', '{{ h.ip | tojson }}'],
    ['looped over', '{% for x in h.ip %}{{ x }}{% endfor %}'],
    ['used as a key', '{{ h[h.ip] }}'],
    ['given to a macro', '{% macro m(x) %}{{ x }}{% endmacro %}{{ m(h.ip) }}'],
    ['set and then printed', '{% set x = h.ip %}{{ x }}'],
    ['a condition', '{% if h.ip %}{% endif %}'],
    ['compared', '{{ h.ip == 1 }}'],
    ['called', '{{ h.ip() }}'],
    ['inside the value of a condition', '{{ h.ip if true }}'],
  ])('is an error when it is %s', async (_, template) => {
    expect((await failure(render(template, { h: { other: 1 } }))).message).toMatch(/^h\.ip is undefined/);
  });

  it('is not found in what every JavaScript object has', async () => {
    expect((await failure(render('{{ h.constructor }}', { h: host }))).message).toMatch(/^h\.constructor is undefined/);
  });

  it('is told in the included file where it stands', async () => {
    const driver = driverWith({ 'a.yaml': '{% include "b.yaml" %}', 'b.yaml': '\n{{ x }}' });
    expect(await failure(driver.render('a.yaml', {}))).toEqual({
      where: 'templates/b.yaml:2:4',
      message: 'x is undefined',
    });
  });

  it('prints nothing with the behavior of Jinja2, but has no attributes', async () => {
    const folder = folderWith({ 'a.yaml': '[{{ x }}{{ h.x }}]{% if x %}y{% endif %}', 'b.yaml': '\n{{ h.x.y }}' });
    const driver = createTemplateDriver(folder, { undefined: 'jinja' });
    expect(await driver.render('a.yaml', { h: host })).toBe('[]');
    expect(await failure(driver.render('b.yaml', { h: host }))).toEqual({
      where: 'templates/b.yaml:2:4',
      message: 'h.x is undefined',
    });
  });
});

describe('a template that is wrong', () => {
  it.each([
    ['an expression that does not end', 'x\n {{ a b }}', '2:7', 'expected }}, got "b"'],
    ['an unknown tag', 'x\n{% inclde "a" %}', '2:4', 'there is no tag "inclde"; did you mean include?'],
    ['a tag of an extension', '{% do x %}', '1:4', 'the tag "do" is of an extension of Jinja2 that is not supported'],
    ['escaping', '{% autoescape true %}', '1:4', 'escaping is not supported: only {% autoescape false %}'],
    [
      'a block that is not closed',
      'x\n{% if a %}\ny\n',
      '3:2',
      'the end of the file comes before elif or else or endif',
    ],
    [
      'a block that is closed too early',
      '{% for i in a %}{% if i %}{% endfor %}',
      '1:30',
      '"endfor" comes too early: endif is missing before it',
    ],
    ['a comment that is not closed', 'x\na {# x\n', '2:3', 'missing end of comment: #}'],
    ['an unknown filter', 'x\n {{ 1 | tojsn }}', '2:9', 'there is no filter "tojsn"; did you mean tojson?'],
    [
      'an unknown test',
      'x\n {% if f is defned %}{% endif %}',
      '2:10',
      'there is no test "defned"; did you mean defined or undefined?',
    ],
    [
      'an unknown filter that is never reached',
      '{% if false %}{{ 1 | nope }}{% endif %}',
      '1:22',
      'there is no filter "nope"',
    ],
    ['a filter that fails', 'x\n {{ f | tojson }}', '2:9', 'a function has no JSON form'],
    [
      'an operator that fails',
      "x\n {{ 1 + 2 }}{{ 1 + 'a' }}",
      '2:18',
      "unsupported operand type(s) for +: 'int' and 'str'",
    ],
    ['a method that fails', "{{ 'a'.index('b') }}", '1:4', 'substring not found'],
    ['an error in a macro', '{% macro m(a) %}\n{{ a / 0 }}{% endmacro %}\n{{ m(1) }}', '2:6', 'division by zero'],
    [
      'a given list that is changed',
      '{{ l.append(1) }}',
      '1:4',
      'a list that was given to the template can not be changed; copy it first: list(...)',
    ],
    [
      'a number that lost digits',
      '{{ n }}',
      '1:4',
      'the number 1e+21 has lost digits on its way: give it as a bigint, or as a PyFloat',
    ],
    [
      'a template that includes itself',
      '{% include "a.yaml" %}',
      '1:4',
      'this goes too deep: something includes or calls itself without end',
    ],
    [
      'an unknown argument',
      "x\n {{ 'a' | indent(wide=2) }}",
      '2:11',
      'indent has no argument wide; it has width, first, blank',
    ],
  ])('is told with its place: %s', async (_, template, position, message) => {
    expect(await failure(render(template, { f: () => 1, l: [1], n: 1e21 }))).toEqual({
      where: `templates/a.yaml:${position}`,
      message,
    });
  });

  it('is told with the nearest names when it is not there', async () => {
    const driver = driverWith({ 'services/pylon/pylon.yaml': '' });
    expect(await failure(driver.render('services/pylon/pilon.yaml', {}))).toEqual({
      where: 'templates/services/pylon/pilon.yaml',
      message: 'there is no file templates/services/pylon/pilon.yaml; did you mean services/pylon/pylon.yaml?',
    });
  });

  it('is told when it includes what is not there', async () => {
    const driver = driverWith({ 'a.yaml': '{% include "hed.yaml" %}', 'head.yaml': '' });
    expect(await failure(driver.render('a.yaml', {}))).toEqual({
      where: 'templates/a.yaml:1:4',
      message: 'there is no file templates/hed.yaml; did you mean head.yaml?',
    });
    const lenient = driverWith({ 'a.yaml': 'x{% include "b.yaml" ignore missing %}' });
    expect(await lenient.render('a.yaml', {})).toBe('x');
  });
});

describe('filters', () => {
  it('tojson writes what Jinja2 writes', async () => {
    const value = { b: [1, true, null], a: "<it's>", ü: 'é' };
    expect(await render('{{ x | tojson }}', { x: value })).toBe(
      '{"a": "\\u003cit\\u0027s\\u003e", "b": [1, true, null], "\\u00fc": "\\u00e9"}',
    );
    expect(JSON.parse(await render('{{ x | tojson(indent=2) }}', { x: value }))).toEqual(value);
    expect(await render('{{ x | tojson(indent=2) }}', { x: { b: 1, a: [] } })).toBe('{\n  "a": [],\n  "b": 1\n}');
  });

  it('b64encode encodes UTF-8', async () => {
    expect(await render("{{ 'ä:b' | b64encode }}")).toBe(Buffer.from('ä:b').toString('base64'));
  });

  it('indent leaves the first line and blank lines alone unless told', async () => {
    const variables = { x: 'a\n\nb' };
    expect(await render('{{ x | indent }}', variables)).toBe('a\n\n    b');
    expect(await render('{{ x | indent(2, true) }}', variables)).toBe('  a\n\n  b');
    expect(await render('{{ x | indent(width=1, blank=true) }}', variables)).toBe('a\n \n b');
  });
});

describe('files of the folder', () => {
  it('are listed sorted, below the folder, with the bit that makes them executable', async () => {
    const folder = folderWith({ 'images/pylon/run.sh': '', 'images/pylon/conf/b.conf': '', 'images/other/x': '' });
    chmodSync(join(folder, 'images/pylon/run.sh'), 0o700);
    chmodSync(join(folder, 'images/pylon/conf/b.conf'), 0o664);
    symlinkSync('/etc/hostname', join(folder, 'images/pylon/link'));
    expect(await createTemplateDriver(folder).list('images/pylon')).toEqual([
      { path: 'conf/b.conf', mode: 0o644 },
      { path: 'run.sh', mode: 0o755 },
    ]);
  });

  it('are read as they are', async () => {
    const driver = driverWith({ 'a.bin': '{{ x }}\n' });
    expect(new TextDecoder().decode(await driver.read('a.bin'))).toBe('{{ x }}\n');
  });

  it('are told with the nearest names when they are not there', async () => {
    const driver = driverWith({ 'images/pylon/Dockerfile': '' });
    expect((await failure(driver.list('images/pilon'))).message).toBe(
      'there is no folder templates/images/pilon; did you mean images/pylon?',
    );
    expect((await failure(driver.read('images/pylon/Dockrfile'))).message).toBe(
      'there is no file templates/images/pylon/Dockrfile; did you mean images/pylon/Dockerfile?',
    );
    expect((await failure(driver.read('images/pylon'))).message).toBe(
      "templates/images/pylon can't be read as a file (EISDIR)",
    );
  });

  it.each(['../secret', '/etc/hostname', 'a/../../secret', '../templates-other/x'])(
    'outside of it are refused: %s',
    async (name) => {
      const driver = driverWith({ 'a.yaml': `{% include "${name}" %}` });
      const refused = `"${name}" is outside of the folder templates`;
      expect((await failure(driver.read(name))).message).toBe(refused);
      expect((await failure(driver.list(name))).message).toBe(refused);
      expect((await failure(driver.render(name, {}))).message).toBe(refused);
      expect((await failure(driver.render('a.yaml', {}))).message).toBe(refused);
    },
  );
});

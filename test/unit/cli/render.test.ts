import { rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { temporaryDirectory } from '../local/helpers.js';
import { pai, writeProjectFile } from './project.js';

let folder: string;
beforeEach(async () => {
  folder = await temporaryDirectory();
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeProjectFile(
    folder,
    'hosts.conf.template',
    "{% include 'part.txt' %}{% for h in hosts %} {{ h.name }}{% endfor %}",
  );
  await writeProjectFile(folder, 'part.txt', 'hosts:');
});

const render = (...words: string[]) => pai(folder, 'render', ...words);

describe('pai render', () => {
  it.each([
    ['values.yaml', 'hosts: [{name: h1}, {name: h2}]\n'],
    ['values.json', '{"hosts": [{"name": "h1"}, {"name": "h2"}]}'],
  ])('prints a template with the values of %s, outside of any project', async (file, text) => {
    await writeFile(path.join(folder, file), text);
    expect(await render('--file', 'hosts.conf.template', '--values', file)).toMatchObject({
      exitCode: 0,
      stdout: 'hosts: h1 h2',
      stderr: '',
    });
  });

  it('keeps floats apart from ints, and gives no text for what is undefined where that is wanted', async () => {
    await writeFile(path.join(folder, 'values.yaml'), 'a: 20.0\nb: 20\nc: "20.0"\nd: [1.5, 2.0]\n');
    await writeProjectFile(folder, 'numbers.template', '{{ a }} {{ b }} {{ c }} {{ d }}[{{ e }}]');
    expect(await render('--file', 'numbers.template', '--values', 'values.yaml', '--undefined', 'jinja')).toMatchObject(
      { exitCode: 0, stdout: '20.0 20 20.0 [1.5, 2.0][]', stderr: '' },
    );
  });

  it('tells what is undefined, with its place', async () => {
    const { exitCode, stdout, stderr } = await render('--file', 'hosts.conf.template');
    expect({ exitCode, stdout }).toEqual({ exitCode: 1, stdout: '' });
    expect(stderr).toContain('error TEMPLATE: hosts is undefined');
    expect(stderr).toContain('hosts.conf.template:1:');
  });

  it.each<[string, string, string[]]>([
    ['no template', 'which template is to be rendered?', []],
    ['values that are not there', "the values can't be read: there is no such file", ['--values', 'none.yaml']],
    ['values that are no mapping', "the values can't be read: it is no mapping", ['--values', 'list.yaml']],
    ['values that are no YAML', "the values can't be read: ", ['--values', 'broken.yaml']],
  ])('refuses %s with exit code 2', async (_, what, words) => {
    await writeFile(path.join(folder, 'list.yaml'), '- a\n');
    await writeFile(path.join(folder, 'broken.yaml'), 'a: [\n');
    const file = words.length === 0 ? [] : ['--file', 'hosts.conf.template'];
    const { exitCode, stdout, stderr } = await render(...file, ...words);
    expect({ exitCode, stdout }).toEqual({ exitCode: 2, stdout: '' });
    expect(stderr).toContain(`error USAGE: ${what}`);
    expect(stderr).toContain('next: ');
  });
});

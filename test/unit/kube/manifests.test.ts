import { describe, expect, it } from 'vitest';
import { parseManifest, readManifests } from '../../../src/kube/manifests.js';
import type { PaiError } from '../../../src/model/errors.js';
import { fakeContext } from './fake-context.js';
import { fakeTemplates } from './fake-templates.js';

const FILE = 'services/pylon/pylon.yaml';
const named = (name: string) => `apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: ${name}\n`;

async function failureOf(text: string, file = FILE): Promise<PaiError> {
  return parseManifest(text, file).then(
    () => expect.fail('it should have failed'),
    (error: PaiError) => error,
  );
}

describe('a manifest', () => {
  it('has an object for each document that is not empty', async () => {
    const objects = await parseManifest(`---\n# nothing\n---\n${named('a')}---\n${named('b')}---\n`, FILE);
    expect(objects.map(({ metadata }) => metadata.name)).toEqual(['a', 'b']);
  });

  it('without any object is none', async () => {
    expect(await parseManifest('# nothing\n', FILE)).toEqual([]);
  });

  it('marks its objects with the file that they come from', async () => {
    const [object] = await parseManifest(named('a'), FILE);
    expect(object?.metadata).toEqual({ name: 'a', annotations: { 'pai/template': FILE } });
  });

  it('with a list has the objects of the list', async () => {
    const items = [{ apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' } }];
    const objects = await parseManifest(JSON.stringify({ apiVersion: 'v1', kind: 'List', items }), FILE);
    expect(objects.map(({ kind }) => kind)).toEqual(['Secret']);
  });

  it('is read as kubectl does: octal modes, merge keys, dates and times as text', async () => {
    const text = `base: &base\n  mode: 0644\nvalue:\n  <<: *base\n  new: 0o600\n  ten: 10\n  day: 2020-01-01\n  ports: 80:80\n`;
    const [object] = await parseManifest(`${named('a')}${text}`, FILE);
    expect(object?.value).toEqual({ mode: 420, new: 384, ten: 10, day: '2020-01-01', ports: '80:80' });
  });

  it('that is no YAML is told with file, line and column', async () => {
    const error = await failureOf('a: 1\n---\nb: [\n');
    expect(error.code).toBe('TEMPLATE');
    expect(error.where).toMatch(/^templates\/services\/pylon\/pylon.yaml:4:1$/);
  });

  it('that is no YAML after rendering says that the line is that of the rendered file', async () => {
    expect((await failureOf('a: [', `${FILE}.template`)).message).toContain('lines are those of the rendered file');
  });

  it('never quotes what could not be read', async () => {
    const error = await failureOf('password: "hunter2\n');
    expect(JSON.stringify({ ...error, message: error.message, stack: error.stack })).not.toContain('hunter2');
  });

  it.each([
    ['text', 'just text', 'it is no mapping'],
    ['no kind', 'apiVersion: v1\nmetadata: {name: a}', 'kind is missing'],
    ['no apiVersion', 'kind: Pod\nmetadata: {name: a}', 'apiVersion is missing'],
    ['no name', 'apiVersion: v1\nkind: Pod\nmetadata: {generateName: a-}', 'metadata.name is missing'],
    ['a number for a name', 'apiVersion: v1\nkind: Pod\nmetadata: {name: 1}', 'metadata.name is missing or no text'],
    [
      'a number for a label',
      'apiVersion: v1\nkind: Pod\nmetadata: {name: a, labels: {v: 1}}',
      'metadata.labels v is no text',
    ],
  ])('with %s is told with the document', async (_, text, problem) => {
    const error = await failureOf(`${named('first')}---\n${text}\n`);
    expect(error).toMatchObject({ code: 'TEMPLATE', where: `templates/${FILE}` });
    expect(error.message).toContain(`document 2 of templates/${FILE} is no Kubernetes object: ${problem}`);
  });
});

describe('the manifests of a folder', () => {
  const read = (files: Readonly<Record<string, string>>, variables: () => Record<string, unknown> = () => ({})) =>
    readManifests(
      { folder: 'services/pylon', variables },
      fakeContext('service:pylon', { drivers: { templates: fakeTemplates(files) } }),
    );

  it('are its templates, rendered, and its plain files, by name; others are ignored', async () => {
    const files = {
      'services/pylon/b.yaml.template': named('{{ name }}'),
      'services/pylon/a.yaml': named('"{{ plain }}"'),
      'services/pylon/nginx.conf': 'server {}',
      'services/other/x.yaml': named('other'),
    };
    const objects = await read(files, () => ({ name: 'rendered' }));
    expect(objects.map(({ metadata }) => metadata.name)).toEqual(['{{ plain }}', 'rendered']);
  });

  it('need no variables when nothing is rendered', async () => {
    const objects = await read({ 'services/pylon/a.yaml': named('a') }, () => expect.fail('variables were computed'));
    expect(objects).toHaveLength(1);
  });

  it('of a folder without any are an error', async () => {
    await expect(read({ 'services/pylon/nginx.conf': '' })).rejects.toMatchObject({
      code: 'CONFIG_MISSING',
      where: 'templates/services/pylon',
    });
  });
});

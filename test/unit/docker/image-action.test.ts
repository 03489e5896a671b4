import { describe, expect, it } from 'vitest';
import { contextFiles, isPayload } from '../../../src/docker/context-files.js';
import { imageAction } from '../../../src/docker/image-action.js';
import type { Drivers, ImageDriver, ImageWork, TemplateDriver } from '../../../src/model/drivers.js';
import { PaiError } from '../../../src/model/errors.js';
import type { ActionContext, ApplyContext } from '../../../src/model/target.js';

const IMAGE = { registry: 'r:5000', repository: 'ns/app', tag: 'v1' };

/** A context over files of `templates/images/app`; records what the driver was given. */
function contextOf(files: Record<string, string | Uint8Array>) {
  const works: ImageWork[] = [];
  const templates: TemplateDriver = {
    list: async () =>
      Object.keys(files)
        .sort()
        .map((path) => ({ path, mode: path === 'run' ? 0o755 : 0o644 })),
    read: async (file) => Buffer.from(files[file.replace('images/app/', '')] ?? ''),
    render: async (file, variables) =>
      `${files[file.replace('images/app/', '')]} rendered with ${JSON.stringify(variables)}`,
  };
  const images = {
    contextFiles,
    sourceFiles: async () => [],
    missingSource: async () => undefined,
    observe: async () => ({ kind: 'known', present: false }),
    apply: async (work: ImageWork) => {
      works.push(work);
      return { format: 1, target: 'image:app', fingerprint: 'f', output: 'o', parts: {}, run: 'r' };
    },
    digest: async () => undefined,
    copy: async () => undefined,
    clean: async () => undefined,
  } satisfies ImageDriver;
  const drivers: Pick<Drivers, 'templates' | 'images'> = { templates, images };
  const context = { drivers } as ActionContext & ApplyContext;
  return { context, works };
}

function action(variables = {}, tag = 'v1', buildArgs?: Record<string, string>) {
  const image = { ...IMAGE, tag };
  return imageAction({ name: 'app', image, folder: 'images/app', variables, ...(buildArgs ? { buildArgs } : {}) });
}

async function partsOf(files: Record<string, string | Uint8Array>, made = action()) {
  const { parts } = await made.desired(contextOf(files).context);
  return new Map(parts.map((part) => [part.name, part.value]));
}

describe('imageAction', () => {
  it('occupies the docker pool', () => {
    expect(action().pools).toEqual(['docker']);
  });

  it('renders templates, takes other files byte for byte, and gives both to the driver', async () => {
    const bytes = Uint8Array.from([0, 255, 128]);
    const { context, works } = contextOf({ 'Dockerfile.template': 'FROM x', run: 'hi', 'logo.png': bytes });
    const desired = await action({ a: 1 }, 'v1', { COLOUR: 'red' }).desired(context);
    await desired.apply(context);
    expect(works).toHaveLength(1);
    expect(works[0]).toMatchObject({ image: IMAGE, buildArgs: { COLOUR: 'red' } });
    expect(
      works[0]?.files.map((file) => isPayload(file) && [file.path, Buffer.from(file.content).toString('latin1')]),
    ).toEqual([
      ['Dockerfile', 'FROM x rendered with {"a":1}'],
      ['logo.png', '\x00\xff\x80'],
      ['run', 'hi'],
    ]);
  });

  it('depends on each file that .dockerignore leaves, by name', async () => {
    const parts = await partsOf({ Dockerfile: 'FROM x', '.dockerignore': '*.md', 'a.md': 'a', run: 'b' });
    expect([...parts.keys()]).toEqual([
      'build method',
      'image',
      'build-args',
      'file .dockerignore',
      'file Dockerfile',
      'file run',
    ]);
    expect(parts.get('file run')).toMatchObject({ mode: 0o755 });
  });

  it('shows the content of files in diffs', async () => {
    const { parts } = await action().desired(contextOf({ Dockerfile: 'FROM x', run: 'b' }).context);
    const shown = parts.filter((part) => part.shown !== undefined).map((part) => [part.name, part.shown?.toString()]);
    expect(shown).toEqual([
      ['file Dockerfile', 'FROM x'],
      ['file run', 'b'],
    ]);
  });

  it('tells the files that it is built from', async () => {
    const { context } = contextOf({ 'Dockerfile.template': 'FROM x', '.dockerignore': '*.md', 'a.md': 'a' });
    const files = await action({ a: 1 }).files?.(context);
    expect(files?.map(({ path, content }) => [path, String(content)])).toEqual([
      ['.dockerignore', '*.md'],
      ['Dockerfile', 'FROM x rendered with {"a":1}'],
    ]);
  });

  it('depends on the content of a file', async () => {
    const one = await partsOf({ Dockerfile: 'FROM x', run: 'a' });
    const two = await partsOf({ Dockerfile: 'FROM x', run: 'b' });
    expect(one.get('file run')).not.toEqual(two.get('file run'));
    expect(one.get('file Dockerfile')).toEqual(two.get('file Dockerfile'));
  });

  it('does not depend on the tag: the same content is tagged, not built', async () => {
    const files = { Dockerfile: 'FROM x' };
    expect(await partsOf(files, action({}, 'v2'))).toEqual(await partsOf(files, action({}, 'v1')));
  });

  it('depends on build arguments', async () => {
    const files = { Dockerfile: 'FROM x' };
    expect(await partsOf(files, action({}, 'v1', { A: '1' }))).not.toEqual(await partsOf(files));
  });

  it('tells that the Dockerfile is missing, and where it belongs', async () => {
    await expect(partsOf({ run: 'a' })).rejects.toMatchObject({
      code: 'IMAGE_CONTEXT',
      where: 'templates/images/app',
      next: /Dockerfile.*templates\/images\/app/,
    });
  });

  it('tells that a file is there twice', async () => {
    const files = { Dockerfile: 'FROM x', 'Dockerfile.template': 'FROM y' };
    await expect(partsOf(files)).rejects.toMatchObject({ code: 'IMAGE_CONTEXT', message: /twice/ });
  });

  it('gives arguments of all images to a Dockerfile that declares them, and those of the image before', async () => {
    const argumentsOf = async (dockerfile: string) => {
      const made = imageAction({
        name: 'app',
        image: IMAGE,
        folder: 'images/app',
        variables: {},
        defaultArgs: { BASE_IMAGE: 'mirror/debian', APT_LINE: 'deb x' },
        buildArgs: { APT_LINE: 'deb own' },
      });
      return (await partsOf({ Dockerfile: dockerfile }, made)).get('build-args');
    };
    expect(await argumentsOf('ARG BASE_IMAGE=debian\nFROM $BASE_IMAGE\nARG  APT_LINE\n')).toEqual({
      BASE_IMAGE: 'mirror/debian',
      APT_LINE: 'deb own',
    });
    expect(await argumentsOf('FROM scratch\n')).toEqual({ APT_LINE: 'deb own' });
  });

  describe('with a source', () => {
    const source = { kind: 'folder', path: '/trees/a', shown: 'trees/a', where: 'service-list.yaml:3:5' } as const;
    const made = imageAction({
      name: 'app',
      image: IMAGE,
      folder: 'images/app',
      variables: ({ outputs }) => ({ base: outputs.get('image:base') }),
      source,
      copy: ['x'],
    });
    const files = { 'Dockerfile.template': 'FROM x', '.dockerignore': 'copied_file/x/left' };

    function contextWith(sourceFiles: ImageDriver['sourceFiles']) {
      const { context, works } = contextOf(files);
      const drivers = { ...context.drivers, images: { ...context.drivers.images, sourceFiles } };
      return { context: { ...context, drivers, outputs: new Map([['image:base', 'sha256:1']]) }, works };
    }

    it('depends on what of it .dockerignore leaves, and on links by what they name', async () => {
      const { context } = contextWith(async (given, copy) => {
        expect([given, copy]).toEqual([source, ['x']]);
        return [
          { path: 'copied_file/x/run', mode: 0o755, file: '/trees/a/x/run', bytes: 3, sha256: 'abc' },
          { path: 'copied_file/x/left', mode: 0o644, file: '/trees/a/x/left', bytes: 1, sha256: 'def' },
          { path: 'copied_file/x/link', target: 'run' },
        ];
      });
      const { parts } = await made.desired(context);
      const values = new Map(parts.map(({ name, value }) => [name, value]));
      expect(values.get('file copied_file/x/run')).toEqual({ mode: 0o755, digest: 'abc' });
      expect(values.get('file copied_file/x/link')).toEqual({ link: 'run' });
      expect(values.has('file copied_file/x/left')).toBe(false);
      expect(parts.find(({ name }) => name === 'file Dockerfile')?.shown).toContain('"base":"sha256:1"');
    });

    it('tells of which image it is, when it is not there', async () => {
      const { context } = contextWith(async () => {
        throw new PaiError('IMAGE_SOURCE', 'there is no folder', { where: source.where, next: 'Put it there.' });
      });
      await expect(made.desired(context)).rejects.toMatchObject({
        code: 'IMAGE_SOURCE',
        message: 'image app: there is no folder',
        where: source.where,
        next: 'Put it there.',
      });
    });

    it('tells the same before what it is built on is there, and asks for nothing where there is no source', async () => {
      const { context } = contextOf(files);
      const missingSource: ImageDriver['missingSource'] = async (given, copy) => {
        expect([given, copy]).toEqual([source, ['x']]);
        return new PaiError('IMAGE_SOURCE', 'there is no folder', { where: source.where, next: 'Put it there.' });
      };
      const drivers = { ...context.drivers, images: { ...context.drivers.images, missingSource } };
      expect(await made.missing?.({ ...context, drivers })).toMatchObject({
        code: 'IMAGE_SOURCE',
        message: 'image app: there is no folder',
        where: source.where,
        next: 'Put it there.',
      });
      expect(await action().missing?.({ ...context, drivers })).toBeUndefined();
    });

    it('refuses a file that is there twice', async () => {
      const { context } = contextWith(async () => [{ path: 'Dockerfile', target: 'x' }]);
      await expect(made.desired(context)).rejects.toMatchObject({ code: 'IMAGE_CONTEXT', message: /twice/ });
    });
  });
});

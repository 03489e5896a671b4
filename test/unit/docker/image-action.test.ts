import { describe, expect, it } from 'vitest';
import { contextFiles, isPayload } from '../../../src/docker/context-files.js';
import { imageAction } from '../../../src/docker/image-action.js';
import type { Drivers, ImageDriver, ImageWork, TemplateDriver } from '../../../src/model/drivers.js';
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
});

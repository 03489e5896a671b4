import { spawnSync } from 'node:child_process';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeSkeleton } from '../../../src/cluster/service-skeleton.js';
import { PaiError } from '../../../src/model/errors.js';

const repository = path.resolve(import.meta.dirname, '../../..');
const hasShellcheck = spawnSync('shellcheck', ['--version']).status === 0;

let root: string;
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'pai-skeleton-'));
  cpSync(path.join(repository, 'templates/skeleton'), path.join(root, 'templates/skeleton'), { recursive: true });
  cpSync(path.join(repository, 'service-list.yaml'), path.join(root, 'service-list.yaml'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const read = (file: string): string => readFileSync(path.join(root, file), 'utf8');
const all = (): readonly string[] =>
  readdirSync(root, { recursive: true, encoding: 'utf8' })
    .filter((file) => statSync(path.join(root, file)).isFile())
    .map((file) => `${file}\n${read(file)}`)
    .sort();

/** The error, and that nothing was changed. */
async function refused(name: string): Promise<PaiError> {
  const before = all();
  const error: unknown = await writeSkeleton(root, name, { scripts: false }).catch((thrown: unknown) => thrown);
  expect(all()).toEqual(before);
  if (!(error instanceof PaiError)) return expect.fail('it should have been refused');
  return error;
}

describe('the skeleton of a service', () => {
  it('is manifests, an image and entries in the list, all with its name', async () => {
    const written = await writeSkeleton(root, 'hello', { scripts: false });
    expect(written).toEqual([
      'templates/services/hello/hello.yaml.template',
      'templates/images/hello/.dockerignore',
      'templates/images/hello/Dockerfile',
      'templates/images/hello/entrypoint',
      'service-list.yaml',
    ]);
    for (const file of written) expect(read(file)).not.toContain('SKELETON');
    expect(statSync(path.join(root, 'templates/images/hello/entrypoint')).mode & 0o777).toBe(0o755);
    expect(read('templates/services/hello/hello.yaml.template')).toContain("image: {{ images['hello'] }}");
    expect(read('service-list.yaml')).toContain(
      '\n  hello:\n    prerequisite: [cluster-configuration]\n    image: [hello]\n',
    );
  });

  it('has scripts where they are asked for, and says so in the list', async () => {
    await writeSkeleton(root, 'hello', { scripts: true });
    for (const script of ['start.sh', 'stop.sh']) {
      expect(statSync(path.join(root, 'templates/services/hello', script)).mode & 0o777).toBe(0o755);
    }
    expect(read('service-list.yaml')).toContain('    startscript: start.sh\n    stopscript: stop.sh\n');
  });

  it.skipIf(!hasShellcheck)(`passes shellcheck${hasShellcheck ? '' : ' (skipped: it is not installed)'}`, async () => {
    await writeSkeleton(root, 'hello', { scripts: true });
    const scripts = ['services/hello/start.sh', 'services/hello/stop.sh', 'images/hello/entrypoint'];
    const files = scripts.map((file) => path.join(root, 'templates', file));
    const { stdout, status } = spawnSync('shellcheck', ['--shell=sh', ...files], { encoding: 'utf8' });
    expect({ stdout, status }).toEqual({ stdout: '', status: 0 });
  });

  it('needs nothing that the list does not have', async () => {
    writeFileSync(path.join(root, 'service-list.yaml'), 'image-list: {}\nservice-list: {}\n');
    await writeSkeleton(root, 'hello', { scripts: false });
    expect(read('service-list.yaml')).toBe(
      'image-list:\n  hello: {}\nservice-list:\n  hello:\n    prerequisite: []\n    image: [hello]\n',
    );
  });

  it.each(['Hello', 'a_b', '', '-a', 'a-', '../evil', 'a/b', 'a.b', '1st', 'x'.repeat(51)])(
    'is refused under a name that is none: %j',
    async (name) => {
      expect(await refused(name)).toMatchObject({ code: 'USAGE', exitCode: 2 });
    },
  );

  it('is refused under a name that is taken, wherever', async () => {
    expect((await refused('pylon')).message).toBe(
      'the name pylon is taken: service-list of service-list.yaml, image-list of service-list.yaml',
    );
    mkdirSync(path.join(root, 'templates/images/mine'), { recursive: true });
    expect((await refused('mine')).message).toBe('the name mine is taken: templates/images/mine');
    expect(existsSync(path.join(root, 'templates/services/mine'))).toBe(false);
  });

  it('is refused where there is none to copy, no list, or one that can not be added to', async () => {
    writeFileSync(path.join(root, 'service-list.yaml'), 'image-list: {pylon: {}}\nservice-list: {}\n');
    expect(await refused('hello')).toMatchObject({ code: 'CONFIG_INVALID' });
    rmSync(path.join(root, 'templates/skeleton/image'), { recursive: true });
    expect(await refused('hello')).toMatchObject({ code: 'CONFIG_MISSING', where: 'templates/skeleton/image' });
    rmSync(path.join(root, 'service-list.yaml'));
    expect(await refused('hello')).toMatchObject({ code: 'CONFIG_MISSING', where: 'service-list.yaml' });
  });
});

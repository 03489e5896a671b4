import Docker from 'dockerode';
import { beforeEach, expect, it } from 'vitest';
import { createImageDriver, type ImageDriverOptions } from '../../../src/docker/driver.js';
import type { ImageDriver, ImageReference, PayloadFile } from '../../../src/model/drivers.js';
import type { Stamp } from '../../../src/model/stamp.js';
import type { ApplyContext } from '../../../src/model/target.js';

/** A Docker Engine and the registry that it pushes to. */
export interface EngineUnderTest {
  readonly options: ImageDriverOptions;
  /** Path of the engine's socket; undefined for the usual one. */
  readonly socket: string | undefined;
}

export const ENGINE_DOCKERFILE = 'FROM scratch\nARG COLOUR\nENV COLOUR=$COLOUR\nCOPY . /\nCMD ["/bin/run"]\n';

export function engineFiles(dockerfile: string): PayloadFile[] {
  return [
    { path: 'Dockerfile', mode: 0o644, content: dockerfile },
    { path: 'bin/run', mode: 0o700, content: Uint8Array.from([0, 255]) },
  ];
}

/** Only what the driver uses of a context; its fingerprint is a digit over and over. */
export function engineContext(digit: string, lines: string[] = []): ApplyContext {
  const used: Omit<ApplyContext, 'drivers'> = {
    target: 'image:app',
    outputs: new Map(),
    log: (line) => lines.push(line),
    signal: new AbortController().signal,
    stamp: (output = '') => ({
      format: 1,
      target: 'image:app',
      fingerprint: digit.repeat(64),
      output,
      parts: { digit },
      run: 'run-1',
    }),
  };
  return used as ApplyContext;
}

/** What the image driver is held to with a real Docker Engine and with the sandbox's simulated one. */
export function engineStory(engine: () => EngineUnderTest): void {
  let driver: ImageDriver;
  let lines: string[];

  beforeEach(() => {
    driver = createImageDriver(engine().options);
    lines = [];
  });

  const image = (): ImageReference => ({
    registry: engine().options.registry.domain,
    repository: 'pai-test/app',
    tag: 'v1',
  });
  const nameOf = () => `${image().registry}/pai-test/app:v1`;
  const docker = () => {
    const { socket } = engine();
    return new Docker(socket === undefined ? {} : { socketPath: socket });
  };
  const context = (digit: string) => engineContext(digit, lines);
  const apply = (dockerfile: string, digit: string): Promise<Stamp> =>
    driver.apply({ image: image(), files: engineFiles(dockerfile), buildArgs: { COLOUR: 'red' } }, context(digit));

  it('builds, pushes, and the registry shows the stamp', async () => {
    const stamp = await apply(ENGINE_DOCKERFILE, '1');
    expect(await driver.observe(image())).toEqual({ kind: 'known', present: true, stamp });
    const shown = await docker().getImage(nameOf()).inspect();
    expect(shown.Config.Env).toContain('COLOUR=red');
    expect(shown.Config.Cmd).toEqual(['/bin/run']);
    expect(shown.RepoTags).toEqual([nameOf()]);
  });

  it('tags an earlier build again without building', async () => {
    const first = await apply(ENGINE_DOCKERFILE, '2');
    await apply(ENGINE_DOCKERFILE, '3');
    lines = [];
    const again = await apply(ENGINE_DOCKERFILE, '2');
    expect(again).toEqual(first);
    expect(lines.some((line) => line.startsWith('Step '))).toBe(false);
  });

  it('builds on an image of its own registry that this machine has no copy of', async () => {
    const fresh = await apply(ENGINE_DOCKERFILE, '4');
    await docker().getImage(nameOf()).remove();
    const child = { ...image(), repository: 'pai-test/child' };
    const work = {
      image: child,
      buildArgs: {},
      files: engineFiles(`FROM ${nameOf()}\nLABEL on="${fresh.output}"\n`),
    };
    expect(await driver.apply(work, context('5'))).toMatchObject({ fingerprint: '5'.repeat(64) });
    await driver.clean(child, { ...context('5'), remote: true });
  });

  it.each([
    ['a file that is not there', 'FROM scratch\nCOPY nope /\n', / COPY nope \/: .*nope/],
    ['an instruction that is none', 'FROM scratch\nCPOY a b\n', /unknown instruction: CPOY/i],
  ])('does not build with %s', async (_, dockerfile, message) => {
    await expect(apply(dockerfile, '6')).rejects.toMatchObject({ code: 'IMAGE_BUILD', message, where: 'image app' });
  });

  it('does not build on an image that its own registry has not', async () => {
    await expect(apply(`FROM ${image().registry}/pai-test/never:v1\n`, '6')).rejects.toMatchObject({
      code: 'IMAGE_BUILD',
      message: expect.stringContaining('the registry has no such image'),
    });
  });

  it('pushes to no registry that refuses the password', async () => {
    const { options } = engine();
    const wrong = createImageDriver({ ...options, registry: { ...options.registry, password: 'wrong' } });
    const work = { image: image(), files: engineFiles(ENGINE_DOCKERFILE), buildArgs: {} };
    await expect(wrong.apply(work, context('7'))).rejects.toMatchObject({ code: 'REGISTRY_AUTH' });
  });

  it('removes the image from this machine and from the registry', async () => {
    await apply(ENGINE_DOCKERFILE, '8');
    await driver.clean(image(), { ...context('8'), remote: true });
    expect(await driver.observe(image())).toEqual({ kind: 'known', present: false });
    await expect(docker().getImage(nameOf()).inspect()).rejects.toMatchObject({ statusCode: 404 });
  });
}

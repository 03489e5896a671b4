import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { project } from './projects-fixture.js';

describe('what a local target runs', () => {
  it('runs again when its command, a value, a variable or a tool has changed', async () => {
    const setting = { command: 'true', level: 1, version: '1' };
    const files = project(({ target, $ }) => {
      const { command, level, version } = setting;
      target('a', {
        inputs: [],
        env: ['MODE'],
        tools: { tool: $`echo ${version}` },
        values: { level },
        run: $`${command}`,
      });
    });
    const run = async (env: Record<string, string>) => (await files.run({ env })).outcomes.a;
    expect(await run({ MODE: 'x' })).toBe('ran');
    expect(await run({ MODE: 'x', OTHER: 'y' })).toBe('fresh');
    expect(await run({ MODE: 'y' })).toBe('ran');
    expect(await run({})).toBe('ran');
    for (const change of [{ command: 'echo' }, { level: 2 }, { version: '2' }]) {
      Object.assign(setting, change);
      expect(await run({})).toBe('ran');
      expect(await run({})).toBe('fresh');
    }
  });

  it('tells a tool that can not be asked for its version', async () => {
    const files = project(({ target, $ }) => target('a', { inputs: [], tools: { tool: $`exit 3` }, run: $`true` }));
    expect((await files.run()).errors.a?.message).toBe("can't ask for the version of tool: exit 3 exited with 3");
  });

  it('quotes values of a command, and runs several until one fails', async () => {
    const files = project(({ target, $ }) => {
      target('a', {
        inputs: [],
        run: [$`echo ${"it's $HOME"} ${['x y', 2, true]} plain`, $`pwd`, $`false`, $`echo never`],
      });
    });
    const { log, errors } = await files.run();
    expect(log).toEqual(["it's $HOME x y 2 true plain", files.root]);
    expect(errors.a).toMatchObject({ code: 'LOCAL_COMMAND', message: 'false exited with 1' });
  });

  it('may be a function, which runs again when the code of the paifile has changed', async () => {
    const files = project(({ target }) => {
      target('a', {
        inputs: [],
        outputs: ['out'],
        run: async ({ $, log, root }) => {
          log(`in ${path.basename(root)}`);
          await $`echo made; echo ${'x y'} > out`;
        },
      });
    });
    const { log, errors } = await files.run({ code: '1' });
    expect(errors).toEqual({});
    expect(log).toEqual([`in ${path.basename(files.root)}`, 'made']);
    expect(files.read('out')).toBe('x y\n');
    expect((await files.run({ code: '1' })).outcomes.a).toBe('fresh');
    expect((await files.run({ code: '2' })).outcomes.a).toBe('ran');
  });

  it('tells how a command of a function failed', async () => {
    const files = project(({ target }) => target('a', { inputs: [], run: ({ $ }) => $`echo why; exit 4` }));
    const { errors } = await files.run();
    expect(errors.a).toMatchObject({
      code: 'LOCAL_COMMAND',
      message: 'a command of its function exited with 4',
      details: ['why'],
    });
  });
});

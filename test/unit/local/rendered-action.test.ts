import { readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { expect, test } from 'vitest';
import { renderedAction } from '../../../src/local/rendered-action.js';
import type { PayloadFile } from '../../../src/model/drivers.js';
import type { Action, ActionContext } from '../../../src/model/target.js';
import { contextWith, temporaryDirectory } from './helpers.js';

/** Only has files. */
function fakeAction(files: (context: ActionContext) => Promise<readonly PayloadFile[]>): Action {
  const never = () => expect.fail('nothing is looked at or applied');
  return { pools: [], observe: never, desired: never, clean: never, files };
}

const file = (at: string, content: string, more: Partial<PayloadFile> = {}): PayloadFile => ({
  path: at,
  mode: 0o644,
  content,
  ...more,
});

test('the files of several actions are written with their modes, and are fresh without a key of the cluster', async () => {
  const folder = path.join(await temporaryDirectory(), 'rendered/h1');
  const spec = {
    folder,
    actions: {
      'etcd:h1': fakeAction(async () => [file('etc/a', 'early'), file('etc/b', 'b')]),
      'master:h1': fakeAction(async () => [file('etc/a', 'late', { mode: 0o600, secret: true })]),
    },
  };
  const context = contextWith({ key: undefined });
  const stamp = await (await renderedAction(spec).desired(context)).apply(context);
  expect(await readFile(path.join(folder, 'etc/a'), 'utf8')).toBe('late');
  expect((await stat(path.join(folder, 'etc/a'))).mode & 0o777).toBe(0o600);
  expect(await readFile(path.join(folder, 'etc/b'), 'utf8')).toBe('b');
  expect(await renderedAction(spec).observe(context)).toEqual({ kind: 'known', present: true, stamp });
});

test('what is asked of keys and of other targets is a name, and each action is told its own target', async () => {
  const folder = path.join(await temporaryDirectory(), 'rendered/h1');
  const action = fakeAction(async (context) => {
    const material = await context.drivers.pki.material();
    return [file('a', `${context.target} ${context.outputs.get('image:pylon')} ${material?.get('ca.key')}`)];
  });
  const context = contextWith();
  await (await renderedAction({ folder, actions: { 'worker:h1': action } }).desired(context)).apply(context);
  expect(await readFile(path.join(folder, 'a'), 'utf8')).toBe('worker:h1 <image:pylon> <ca.key>');
});

test('an action without files adds none', async () => {
  const folder = path.join(await temporaryDirectory(), 'rendered/h1');
  const { files: _, ...none } = fakeAction(async () => []);
  expect((await renderedAction({ folder, actions: { none } }).desired(contextWith())).parts).toEqual([]);
});
